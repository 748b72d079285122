"""Fields of fragments that hold entries of a kind which came later.

Who adopts a plugin before skills are a kind has the skills in its declaration. Once they are declared by themselves,
the field goes from there: where the registry says the same as the field, and has its comments, so that nothing that
waits or stands nowhere else is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from msgspec import Struct

from registry_reconciler.editing.fragment_edit import Drafts
from registry_reconciler.formats.notes import all_rows, notes_of
from registry_reconciler.layouts.walk import Nesting, strip_nested
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import MISSING, DesiredEntry, FieldPath, Json, LiveEntry, Place, same


class TakenOut(Struct, frozen=True):
    """Fields that a declaration has no more."""

    address: str
    fields: tuple[str, ...]
    fragment: str


class _Outer(Struct):
    """A declaration with such fields, what it is without them, and the entries inside."""

    entry: DesiredEntry
    live: LiveEntry
    left: dict[str, Json]
    fields: tuple[str, ...]
    inside: list[LiveEntry]


def take_out(loaded: Loaded, drafts: Drafts, asked: Set[str], chosen: Set[str]) -> tuple[TakenOut, ...]:
    """Take such fields out of the fragments, where everything in them is declared by itself.

    Args:
        asked: the addresses that are meant: of the outer entry, or of one inside it.
        chosen: those that are declared with these drafts.
    """
    declared = {*chosen, *(entry.address for entry in loaded.fragments.entries)}
    ready = [
        outer
        for outer in _outers(loaded)
        if all(
            inner.address in declared or loaded.kinds[inner.kind].truth == "live" for inner in outer.inside
        )
        and not asked.isdisjoint((outer.entry.address, *(inner.address for inner in outer.inside)))
    ]
    here = _comments(loaded.fragments.files, [(outer.entry.place, outer.fields) for outer in ready])
    with_comments = [
        (outer.live.place, outer.fields) for outer, rows in zip(ready, here, strict=True) if rows
    ]
    there = iter(_comments(loaded.live.files, with_comments))
    found: list[TakenOut] = []
    for outer, rows in zip(ready, here, strict=True):
        if rows and not rows <= next(there):
            continue
        entry = outer.entry
        drafts.put(loaded.kinds[entry.kind], outer.left)
        found.append(TakenOut(entry.address, outer.fields, entry.place.file))
    return tuple(found)


def _comments(
    files: Mapping[str, SourceFile], asked: Sequence[tuple[Place, tuple[str, ...]]]
) -> list[set[str]]:
    """The comments at some fields of each of some entries; the structure of each file is read once."""
    found: list[set[str]] = [set() for _ in asked]
    by_file: dict[str, list[int]] = {}
    for number, (place, _) in enumerate(asked):
        by_file.setdefault(place.file, []).append(number)
    for path, numbers in by_file.items():
        source = files[path]
        places = [(asked[number][0].document, asked[number][0].path) for number in numbers]
        snippets = source.format.extract(source.data or b"", places, source.sections)
        for number, snippet in zip(numbers, snippets, strict=True):
            notes = notes_of(snippet.text)
            fields = asked[number][1]
            found[number] = set(all_rows({path: notes[path] for path in notes if path and path[0] in fields}))
    return found


def _outers(loaded: Loaded) -> Iterator[_Outer]:
    nesting = Nesting(loaded.kinds)
    by_place: dict[tuple[str, int, FieldPath], _Outer] = {}
    inner_kinds: set[str] = set()
    for entry in loaded.fragments.entries:
        kind, live = loaded.kinds[entry.kind], loaded.live.entries.get(entry.address)
        steps = nesting.steps(kind)
        left = strip_nested(entry.value, steps)
        if live is None or same(left, entry.value):
            continue
        fields = tuple(name for name in entry.value if not same(left.get(name, MISSING), entry.value[name]))
        there = loaded.live.files[live.place.file].value(live.place.document, live.place.path)
        if isinstance(there, dict) and all(
            same(there.get(name, MISSING), entry.value[name]) for name in fields
        ):
            outer = _Outer(entry, live, left, fields, [])
            by_place[live.place.file, live.place.document, live.place.path] = outer
            inner_kinds.update(inner.name for inner, _ in nesting.inside(kind))
    if not by_place:
        return
    for inner in loaded.live.entries.values():
        if inner.kind in inner_kinds:
            place = inner.place
            for size in range(len(place.path)):
                around = by_place.get((place.file, place.document, place.path[:size]))
                if around is not None and around.entry.kind != inner.kind:
                    around.inside.append(inner)
    yield from by_place.values()
