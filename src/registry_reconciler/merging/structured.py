"""Three sides of a file merged by entry and field, as a text: what every side wrote, read back and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.formats.base import Reader, Sections, TextFormat
from registry_reconciler.formats.comments import comments_in
from registry_reconciler.formats.edits import SpliceError
from registry_reconciler.formats.table import YAML
from registry_reconciler.merging.comments import Comments
from registry_reconciler.merging.edits import SideText
from registry_reconciler.merging.former_names import with_former_names
from registry_reconciler.merging.known import Decided, FormerNames, no_renames
from registry_reconciler.merging.lines import Labels, joined_sides, marked, with_looks_of
from registry_reconciler.merging.order import merged_order
from registry_reconciler.merging.shapes import (
    FileSide,
    HandedOn,
    NamedPart,
    NotUnderstood,
    Position,
    SideParts,
)
from registry_reconciler.merging.spent_moves import lines_about, without_spent_moves
from registry_reconciler.merging.values import (
    BEFORE,
    OURS,
    THEIRS,
    Fields,
    Indexes,
    MergeConflict,
    MergedDocument,
    MergedList,
    Merger,
    Origin,
    Pick,
    Result,
    value_of,
)
from registry_reconciler.model.entry import FieldPath, Json, same
from registry_reconciler.model.kind import Kind


class Structure(Struct, frozen=True):
    """How a file is to be understood.

    Attributes:
        shape: names the parts of one side: its text and its documents.
        derived: the places of values that are outputs, on one side.
        edited: of those, what somebody edited by hand on their side alone.
        is_set: whether a list at a field of a kind is a set.
        by_document: each document is an entry, and comes and goes by itself.
        decided: whether an entry is to be there, where a fragment decides what both sides changed of it.
        moves: the renames that one side of a fragment says, the former name by the new one.
        renames: what fragments say of the entries of a registry, asked only where it matters.
        reader: reads the sides and what is made of them: they share much of their text.
    """

    form: TextFormat
    shape: Callable[[bytes, tuple[Json, ...]], SideParts]
    derived: Callable[[tuple[Json, ...]], frozenset[Position]]
    edited: Callable[[tuple[Json, ...]], frozenset[Position]]
    is_set: Callable[[Kind, FieldPath], bool]
    moves: Callable[[tuple[Json, ...]], Mapping[str, str]]
    decided: Decided
    by_document: bool = False
    reader: Reader | None = None
    renames: Callable[[], FormerNames] = no_renames


class Merged(Struct, frozen=True):
    """A merged text; with conflicts it holds their marks."""

    data: bytes
    conflicts: tuple[MergeConflict, ...] = ()


class _Version(Struct, frozen=True):
    """The file as it is when every conflict goes one way; ``complete``: with all comments."""

    data: bytes
    parts: tuple[MergedDocument, ...]
    conflicts: tuple[MergeConflict, ...]
    complete: bool
    sections: Sections = ()


def merge_structured(
    before: bytes | None,
    ours: bytes | None,
    theirs: bytes | None,
    structure: Structure,
    labels: Labels,
    textual: bytes | None,
) -> Merged:
    """Merge three sides.

    Args:
        before, ours, theirs: ``None`` where a side does not have the file.
        textual: what git makes of them where it finds no conflict: it is taken if it says what is to be said.

    Raises:
        NotUnderstood: it cannot be done so.
    """
    sides = _sides((before, ours, theirs), structure)
    picks: tuple[Pick, Pick] = (OURS, THEIRS)
    notes = _Notes(sides, structure.form).of
    comments = Comments(
        [None if side.data is None else (side.data, side.sections) for side in sides], structure.form
    )
    first = _version(sides, structure, OURS, textual, notes, comments)
    conflicts = first.conflicts
    if not conflicts:
        if not first.complete:
            raise NotUnderstood("a comment would be lost")
        return Merged(first.data)
    versions = [first, _version(sides, structure, THEIRS, textual, notes, comments)]
    if not comments.are_kept([(version.data, version.sections) for version in versions]):
        raise NotUnderstood("a comment would be lost")
    about = [_lines(structure.form, version, pick) for version, pick in zip(versions, picks, strict=True)]
    alike = _looking_alike(first, versions[1], about, structure)
    if alike is not None and comments.are_kept([(side.data, side.sections) for side in (first, alike)]):
        versions[1], about[1] = alike, _lines(structure.form, alike, THEIRS)
    texts = [version.data.decode("utf-8") for version in versions]
    return Merged(marked(texts[0], texts[1], labels, *about).encode(), conflicts)


def _looking_alike(
    first: _Version, second: _Version, about: Sequence[Sequence[tuple[int, str]]], structure: Structure
) -> _Version | None:
    """The second version, written as the first where nothing is in conflict: quotes and blank lines are no conflict.

    ``None`` where it would say something else then.
    """
    data = with_looks_of(first.data.decode("utf-8"), second.data.decode("utf-8"), *about).encode()
    read = structure.form.read(data, structure.reader)
    if not read.readable or not same(list(read.documents), [value_of(part.result) for part in second.parts]):
        return None
    return replace(second, data=data, sections=read.sections)


class _Notes:
    """The comments of items that a side does not have, looked up once for all of them."""

    def __init__(self, sides: Sequence[FileSide], form: TextFormat) -> None:
        self._sides = sides
        self._form = form
        self._known: dict[int, dict[Position, object]] = {}

    def of(self, number: int, position: Position) -> object:
        """What stands in the comments of one."""
        if number not in self._known:
            self._known[number] = self._looked_up(self._sides[number])
        return self._known[number].get(position)

    def _looked_up(self, side: FileSide) -> dict[Position, object]:
        # Nobody asks about an item that all sides have.
        positions = [
            item.position
            for name, item in side.shape.items.items()
            if item.position.path and not all(name in other.shape.items for other in self._sides)
        ]
        if side.data is None or not positions:
            return {}
        try:
            found = self._form.extract(
                side.data, [(position.document, position.path) for position in positions], side.sections
            )
        except SpliceError:
            return {}
        return {
            position: (snippet.comments, frozenset(comments_in(snippet.text.encode(), YAML)))
            for position, snippet in zip(positions, found, strict=True)
        }


def _sides(texts: Sequence[bytes | None], structure: Structure) -> list[FileSide]:
    found = []
    for data in texts:
        read = structure.form.read(data or b"", structure.reader)
        if not read.readable:
            raise NotUnderstood(next(fault.message for fault in read.faults if fault.fatal))
        shape = structure.shape(data or b"", read.documents)
        found.append(FileSide(data, read.documents, shape, read.sections))
    count = max(len(side.documents) for side in found)
    for number, side in enumerate(found):
        if structure.by_document:
            continue
        if not side.documents and number != BEFORE:
            # Nobody's file, or an empty one: of no entry, and of no field.
            found[number] = FileSide(side.data, ({},) * count, side.shape, side.sections)
        elif side.documents and len(side.documents) != count:
            raise NotUnderstood("one side has more documents than another")
    return _by_former_names(found, structure)


def _by_former_names(found: Sequence[FileSide], structure: Structure) -> list[FileSide]:
    """The sides with their entries called as the base calls them.

    Raises:
        HandedOn: that cannot be told of an entry that both sides changed.
    """
    base, ours, theirs = found
    earlier, mine, its = (structure.moves(side.documents) for side in found)
    changed = [_changed(base.shape.items, side.shape.items) for side in (ours, theirs)]
    heads = [{item.label: item for item in side.shape.heads.values()} for side in found]
    open_heads = _changed(heads[BEFORE], heads[OURS]) & _changed(heads[BEFORE], heads[THEIRS])
    if changed[0] & changed[1] or open_heads:
        common, of_ours, of_theirs = structure.renames()
        one_side = {*of_ours.items(), *of_theirs.items()} - set(common.items())
        for name in sorted(open_heads & {name for pair in one_side for name in pair}):
            raise HandedOn(name)
        earlier, mine, its = {**common, **earlier}, {**of_ours, **mine}, {**of_theirs, **its}
    sides = [base]
    for side, moves, changed_there in ((ours, mine, changed[1]), (theirs, its, changed[0])):
        named = with_former_names(base.shape, side.shape, moves, earlier)
        sides.append(replace(side, shape=named.shape))
        for name in sorted(named.unsure & changed_there):
            raise HandedOn(base.shape.items[name].label)
    return sides


def _changed(before: Mapping[str, NamedPart], after: Mapping[str, NamedPart]) -> set[str]:
    """The entries that a side has not got as they were."""
    return {
        name for name, item in before.items() if name not in after or not same(item.body, after[name].body)
    }


def _version(
    sides: Sequence[FileSide],
    structure: Structure,
    pick: Pick,
    textual: bytes | None,
    notes: Callable[[int, Position], object],
    comments: Comments,
) -> _Version:
    derived = [structure.derived(side.documents) for side in sides]
    merger = Merger(sides, pick, derived, structure.is_set, notes, structure.decided)
    merger.edited = lambda: structure.edited(sides[THEIRS].documents)
    parts: list[MergedDocument] = []
    for indexes in _documents(sides, structure):
        positions = tuple(Position(index, ()) if index is not None else None for index in indexes)
        result = merger.merged(positions)  # type: ignore[arg-type]
        if result is not None:
            parts.append(MergedDocument(indexes, result))
        elif not structure.by_document:
            raise NotUnderstood("a document is gone")
    values = [value_of(part.result) for part in parts]
    if merger.conflicts and (moves := structure.moves(tuple(values))):
        parts = without_spent_moves(parts, moves, merger.conflicts, pick, sides)
        values = [value_of(part.result) for part in parts]
    structure.shape(sides[OURS].data or b"", tuple(values))  # nothing may stand there twice
    conflicts = tuple(merger.conflicts)

    def judged(data: bytes | None) -> _Version | None:
        if data is None:
            return None
        read = structure.form.read(data, structure.reader)
        if not read.readable or not same(list(read.documents), values):
            return None
        complete = comments.are_kept([(data, read.sections)])
        return _Version(data, tuple(parts), conflicts, complete, read.sections)

    found = judged(textual) if not conflicts else None
    if found is not None and found.complete:
        return found
    texts = [SideText(structure.form, sides, number).text(parts) for number in (BEFORE, OURS, THEIRS)]
    fair: _Version | None = None
    for data in _candidates(texts, structure):
        found = judged(data)
        if found is not None and found.complete:
            return found
        fair = fair or found
    if fair is None:
        raise NotUnderstood("what is merged cannot be written")
    return fair


def _documents(sides: Sequence[FileSide], structure: Structure) -> list[Indexes]:
    """The documents that belong together, as the index of each on each side."""
    if not structure.by_document:
        return [
            (number if number < len(sides[BEFORE].documents) else None, number, number)
            for number in range(len(sides[OURS].documents))
        ]
    known: list[dict[str, int]] = []
    for side in sides:
        heads = {
            position.document: item.identity
            for position, item in side.shape.heads.items()
            if not position.path
        }
        if set(heads) != set(range(len(side.documents))):
            raise NotUnderstood("a document is no entry")
        known.append({heads[number]: number for number in range(len(side.documents))})
    return [
        (known[BEFORE].get(name), known[OURS].get(name), known[THEIRS].get(name))
        for name in merged_order(*(list(names) for names in known))
    ]


def _candidates(texts: Sequence[bytes | None], structure: Structure) -> list[bytes | None]:
    """The texts that may be the answer, the best first."""
    before, ours, theirs = (data.decode("utf-8") if data is not None else None for data in texts)
    found: list[bytes | None] = []
    comment = structure.form.comment
    if ours is not None and theirs is not None:
        opening = comment.opening if comment is not None else ""
        bases = [before] if before is not None else []
        bases.append(_in_common(ours, theirs))
        found += [joined_sides(base, ours, theirs, opening).encode() for base in bases]
    return [*found, texts[OURS], texts[THEIRS]]


def _in_common(ours: str, theirs: str) -> str:
    from registry_reconciler.base.sequences import common
    from registry_reconciler.merging.lines import rows_of

    rows = rows_of(ours)
    return "".join(rows[at] for at, _ in common(rows, rows_of(theirs)))


def _lines(form: TextFormat, version: _Version, pick: Pick) -> list[tuple[int, str]]:
    """The lines of a version at which conflicts are, each with what is said of it."""
    about = {
        Origin(pick, position): conflict.about
        for conflict in version.conflicts
        if (position := conflict.positions[pick]) is not None
    }
    removed = {conflict.label for conflict in version.conflicts if conflict.is_removal}
    found: list[tuple[Position, str]] = []
    for number, part in enumerate(version.parts):
        for position, result in _walked(part.result, Position(number, ())):
            if result.origin in about:
                found.append((position, about[result.origin]))
            found += lines_about(position, result, removed)
    places = form.locate(version.data, [(position.document, position.path, False) for position, _ in found])
    return [(line, text) for (line, _), (_, text) in zip(places, found, strict=True)]


def _walked(result: Result, position: Position) -> Iterator[tuple[Position, Result]]:
    yield position, result
    if isinstance(result, Fields):
        for member in result.members:
            yield from _walked(member.result, position.at(member.name))
    elif isinstance(result, MergedList):
        for number, piece in enumerate(result.pieces):
            yield from _walked(piece.result, position.at(number))
