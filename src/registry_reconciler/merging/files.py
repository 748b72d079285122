"""Which way a file is merged, by what it is: state, output, fragment, registry, or none of these. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.comments import comments_in
from registry_reconciler.formats.table import format_named, format_of, new_reader
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.history_conflicts import both_lines
from registry_reconciler.loading.state.files import SUFFIX as STATE_SUFFIX
from registry_reconciler.merging.known import (
    KindsAndOutputs,
    by_people,
    is_fragment,
    is_set,
    moves_in,
    no_renames,
)
from registry_reconciler.merging.lines import Labels, marked, merged_rows
from registry_reconciler.merging.shapes import (
    HandedOn,
    NotUnderstood,
    Position,
    SideParts,
    fragment_shape,
    kinds_of,
    registry_shape,
)
from registry_reconciler.merging.state import merge_state
from registry_reconciler.merging.structured import Merged, Structure, merge_structured
from registry_reconciler.model.config import HISTORY_BEFORE_PATH, HISTORY_FOLDER, STATE_FOLDER
from registry_reconciler.model.entry import Json, same
from registry_reconciler.model.kind import Kind
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.memory import FOLDER as MEMORY_FOLDER
from registry_reconciler.outputs.memory import parse as parse_account
from registry_reconciler.outputs.regions import Region, find_regions
from registry_reconciler.outputs.targets import NoOutputPlace, place_of


class MergedFile(Struct, frozen=True):
    """What becomes of a file.

    Attributes:
        content: its bytes, with marks around what is open; ``None``: it goes.
        conflicts: what is open, for people: an entry and its field.
    """

    content: bytes | None
    conflicts: tuple[str, ...] = ()


def merge_file(
    path: str,
    before: bytes | None,
    ours: bytes | None,
    theirs: bytes | None,
    known: KindsAndOutputs,
    labels: Labels,
) -> MergedFile | None:
    """Merge one file; ``None``: it is not understood, and git's own merge stands.

    Args:
        path: from the root of the workspace.
        before, ours, theirs: the three sides; ``None`` where a side does not have it.
    """
    if ours == theirs or before == theirs:
        return MergedFile(ours)
    if before == ours:
        return MergedFile(theirs)
    if path == HISTORY_BEFORE_PATH or path.startswith((f"{STATE_FOLDER}/", f"{HISTORY_FOLDER}/")):
        return _own(path, before, ours, theirs, known)
    outputs = known.outputs_in(path)
    if any(output.whole for output in outputs):
        if ours is None or theirs is None:
            return MergedFile(ours if ours is not None else theirs)
        merged = _clean(before, ours, theirs)
        if merged is None:
            merged = theirs if any(map(known.is_edited, outputs)) else ours
        return MergedFile(merged)
    kinds = kinds_of(known.kinds, path)
    try:
        if is_fragment(path) or kinds or any(output.at for output in outputs):
            return _structured(path, before, ours, theirs, known, labels)
        if outputs and ours is not None and theirs is not None:
            return _with_regions(path, before, ours, theirs, known, labels)
    except HandedOn as fault:
        if any(map(_is_one_entry, kinds)) and known.decided(fault.label):
            return MergedFile(ours)
        return _with_both(ours, theirs, fault, labels)
    except NotUnderstood:
        pass
    return None


def _with_both(
    ours: bytes | None, theirs: bytes | None, fault: HandedOn, labels: Labels
) -> MergedFile | None:
    """Both sides, with marks where they differ: git would merge the lines of one entry into those of another."""
    try:
        texts = [(data or b"").decode("utf-8") for data in (ours, theirs)]
    except UnicodeDecodeError:
        return None
    return MergedFile(marked(texts[0], texts[1], labels).encode(), (str(fault),))


def _own(
    path: str, before: bytes | None, ours: bytes | None, theirs: bytes | None, known: KindsAndOutputs
) -> MergedFile | None:
    """What registry remembers. One apply is as the side has it that has it."""
    if ours is None or theirs is None:
        kept = ours if ours is not None else theirs
        return MergedFile(kept if before is None or path.startswith(f"{HISTORY_FOLDER}/") else None)
    if path.endswith(STATE_SUFFIX):
        merged = merge_state(path, before, ours, theirs)
        return None if merged is None else MergedFile(merged)
    if path.startswith(f"{MEMORY_FOLDER}/"):
        return MergedFile(_remembered(path, before, ours, theirs, known))
    if path == HISTORY_BEFORE_PATH:
        return MergedFile(both_lines(ours, theirs))
    return MergedFile(ours) if path.startswith(f"{HISTORY_FOLDER}/") else None


def _remembered(path: str, before: bytes | None, ours: bytes, theirs: bytes, known: KindsAndOutputs) -> bytes:
    """What is remembered of an output, merged as its text is: else it would look as if somebody had edited it."""
    sides = [None if data is None else parse_account(path, data) for data in (before, ours, theirs)]
    _, mine, its = sides
    if mine is None or its is None or (mine.id, mine.form) != (its.id, its.form):
        return ours
    of_value = any(output.at for output in known.outputs if output.id == mine.id)
    base = sides[0].lines if sides[0] is not None and sides[0].form == mine.form else ""
    lines = _derived_part(base, mine.lines, its.lines, in_one_piece=of_value)
    moved = its.where and (sides[0] is None or sides[0].where != its.where)
    return (replace(mine, where=its.where) if moved else mine).with_lines(lines)


def _derived_part(before: str, ours: str, theirs: str, *, in_one_piece: bool) -> str:
    """A text that is derived: what only one side changed is taken; where it is open it is ours, and made anew later.

    Args:
        in_one_piece: it has no lines that could be of one side and of the other.
    """
    if ours == before or theirs == before or in_one_piece:
        return theirs if ours == before else ours
    merged, conflicts = merged_rows(before, ours, theirs, Labels())
    return ours if conflicts else merged


# Fragments, registries, structured files with an output in them


def _structured(
    path: str,
    before: bytes | None,
    ours: bytes | None,
    theirs: bytes | None,
    known: KindsAndOutputs,
    labels: Labels,
) -> MergedFile:
    kinds = [] if is_fragment(path) else kinds_of(known.kinds, path)
    form = format_of(path, kinds[0]) if kinds else format_named(path)
    there = ours if ours is not None else theirs
    if (ours is None or theirs is None) and there is not None and any(map(_is_one_entry, kinds)):
        return _removed_or_not(path, before, there, known, form)
    if not form.several_entries:
        return _front_matter(path, before, ours, theirs, known, labels, form)
    structure = _structure(path, form, known)
    merged = merge_structured(before, ours, theirs, structure, labels, _clean(before, ours, theirs))
    gone = not merged.conflicts and (ours is None or theirs is None) and _says_nothing(merged, form)
    return MergedFile(None if gone else merged.data, tuple(_sentences(merged)))


def _is_one_entry(kind: Kind) -> bool:
    """Whether a file of a kind is one entry: it comes and goes with its file."""
    layout = LAYOUTS[kind.layout]
    return not layout.depth and not layout.documents


def _removed_or_not(
    path: str, before: bytes | None, there: bytes, known: KindsAndOutputs, form: TextFormat
) -> MergedFile:
    """The file of one entry, which one side removed, and the other added, changed or gave another name."""
    if before is None:
        return MergedFile(there)
    structure = _structure(path, form, known)
    bodies = []
    for data in (before, there):
        parts = form.apart(data)
        read = form.read(data, structure.reader)
        if parts is None or not read.readable:
            raise NotUnderstood("it cannot be read")
        bodies.append((read.documents, frozenset(comments_in(parts[0], form)), parts[1]))
    labels = [item.label for item in structure.shape(there, bodies[1][0]).heads.values()]
    if len(labels) != 1:
        raise NotUnderstood("it is not one entry")
    (was, *old), (now, *new) = bodies
    if old == new and same(list(was), list(now)):
        return MergedFile(None)
    decided = known.decided(labels[0])
    if decided is None:
        # As git does it: the text is left as it is, and people say whether it stays.
        return MergedFile(there, (f"{labels[0]}: removed on one side, and changed on the other",))
    return MergedFile(there if decided else None)


def _sentences(merged: Merged) -> list[str]:
    return [f"{conflict.about}: {conflict.how}" for conflict in merged.conflicts]


def _says_nothing(merged: Merged, form: TextFormat) -> bool:
    return not any(form.read(merged.data).documents)


def _structure(path: str, form: TextFormat, known: KindsAndOutputs) -> Structure:
    derived = [output for output in known.outputs_in(path) if output.at]

    def shape(data: bytes, documents: tuple[Json, ...]) -> SideParts:
        if is_fragment(path):
            return fragment_shape(known.kinds, documents)
        return registry_shape(known.kinds, path, data, documents, form)

    def edited(documents: tuple[Json, ...]) -> frozenset[Position]:
        return places(documents, [output for output in derived if known.is_edited(output)])

    def places(documents: tuple[Json, ...], outputs: Sequence[Output] = derived) -> frozenset[Position]:
        found = set()
        for output in outputs:
            try:
                found.add(Position(*place_of(documents, output)))
            except NoOutputPlace:
                continue
        return frozenset(found)

    return Structure(
        form,
        shape,
        places,
        edited,
        is_set,
        moves_in if is_fragment(path) else _no_moves,
        by_people if is_fragment(path) else known.decided,
        not is_fragment(path) and any(LAYOUTS[kind.layout].documents for kind in kinds_of(known.kinds, path)),
        new_reader(),
        no_renames if is_fragment(path) else known.renames,
    )


def _no_moves(_documents: tuple[Json, ...]) -> dict[str, str]:
    """A registry says of no entry what it was called."""
    return {}


def _clean(before: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None:
    """What a merge by lines gives where it meets no conflict."""
    if before is None or ours is None or theirs is None:
        return None
    try:
        texts = [data.decode("utf-8") for data in (before, ours, theirs)]
    except UnicodeDecodeError:
        return None
    text, conflicts = merged_rows(texts[0], texts[1], texts[2], Labels())
    return None if conflicts else text.encode()


def _front_matter(
    path: str,
    before: bytes | None,
    ours: bytes | None,
    theirs: bytes | None,
    known: KindsAndOutputs,
    labels: Labels,
    form: TextFormat,
) -> MergedFile:
    """The block by field, the text below it by line."""
    if ours is None or theirs is None:
        raise NotUnderstood("one side removed it")
    heads, rests = [], []
    for data in (before, ours, theirs):
        parts = None if data is None else form.apart(data)
        if parts is None and data is not None:
            raise NotUnderstood("it has no front matter")
        head, body = parts or (None, b"")
        heads.append(head)
        rests.append(body.decode("utf-8", "surrogateescape"))
    structure = _structure(path, form, known)
    merged = merge_structured(heads[0], heads[1], heads[2], structure, labels, _clean(*heads))
    rest, conflicts = merged_rows(rests[0], rests[1], rests[2], labels)
    sentences = _sentences(merged)
    if conflicts:
        sentences.append(f"the text below the front matter: {conflicts} places changed on both sides")
    return MergedFile(merged.data + rest.encode("utf-8", "surrogateescape"), tuple(sentences))


# Texts with regions


def _with_regions(
    path: str, before: bytes | None, ours: bytes, theirs: bytes, known: KindsAndOutputs, labels: Labels
) -> MergedFile:
    """A text by line; what is open between the marks of an output is as ours has it, and made anew later."""
    try:
        texts = [(data or b"").decode("utf-8") for data in (before, ours, theirs)]
    except UnicodeDecodeError as error:
        raise NotUnderstood("it is no UTF-8") from error
    named = {output.region: output for output in known.outputs_in(path) if output.region}
    regions = [find_regions(path, text)[0] for text in texts]
    parts = {}
    for name, output in named.items():
        found = [known_regions.get(name) for known_regions in regions]
        inner = [
            "" if region is None else text[region.start : region.end]
            for region, text in zip(found, texts, strict=True)
        ]
        if found[1] is not None and found[2] is not None and found[1].inline == found[2].inline:
            parts[name] = _derived_part(inner[0], inner[1], inner[2], in_one_piece=found[1].inline)
            if parts[name] == inner[1] and inner[2] not in (inner[0], inner[1]) and known.is_edited(output):
                parts[name] = inner[2]
    evened = [
        _with_parts(text, known_regions, parts) for text, known_regions in zip(texts, regions, strict=True)
    ]
    merged, conflicts = merged_rows(evened[0], evened[1], evened[2], labels)
    if conflicts and before is None:
        raise NotUnderstood("both sides added it")
    places = "place" if conflicts == 1 else "places"
    return MergedFile(
        merged.encode(),
        (f"{conflicts} {places} outside of outputs changed on both sides",) if conflicts else (),
    )


def _with_parts(text: str, regions: Mapping[str, Region], parts: Mapping[str, str]) -> str:
    """A text in which the regions of outputs hold what they are to hold."""
    for region in sorted(regions.values(), key=lambda region: -region.start):
        if region.id in parts:
            text = text[: region.start] + parts[region.id] + text[region.end :]
    return text


def fits(path: str, data: bytes, known: KindsAndOutputs) -> bool:
    """Whether a fragment or a registry can be read, and holds each entry once. Of any other file this is true."""
    kinds = [] if is_fragment(path) else kinds_of(known.kinds, path)
    if not kinds and not is_fragment(path):
        return True
    form = format_of(path, kinds[0]) if kinds else format_named(path)
    read = form.read(data)
    if not read.readable:
        return False
    try:
        _structure(path, form, known).shape(data, read.documents)
    except NotUnderstood:
        return False
    return True
