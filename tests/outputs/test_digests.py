"""Digests and checksums of lines: those of a text do not depend on which text was looked at before."""

from __future__ import annotations

import random
from zlib import crc32

import pytest

from registry_reconciler.outputs.memory import DIGESTS, FORMAT, Form, LineDigests

FORMS = pytest.mark.parametrize(
    "form", [Form("salt", DIGESTS), Form("salt", FORMAT)], ids=["digests", "sums"]
)
PIECES = ("a\n", "b\n", "ab\n", "\n", "a", "é", "\ud800")


@FORMS
def test_digests_are_those_of_the_lines_whatever_was_asked_before(form: Form) -> None:
    rng = random.Random(5)
    for _ in range(200):
        digests, text = LineDigests(), ""
        for _ in range(6):
            start = rng.randrange(len(text) + 1)
            stop = rng.choice((start, len(text), min(start + 2, len(text))))
            text = text[:start] + "".join(rng.choices(PIECES, k=rng.randrange(4))) + text[stop:]
            lines = [LineDigests().of(line, form) for line in text.split("\n")]
            assert digests.of(text, form).split("\n") == lines, text


def test_digests_are_those_that_the_state_of_older_versions_holds() -> None:
    assert LineDigests().of("x\ny\nx", Form("abc", DIGESTS)) == "e73zRBq+\nY8LhDWXJ\ne73zRBq+"


def test_checksums_are_those_of_the_salt_and_the_line() -> None:
    assert LineDigests().of("x\n\nÄ", Form("abc")).split("\n") == [
        f"{crc32(f'abc {line}'.encode()):08x}" for line in ("x", "", "Ä")
    ]


@FORMS
def test_digests_of_a_long_text_are_those_of_its_lines(form: Form) -> None:
    texts = ("x" * 40_000 + "\n" + "y\n" * 20_000, "long line\n" * 5_000 + "z", "\n" * 40_000)
    for text in texts:
        known = {line: LineDigests().of(line, form) for line in set(text.split("\n"))}
        assert LineDigests().of(text, form).split("\n") == [known[line] for line in text.split("\n")]
