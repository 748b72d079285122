"""Symbolic places to lines and columns, only for what is reported."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from registry_reconciler.formats.nodes import (
    Document,
    Member,
    Node,
    UncomposableText,
    child_index,
    merge_entry,
)
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.model.entry import FieldPath


def locate(data: bytes, places: Sequence[tuple[int, FieldPath, bool]]) -> list[tuple[int, int]]:
    """Line and column, from 1, of each ``(document, path, on_key)``; the text is composed once for all.

    A path that does not exist gives the nearest part that does. What an alias brings stands where the alias
    stands, what a merge brings at its ``<<``. A text that cannot be composed gives ``(1, 1)`` for all.
    """
    if not places:
        return []
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        documents = compose(text)
    except UncomposableText:
        return [(1, 1)] * len(places)
    starts = [0]
    for row in text.split("\n"):
        starts.append(starts[-1] + len(row) + 1)
    return [_line_column(starts, _offset(documents, *place)) for place in places]


def _line_column(starts: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(starts, offset) - 1
    return line + 1, offset - starts[line] + 1


def _offset(documents: list[Document], document: int, path: FieldPath, on_key: bool) -> int:
    if not 0 <= document < len(documents):
        return 0
    node = documents[document].root
    entry: Member | None = None
    for step in path:
        index = child_index(node, step)
        if index is None:
            merge = merge_entry(node, step) if node.kind == "map" and isinstance(step, str) else None
            # Only what exists is meant by on_key: the key of an ancestor is not the key asked for.
            return _of_entry(merge, on_key=True) if merge is not None else _of(node, entry)
        entry = node.entries[index]
        node = entry.value
    return _of_entry(entry, on_key=on_key) if entry is not None else node.start


def _of(node: Node, entry: Member | None) -> int:
    return node.start if entry is None else _of_entry(entry, on_key=False)


def _of_entry(entry: Member, *, on_key: bool) -> int:
    if entry.key is not None and (on_key or entry.value.start == entry.value.end):
        return entry.key.start
    if entry.value.start == entry.value.end:
        return entry.start
    return entry.value.start
