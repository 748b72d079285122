"""Whose a comment is, on lines that hold many entries."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.nodes import Node
from registry_reconciler.formats.yaml.row import YAML
from registry_reconciler.rules.comments import _LONG_LINE, _comments_of


def entries(text: str) -> list[Node]:
    return [entry.value for entry in YAML.compose(text)[0].root.entries]


@pytest.mark.parametrize(("count", "its_own"), [(2, True), (_LONG_LINE, False)])
def test_a_comment_behind_a_line_is_of_the_entries_near_it(count: int, its_own: bool) -> None:
    text = f"[{', '.join('{a: 1}' for _ in range(count))}] # why\n"
    first, *_, last = entries(text)
    assert _comments_of(text, first, first.start) == (["# why"] if its_own else [])
    assert _comments_of(text, last, last.start) == ["# why"]
