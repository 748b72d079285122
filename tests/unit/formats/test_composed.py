"""Trees that were made a moment ago are given again, and only so many are kept."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.composed import Recent, composed
from registry_reconciler.formats.nodes import UncomposableText
from registry_reconciler.formats.table import FORMATS, YAML, relaxed


def test_a_text_is_composed_once_and_per_format() -> None:
    assert composed(YAML, "a: 1  # once\n") is composed(YAML, "a: 1  # once\n")
    assert composed(YAML, "[1]") is not composed(FORMATS["json"], "[1]")


def test_a_format_that_reads_more_is_another_one() -> None:
    strict = FORMATS["frontmatter"]
    more = relaxed(strict)
    assert more is not None
    text = "---\nglobs: *.ts\n---\n"
    assert composed(more[1], text)
    with pytest.raises(UncomposableText):
        composed(strict, text)


def test_what_cannot_be_read_is_said_each_time() -> None:
    for _ in range(2):
        with pytest.raises(UncomposableText):
            composed(YAML, "a: [\n")


def test_what_is_kept_is_bounded_and_what_was_asked_for_last_stays() -> None:
    recent: Recent[object] = Recent(most=100)
    made: list[str] = []

    def get(text: str) -> None:
        recent.get("yaml", text, lambda: made.append(text))

    for number in range(50):
        get(f"{number:010}")
        get("always used")
    assert made.count("always used") == 1
    assert recent.length <= 100
    get("x" * 60)
    get("x" * 60)
    assert made.count("x" * 60) == 2, "longer than half of all is not kept"
    recent.forget()
    assert recent.length == 0
