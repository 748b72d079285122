"""Three sides of a file, merged by entry and field: what stands where, and from which side it is. Pure.

The answer is a tree of :class:`SidePart` (a part as one side has it), :class:`Fields` and :class:`MergedList`. A part
that both sides changed is a :class:`MergeConflict`, and is taken from the side that was picked: merged once for each
side, a file has two texts, which differ in the conflicts and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from registry_reconciler.merging.known import Decided
from registry_reconciler.merging.lines import chunks
from registry_reconciler.merging.order import merged_order
from registry_reconciler.merging.shapes import FileSide, Name, NamedPart, Position
from registry_reconciler.model.entry import MISSING, FieldPath, Json, Missing, canonical, same, show_path
from registry_reconciler.model.kind import Kind

BEFORE: Literal[0] = 0
OURS: Literal[1] = 1
THEIRS: Literal[2] = 2
Pick: TypeAlias = Literal[1, 2]
Positions: TypeAlias = tuple[Position | None, Position | None, Position | None]
Indexes: TypeAlias = tuple[int | None, int | None, int | None]
Names: TypeAlias = tuple[str | None, str | None, str | None]


class MergeConflict(Struct, frozen=True):
    """A part that both sides changed.

    Attributes:
        label: the entry that it is in, or "".
        path: the field.
        how: "changed on both sides", or what else happened to it.
        positions: where it stands on each side.
    """

    label: str
    path: FieldPath
    how: str
    positions: Positions

    @property
    def is_removal(self) -> bool:
        """Whether one side has not got the entry any more."""
        return not self.path and (self.positions[OURS] is None or self.positions[THEIRS] is None)

    @property
    def about(self) -> str:
        """Entry and field, for people."""
        return " ".join(part for part in (self.label, show_path(self.path)) if part) or "the whole file"


class Origin(NamedTuple):
    """Where a text may be taken from."""

    side: int
    position: Position


class SidePart(Struct, frozen=True):
    """A part as one side has it."""

    origin: Origin
    value: Json


class MergedPair(Struct, frozen=True):
    """One pair of a mapping, with its name on each side."""

    name: str
    names: Names
    result: Result


class Fields(Struct, frozen=True):
    """A mapping, put together."""

    origin: Origin
    members: tuple[MergedPair, ...]


class MergedItem(Struct, frozen=True):
    """One item of a list, with its index on each side."""

    indexes: Indexes
    result: Result


class MergedList(Struct, frozen=True):
    """A list, put together."""

    origin: Origin
    pieces: tuple[MergedItem, ...]


Result: TypeAlias = SidePart | Fields | MergedList


class MergedDocument(Struct, frozen=True):
    """One document, with its index on each side."""

    indexes: Indexes
    result: Result


def value_of(result: Result) -> Json:
    """What a part says when it is merged."""
    if isinstance(result, SidePart):
        return result.value
    if isinstance(result, Fields):
        return {member.name: value_of(member.result) for member in result.members}
    return [value_of(piece.result) for piece in result.pieces]


class About(NamedTuple):
    """Which entry a part is in, and which field of it."""

    label: str = ""
    path: FieldPath = ()
    kind: Kind | None = None

    def at(self, step: str | int) -> About:
        """A part of it."""
        return self._replace(path=(*self.path, step))


class Merger:
    """Merges the parts of three sides; see the module.

    Args:
        derived: on each side the places of values that are outputs: they are kept as ours, and made anew.
        is_set: whether a list at a field of a kind is a set: what each side added is in it.
        notes: the comments of an item of a side: who changed those changed it.
        decided: whether an entry is to be there, where a fragment decides what both sides changed of it. Then a field
            is as ours, and the next apply makes it what the fragment says.
    """

    def __init__(
        self,
        sides: Sequence[FileSide],
        pick: Pick,
        derived: Sequence[frozenset[Position]],
        is_set: Callable[[Kind, FieldPath], bool],
        notes: Callable[[int, Position], object],
        decided: Decided,
    ) -> None:
        self.decided = decided
        self.sides = sides
        self.notes = notes
        self.pick = pick
        self.derived = derived
        self.edited: Callable[[], frozenset[Position]] = frozenset
        """Of those, what somebody edited by hand on their side alone: that is kept. It takes long to know."""
        self.is_set = is_set
        self.conflicts: list[MergeConflict] = []

    def merged(self, positions: Positions, about: About = About()) -> Result | None:  # noqa: B008
        """A part of the file; ``None``: it is not there any more."""
        before, ours, theirs = values = self._values(positions)
        home = self._home(positions)
        if home is not None and not any(isinstance(value, str | int | float) for value in values):
            return self._entries(home, positions)
        about = self._entry_at(positions) or about
        if same_part(ours, theirs):
            return self._whole(OURS, positions)
        if any(position in places for position, places in zip(positions, self.derived, strict=True)):
            takes_theirs = same_part(before, ours) or ours is MISSING
            if not takes_theirs and not same_part(before, theirs):
                takes_theirs = positions[THEIRS] in self.edited()
            chosen = THEIRS if takes_theirs else OURS
            return self._whole(chosen, positions)
        if isinstance(ours, dict) and isinstance(theirs, dict) and isinstance(before, dict | Missing):
            return self._fields(positions, about)
        if same_part(before, ours):
            return self._whole(THEIRS, positions)
        if same_part(before, theirs):
            return self._whole(OURS, positions)
        if isinstance(ours, list) and isinstance(theirs, list):
            merged = self._list(positions, about)
            if merged is not None:
                return merged
        return self._conflict(positions, about)

    def _values(self, positions: Positions) -> tuple[Json, Json, Json]:
        before, ours, theirs = (
            side.value(position) for side, position in zip(self.sides, positions, strict=True)
        )
        return before, ours, theirs

    def _home(self, positions: Positions) -> Name | None:
        for side, position in zip(self.sides, positions, strict=True):
            if position is not None and position in side.shape.homes:
                return side.shape.homes[position]
        return None

    def _entry_at(self, positions: Positions) -> About | None:
        for side, position in zip(self.sides, positions, strict=True):
            if position is not None and position in side.shape.heads:
                item = side.shape.heads[position]
                return About(item.label, (), item.kind)
        return None

    def _whole(self, side: int, positions: Positions) -> SidePart | None:
        position = positions[side]
        value = self.sides[side].value(position)
        return None if position is None or value is MISSING else SidePart(Origin(side, position), value)

    def _conflict(self, positions: Positions, about: About) -> SidePart | None:
        _, ours, theirs = self._values(positions)
        if self.decided(about.label) is not None:
            return self._whole(OURS, positions)
        how = "changed on both sides"
        if ours is MISSING or theirs is MISSING:
            how = "removed on one side, and changed on the other"
        self.conflicts.append(MergeConflict(about.label, about.path, how, positions))
        return self._whole(self.pick, positions)

    # Mappings

    def _fields(self, positions: Positions, about: About) -> Fields:
        known = [list(value) if isinstance(value, dict) else [] for value in self._values(positions)]
        members = []
        for name in merged_order(*known):
            inner = tuple(
                position.at(name) if position is not None and name in keys else None
                for position, keys in zip(positions, known, strict=True)
            )
            result = self.merged(inner, about.at(name))  # type: ignore[arg-type]
            if result is not None:
                names = tuple(name if position is not None else None for position in inner)
                members.append(MergedPair(name, names, result))  # type: ignore[arg-type]
        return Fields(self._origin(positions), tuple(members))

    def _origin(self, positions: Positions) -> Origin:
        for side in (OURS, THEIRS, BEFORE):
            position = positions[side]
            if position is not None and self.sides[side].value(position) is not MISSING:
                return Origin(side, position)
        raise AssertionError("a part that no side has")

    # Entries

    def _entries(self, home: Name, positions: Positions) -> Result | None:
        shapes = [side.shape for side in self.sides]
        known = [shape.inside(home) for shape in shapes]
        kept = []
        for name in merged_order(*known):
            items = tuple(shape.items.get(name) for shape in shapes)
            if self._target(items, home) != home:
                continue
            result = self._entry(items)
            if result is not None:
                kept.append((items, result))
        values = self._values(positions)
        if not kept and not isinstance(values[OURS], list | dict):
            return self._whole(OURS, positions)
        if any(isinstance(value, dict) for value in values):
            return Fields(self._origin(positions), tuple(self._pair(home, *pair) for pair in kept))
        pieces = tuple(
            MergedItem(tuple(_index(item, home) for item in items), result)  # type: ignore[arg-type]
            for items, result in kept
        )
        return MergedList(self._origin(positions), pieces)

    def _target(self, items: Sequence[NamedPart | None], home: Name) -> Name | None:
        """The list that an entry stands in afterwards; ``None``: in none. A conflict is noted in one of them only."""
        before, ours, theirs = (item.home if item is not None else None for item in items)
        if ours is not None and theirs is not None:
            if ours == theirs or before == theirs:
                return ours
            return theirs if before == ours else (ours if self.pick == OURS else theirs)
        there = items[OURS] or items[THEIRS]
        if before is None:
            return ours or theirs
        if there is None or self._unchanged(items[BEFORE], there, OURS if ours else THEIRS):
            return None
        wanted = self.decided(there.label)
        if wanted is not None:
            return there.home if wanted else None
        if home == there.home:
            self._note_removed(items)
        return there.home if (self.pick == OURS) == (ours is not None) else None

    def _unchanged(self, before: NamedPart | None, there: NamedPart, side: int) -> bool:
        if before is None or before.home != there.home or before.label != there.label:
            return False
        if not same_part(self.sides[BEFORE].value(before.position), self.sides[side].value(there.position)):
            return False
        return self.notes(BEFORE, before.position) == self.notes(side, there.position)

    def _note_removed(self, items: Sequence[NamedPart | None]) -> None:
        positions = tuple(item.position if item is not None else None for item in items)
        label = next(item.label for item in items if item is not None)
        how = "removed on one side, and changed on the other"
        self.conflicts.append(MergeConflict(label, (), how, positions))  # type: ignore[arg-type]

    def _entry(self, items: Sequence[NamedPart | None]) -> Result | None:
        there = [item for item in items if item is not None]
        about = About(there[-1].label, (), there[0].kind)
        positions: Positions = tuple(item.position if item is not None else None for item in items)  # type: ignore[assignment]
        inner = next((item.inner for item in there if item.inner), ())
        if positions[OURS] is None or positions[THEIRS] is None:
            return self._whole(OURS if positions[OURS] is not None else THEIRS, positions)
        if not inner:
            return self.merged(positions, about)
        # An item with one key, under which the fields stand.
        names: Names = tuple(str(item.inner[0]) if item is not None else None for item in items)  # type: ignore[assignment]
        below = tuple(item.position.at(*item.inner) if item is not None else None for item in items)
        result = self.merged(below, about)  # type: ignore[arg-type]
        if result is None:
            return None
        return Fields(self._origin(positions), (MergedPair(self._name(names, items), names, result),))

    def _name(self, names: Names, items: Sequence[NamedPart | None]) -> str:
        """The name of a pair that sides may have renamed."""
        before, ours, theirs = names
        if ours is None or theirs is None:
            return ours or theirs or ""
        if ours == theirs or before == theirs:
            return ours
        if before == ours:
            return theirs
        positions = tuple(item.position if item is not None else None for item in items)
        label = next(item.label for item in items if item is not None)
        self.conflicts.append(MergeConflict(label, (), "renamed on both sides", positions))  # type: ignore[arg-type]
        return ours if self.pick == OURS else theirs

    def _pair(self, home: Name, items: Sequence[NamedPart | None], result: Result) -> MergedPair:
        everywhere: Names = tuple(str(item.position.path[-1]) if item is not None else None for item in items)  # type: ignore[assignment]
        here: Names = tuple(
            name if item is not None and item.home == home else None
            for item, name in zip(items, everywhere, strict=True)
        )  # type: ignore[assignment]
        return MergedPair(self._name(everywhere, items), here, result)

    # Other lists

    def _list(self, positions: Positions, about: About) -> MergedList | None:
        values = [value if isinstance(value, list) else [] for value in self._values(positions)]
        texts = [[canonical(item) for item in value] for value in values]
        known_set = about.kind is not None and self.is_set(about.kind, about.path)
        if known_set and all(len(set(text)) == len(text) for text in texts):
            return self._set(positions, texts)
        if not isinstance(self.sides[BEFORE].value(positions[BEFORE]), list):
            return None
        pieces: list[MergedItem] = []
        for chunk in chunks(*texts):
            spans = (chunk.before, chunk.ours, chunk.theirs)
            if chunk.source == "both":
                piece = self._one_item(positions, spans, about)
                if piece is None:
                    return None
                pieces.append(piece)
                continue
            side = THEIRS if chunk.source == "theirs" else OURS
            together = len({high - low for low, high in spans}) == 1 and chunk.source == "nobody"
            for at in range(*spans[side]):
                offset = at - spans[side][0]
                indexes = [
                    span[0] + offset if together or number == side else None
                    for number, span in enumerate(spans)
                ]
                if chunk.source == "alike":
                    indexes[THEIRS] = spans[THEIRS][0] + offset
                position = positions[side]
                assert position is not None
                result = SidePart(Origin(side, position.at(at)), self.sides[side].value(position.at(at)))
                pieces.append(MergedItem((indexes[0], indexes[1], indexes[2]), result))
        return MergedList(self._origin(positions), tuple(pieces))

    def _one_item(
        self, positions: Positions, spans: Sequence[tuple[int, int]], about: About
    ) -> MergedItem | None:
        """A mapping in a list that both sides changed in place."""
        if any(high - low != 1 for low, high in spans):
            return None
        inner = tuple(
            position.at(span[0]) if position is not None else None
            for position, span in zip(positions, spans, strict=True)
        )
        if not all(isinstance(value, dict) for value in self._values(inner)):  # type: ignore[arg-type]
            return None
        result = self.merged(inner, about.at(spans[OURS][0]))  # type: ignore[arg-type]
        return None if result is None else MergedItem((spans[0][0], spans[1][0], spans[2][0]), result)

    def _set(self, positions: Positions, texts: Sequence[Sequence[str]]) -> MergedList:
        before, ours, theirs = places = [{text: at for at, text in enumerate(side)} for side in texts]
        pieces = []
        for text in merged_order(*texts):
            if text in before and not (text in ours and text in theirs):
                continue
            if text not in ours and text not in theirs:
                continue
            indexes = [side.get(text) for side in places]
            side = OURS if indexes[OURS] is not None else THEIRS
            position = positions[side]
            assert position is not None
            place = position.at(indexes[side])  # type: ignore[arg-type]
            result = SidePart(Origin(side, place), self.sides[side].value(place))
            pieces.append(MergedItem((indexes[0], indexes[1], indexes[2]), result))
        return MergedList(self._origin(positions), tuple(pieces))


def same_part(left: Json | Missing, right: Json | Missing) -> bool:
    """Whether two parts are equal, where one may be missing."""
    if left is MISSING or right is MISSING:
        return left is right
    return same(left, right)


def _index(item: NamedPart | None, home: Name) -> int | None:
    if item is None or item.home != home:
        return None
    step = item.position.path[-1]
    return step if isinstance(step, int) else None
