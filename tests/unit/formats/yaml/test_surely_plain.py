"""Many texts that stand plain at first sight: what is looked at as a whole says what each alone says."""

from __future__ import annotations

import pytest
import yaml

from registry_reconciler.formats.yaml.edit.emit import dump
from registry_reconciler.formats.yaml.read.scalars import are_surely_plain, is_plain_safe

LONG = ["skills/pdf", "./skills/docx", "Reads PDF files", "a b c d e", "under_score-1.2"]
OTHERS = [
    "yes",
    "1e10000",
    "e1234567",
    ".hidden-file",
    "trailing blank ",
    " leading blank",
    "two  blanks in it",
    "a: mapping",
    "name #comment",
    "- an item",
    "1234567.89",
    "ünïcode letters",
    "line one\nline two",
    "tab\tin the text",
    "",
]


def test_texts_of_usual_letters_are() -> None:
    """Each alone, and all at once."""
    assert all(is_plain_safe(text, flow=False) for text in LONG)
    assert are_surely_plain(LONG)


@pytest.mark.parametrize("other", OTHERS)
def test_one_other_text_among_them_is_seen(other: str) -> None:
    """Wherever it stands."""
    assert not are_surely_plain([*LONG, other])
    assert not are_surely_plain([other, *LONG])
    assert not are_surely_plain([other])


@pytest.mark.parametrize(
    ("text", "plain"),
    [("-x", True), ("--x", True), ("--x=1", True), ("--", False), ("---x", False), ("-- x", False), ("--x: y", False)],
)  # fmt: skip
def test_an_option_of_a_command_needs_no_quotes(text: str, plain: bool) -> None:
    assert is_plain_safe(text, flow=False) is is_plain_safe(text, flow=True) is plain
    assert yaml.safe_load(dump({"args": [text]})) == {"args": [text]}
