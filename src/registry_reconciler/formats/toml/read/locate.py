"""Symbolic places to lines and columns, only for what is reported."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from registry_reconciler.formats.base import PlaceQuery
from registry_reconciler.formats.nodes import UncomposableText
from registry_reconciler.formats.toml.read.tree import offset_of, tree_of


def locate(data: bytes, places: Sequence[PlaceQuery]) -> list[tuple[int, int]]:
    """Line and column, from 1, of each ``(document, path, on_key)``; the nearest part that is there, of those not."""
    if not places:
        return []
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        tree = tree_of(text)
    except UncomposableText:
        return [(1, 1)] * len(places)
    starts = [0]
    for row in text.split("\n"):
        starts.append(starts[-1] + len(row) + 1)
    found: list[tuple[int, int]] = []
    for _, path, on_key in places:
        offset = offset_of(tree, path, on_key=on_key)
        line = bisect_right(starts, offset) - 1
        found.append((line + 1, offset - starts[line] + 1))
    return found
