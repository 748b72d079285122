"""Three sides of a file merged by entry and field, as a text: what every side wrote, read back and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.merging.edits import SideText
from registry_reconciler.merging.lines import Labels, joined_sides, marked
from registry_reconciler.merging.shapes import NotUnderstood, Shape, Side, Spot, with_former_names
from registry_reconciler.merging.values import (
    BEFORE,
    OURS,
    THEIRS,
    Conflict,
    Fields,
    Items,
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
        is_set: whether a list at a field of a kind is a set.
        moves: the renames that one side of a fragment says, the former name by the new one.
        comments: the comments of a text.
    """

    form: TextFormat
    shape: Callable[[bytes, tuple[Json, ...]], Shape]
    comments: Callable[[bytes], frozenset[str]]
    derived: Callable[[tuple[Json, ...]], frozenset[Spot]]
    is_set: Callable[[Kind, FieldPath], bool]
    moves: Callable[[tuple[Json, ...]], Mapping[str, str]]


class Merged(Struct, frozen=True):
    """A merged text; with conflicts it holds their marks."""

    data: bytes
    conflicts: tuple[Conflict, ...] = ()


class _Version(Struct, frozen=True):
    """The file as it is when every conflict goes one way; ``complete``: with all comments."""

    data: bytes
    results: tuple[Result, ...]
    conflicts: tuple[Conflict, ...]
    complete: bool


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
    versions = [_version(sides, structure, pick, textual) for pick in picks]
    conflicts = versions[0].conflicts
    if not conflicts:
        if not versions[0].complete:
            raise NotUnderstood("a comment would be lost")
        return Merged(versions[0].data)
    kept = structure.comments(versions[0].data) | structure.comments(versions[1].data)
    if _required(sides, structure) - kept:
        raise NotUnderstood("a comment would be lost")
    texts = [version.data.decode("utf-8") for version in versions]
    about = [_lines(structure.form, version, pick) for version, pick in zip(versions, picks, strict=True)]
    return Merged(marked(texts[0], texts[1], labels, *about).encode(), conflicts)


def _sides(texts: Sequence[bytes | None], structure: Structure) -> list[Side]:
    found = []
    for data in texts:
        read = structure.form.read(data or b"")
        if not read.readable:
            raise NotUnderstood(next(fault.message for fault in read.faults if fault.fatal))
        found.append(Side(data, read.documents, structure.shape(data or b"", read.documents)))
    count = max(len(side.documents) for side in found)
    for number, side in enumerate(found):
        if not side.documents and number != BEFORE:
            # Nobody's file, or an empty one: of no entry, and of no field.
            found[number] = Side(side.data, ({},) * count, side.shape)
        elif side.documents and len(side.documents) != count:
            raise NotUnderstood("one side has more documents than another")
    base = found[BEFORE].shape
    for number in (OURS, THEIRS):
        side = found[number]
        renamed = with_former_names(base, side.shape, structure.moves(side.documents))
        found[number] = Side(side.data, side.documents, renamed)
    return found


def _version(sides: Sequence[Side], structure: Structure, pick: Pick, textual: bytes | None) -> _Version:
    derived = [structure.derived(side.documents) for side in sides]
    merger = Merger(sides, pick, derived, structure.is_set)
    results: list[Result] = []
    for number in range(len(sides[OURS].documents)):
        spots = tuple(Spot(number, ()) if number < len(side.documents) else None for side in sides)
        result = merger.merged(spots)  # type: ignore[arg-type]
        if result is None:
            raise NotUnderstood("a document is gone")
        results.append(result)
    values = [value_of(result) for result in results]
    shape = structure.shape(sides[OURS].data or b"", tuple(values))  # nothing may stand there twice
    del shape
    conflicts = tuple(merger.conflicts)
    required = _required(sides, structure)

    def judged(data: bytes | None) -> _Version | None:
        if data is None:
            return None
        read = structure.form.read(data)
        if not read.readable or not same(list(read.documents), values):
            return None
        return _Version(data, tuple(results), conflicts, not required - structure.comments(data))

    found = judged(textual) if not conflicts else None
    if found is not None and found.complete:
        return found
    texts = [SideText(structure.form, sides, number).text(results) for number in (BEFORE, OURS, THEIRS)]
    fair: _Version | None = None
    for data in _candidates(texts, structure):
        found = judged(data)
        if found is not None and found.complete:
            return found
        fair = fair or found
    if fair is None:
        raise NotUnderstood("what is merged cannot be written")
    return fair


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


def _required(sides: Sequence[Side], structure: Structure) -> frozenset[str]:
    """The comments that the merged text has to have: what a side wrote, and what both left there."""
    before, ours, theirs = (
        structure.comments(side.data) if side.data is not None else frozenset() for side in sides
    )
    return (ours & theirs) | (ours - before) | (theirs - before)


def _lines(form: TextFormat, version: _Version, pick: Pick) -> list[tuple[int, str]]:
    """The lines of a version at which conflicts are, each with what is said of it."""
    about = {
        Origin(pick, spot): conflict.about
        for conflict in version.conflicts
        if (spot := conflict.spots[pick]) is not None
    }
    found = [
        (spot, about[result.origin])
        for number, result in enumerate(version.results)
        for spot, result in _walked(result, Spot(number, ()))
        if result.origin in about
    ]
    places = form.locate(version.data, [(spot.document, spot.path, False) for spot, _ in found])
    return [(line, text) for (line, _), (_, text) in zip(places, found, strict=True)]


def _walked(result: Result, spot: Spot) -> Iterator[tuple[Spot, Result]]:
    yield spot, result
    if isinstance(result, Fields):
        for member in result.members:
            yield from _walked(member.result, spot.at(member.name))
    elif isinstance(result, Items):
        for number, piece in enumerate(result.pieces):
            yield from _walked(piece.result, spot.at(number))
