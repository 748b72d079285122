"""Fields of fragments that hold entries of a kind which came later.

Who adopts a plugin before skills are a kind has the skills in its declaration. Once they are declared by themselves,
the field goes from there: where the registry says the same as the field, and has its comments, so that nothing that
waits or stands nowhere else is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

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
    found: list[TakenOut] = []
    for outer in _outers(loaded):
        entry = outer.entry
        alone = all(one.address in declared or loaded.kinds[one.kind].truth == "live" for one in outer.inside)
        if not alone or asked.isdisjoint((entry.address, *(one.address for one in outer.inside))):
            continue
        drafts.put(loaded.kinds[entry.kind], outer.left)
        found.append(TakenOut(entry.address, outer.fields, entry.place.file))
    return tuple(found)


def _comments(source: SourceFile, place: Place, fields: tuple[str, ...]) -> set[str]:
    """Those that stand at some fields of an entry."""
    if source.data is None:
        return set()
    (snippet,) = source.format.extract(source.data, [(place.document, place.path)], source.sections)
    return set(
        all_rows(
            {path: note for path, note in notes_of(snippet.text).items() if path[:1] and path[0] in fields}
        )
    )


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
        registry = loaded.live.files[live.place.file]
        there = registry.value(live.place.document, live.place.path)
        if (
            isinstance(there, dict)
            and all(same(there.get(name, MISSING), entry.value[name]) for name in fields)
            and _comments(loaded.fragments.files[entry.place.file], entry.place, fields)
            <= _comments(registry, live.place, fields)
        ):
            by_place[live.place.file, live.place.document, live.place.path] = _Outer(entry, left, fields, [])
            inner_kinds.update(inner.name for inner, _ in nesting.inside(kind))
    if not by_place:
        return
    for inner in loaded.live.entries.values():
        if inner.kind in inner_kinds:
            place = inner.place
            for size in range(len(place.path)):
                outer = by_place.get((place.file, place.document, place.path[:size]))
                if outer is not None and outer.entry.kind != inner.kind:
                    outer.inside.append(inner)
    yield from by_place.values()
