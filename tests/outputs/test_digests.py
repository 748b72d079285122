"""Digests of lines: those of a text do not depend on which text was looked at before."""

from __future__ import annotations

import random

from registry_reconciler.outputs.memory import LineDigests

PIECES = ("a\n", "b\n", "ab\n", "\n", "a", "é", "\ud800")


def test_digests_are_those_of_the_lines_whatever_was_asked_before() -> None:
    rng = random.Random(5)
    for _ in range(200):
        digests, text = LineDigests(), ""
        for _ in range(6):
            start = rng.randrange(len(text) + 1)
            stop = rng.choice((start, len(text), min(start + 2, len(text))))
            text = text[:start] + "".join(rng.choices(PIECES, k=rng.randrange(4))) + text[stop:]
            lines = [LineDigests().of(line, "salt") for line in text.split("\n")]
            assert digests.of(text, "salt").split("\n") == lines, text


def test_digests_are_those_that_the_state_of_older_versions_holds() -> None:
    assert LineDigests().of("x\ny\nx", "abc") == "e73zRBq+\nY8LhDWXJ\ne73zRBq+"


def test_digests_of_a_long_text_are_those_of_its_lines() -> None:
    texts = ("x" * 40_000 + "\n" + "y\n" * 20_000, "long line\n" * 5_000 + "z", "\n" * 40_000)
    for text in texts:
        known = {line: LineDigests().of(line, "salt") for line in set(text.split("\n"))}
        assert LineDigests().of(text, "salt").split("\n") == [known[line] for line in text.split("\n")]
