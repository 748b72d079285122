"""An entry that one side renamed and let go, and the other changed.

Who keeps it, under its former name, keeps no line of ``moved`` that says that it is called otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from registry_reconciler.merging.shapes import FileSide, Position
from registry_reconciler.merging.values import (
    Fields,
    MergeConflict,
    MergedDocument,
    MergedItem,
    MergedList,
    MergedPair,
    Pick,
    Result,
    SidePart,
    value_of,
)
from registry_reconciler.model.entry import Json, canonical

_NAME = "moved"


def without_spent_moves(
    parts: Sequence[MergedDocument],
    moves: Mapping[str, str],
    conflicts: Sequence[MergeConflict],
    pick: Pick,
    sides: Sequence[FileSide],
) -> list[MergedDocument]:
    """The parts of a fragment without the lines of ``moved`` whose entry is kept under its former name.

    Args:
        moves: the former names by the new ones, as the merged fragment says them.
        pick: the side that each conflict goes to.
    """
    kept = {each.label for each in conflicts if each.is_removal and each.positions[pick] is not None}
    there = {item.label for side in sides for item in side.shape.items.values()} if kept else set()
    gone = {new for new, former in moves.items() if former in kept and new not in there}
    return [_without(part, gone, sides) for part in parts] if gone else list(parts)


def _without(part: MergedDocument, gone: Collection[str], sides: Sequence[FileSide]) -> MergedDocument:
    result = part.result
    if not isinstance(result, Fields):
        return part
    members: list[MergedPair] = []
    for member in result.members:
        if member.name != _NAME:
            members.append(member)
            continue
        pieces = [piece for piece in _pieces(part, member, sides) if not _says(piece, gone)]
        if pieces:
            origin = member.result.origin
            members.append(replace(member, result=MergedList(origin, tuple(pieces))))
    return replace(part, result=replace(result, members=tuple(members)))


def _pieces(part: MergedDocument, member: MergedPair, sides: Sequence[FileSide]) -> Sequence[MergedItem]:
    """The lines of ``moved``, each with its index on each side."""
    result = member.result
    if isinstance(result, MergedList):
        return result.pieces
    if not isinstance(result, SidePart) or not isinstance(result.value, list):
        return ()
    texts = [_texts(side, index) for side, index in zip(sides, part.indexes, strict=True)]
    origin = result.origin
    found = []
    for at, item in enumerate(result.value):
        text = canonical(item)
        indexes = [known.index(text) if text in known else None for known in texts]
        indexes[origin.side] = at
        place = origin._replace(position=origin.position.at(at))
        found.append(MergedItem((indexes[0], indexes[1], indexes[2]), SidePart(place, item)))
    return found


def _texts(side: FileSide, index: int | None) -> list[str]:
    document: Json = side.documents[index] if index is not None and index < len(side.documents) else None
    lines = document.get(_NAME) if isinstance(document, dict) else None
    return [canonical(line) for line in lines] if isinstance(lines, list) else []


def _says(piece: MergedItem, gone: Collection[str]) -> bool:
    value = value_of(piece.result)
    new = value.get("to") if isinstance(value, dict) else None
    return isinstance(new, str) and new in gone


def lines_about(position: Position, result: Result, names: Collection[str]) -> list[tuple[Position, str]]:
    """The lines of ``moved`` in a part that say of some entries that they are called otherwise, with the entry."""
    if not names or position.path[:1] != (_NAME,) or not isinstance(result, SidePart):
        return []
    lines = [(position, result.value)]
    if isinstance(result.value, list):
        lines = [(position.at(number), line) for number, line in enumerate(result.value)]
    found = ((place, line.get("from")) for place, line in lines if isinstance(line, dict))
    return [(place, former) for place, former in found if isinstance(former, str) and former in names]
