"""A line of YAML that the program writes by itself is read again, whatever stands in it."""

from __future__ import annotations

import pytest

from registry_reconciler.base.escape import unseen
from registry_reconciler.base.yaml_quotes import double_quoted
from registry_reconciler.formats.edits import Snippet, Update
from registry_reconciler.formats.frontmatter.row import FrontMatter
from registry_reconciler.formats.table import YAML
from registry_reconciler.formats.wrapped import wrapped
from registry_reconciler.model.baseline import parse_baseline, render_baseline
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Problem, Severity

TEXTS = (
    "\U0001f600",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a\x7fb\x85c\x9fd",
    "\u2028\u2029",
    "\ufeff\ufffe",
    'q"\\\n\t\r\0\x1b',
    "\ud7ff\ue000",
)


@pytest.mark.parametrize("text", TEXTS)
def test_what_stands_in_quotes_reads_back(text: str) -> None:
    assert YAML.read(f"{double_quoted(text)}: {double_quoted(text)}\n".encode()).documents == ({text: text},)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_below_a_key_of_any_letters(text: str) -> None:
    snippet = wrapped(text, Snippet((), "x", "x"))
    assert snippet is not None
    assert snippet.value == {text: "x"}


@pytest.mark.parametrize("text", TEXTS)
def test_a_baseline_is_read_again_whatever_its_addresses_are(text: str) -> None:
    known = Problem("TXT001", "t", Severity.ERROR, "m", Place("f"), f"k/{text}", (text, 1))
    (document,) = YAML.read(render_baseline([known])).documents
    baseline, faults = parse_baseline(document)
    assert not faults
    assert baseline.known == {("TXT001", f"k/{text}", (text, 1))}


@pytest.mark.parametrize("text", TEXTS[:2])
def test_lenient_front_matter_takes_names_of_any_letters(text: str) -> None:
    data = f'---\n"{text}": *x\nb: 1\n---\n'.encode()
    edit = Update(0, (text,), "*.ts")
    assert FrontMatter(lenient=True).splice(data, [edit]) == data.replace(b"*x", b"*.ts")


def test_flags_are_seen_and_other_tags_are_not() -> None:
    assert not unseen(TEXTS[1])
    assert unseen(TEXTS[1].replace("\U000e0065", "\U000e0066")).startswith("U+E0067")
    assert unseen("\U000e0041") == "U+E0041"
