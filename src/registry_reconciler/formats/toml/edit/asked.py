"""What edits ask of the parts of a TOML text, and which statements stand together."""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.formats.edits import Insert
from registry_reconciler.formats.notes import NO_NOTES, Note, Notes, notes_of
from registry_reconciler.formats.toml.read.tree import Item
from registry_reconciler.model.entry import FieldPath, Json


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers as stretches without a gap."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] >= number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def are_tables(value: Json) -> bool:
    """Whether it is a list of tables."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def index_in(edit: Insert, item: Item) -> int:
    """Before which item something new goes."""
    return len(item.items) if edit.index is None else max(0, min(edit.index, len(item.items)))


def is_simple(where: FieldPath) -> bool:
    """Whether a path leads to an item, or nowhere."""
    return not where or isinstance(where[0], int)


def comments_of(edit: Insert) -> Notes:
    """The comments of what comes."""
    if edit.snippet is None:
        return NO_NOTES
    return {**notes_of(edit.snippet.text), (): Note(edit.snippet.comments)}
