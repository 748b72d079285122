"""Where kinds had their entries before, how these places are read, and what came back there. Pure; asks the tree.

A merge, a revert or a pick may bring a registry back at a place where no kind looks any more, or entries into it. That
is said (``KND006``): what stands there is read by programs and people, and by no plan.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.base.first_few import first_few
from registry_reconciler.formats.table import format_of
from registry_reconciler.formats.unread import UnreadNeeded
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.walk import containers, walk
from registry_reconciler.loading.catalog import may_hold_entries
from registry_reconciler.loading.registries import excluded, load_live
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.loading.state import State
from registry_reconciler.loading.state.places import KindPlace, place_of
from registry_reconciler.loading.workspace import Loaded, count_of
from registry_reconciler.model.entry import FieldPath, LiveEntry, Location, Place, same
from registry_reconciler.model.field_roles_read import parse_selector
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.kind import FilePattern, Kind, KindError, parse_at
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.planning.whole_files import is_wholly_of

_SHOWN = 5


def changed_places(state: State, kinds: Mapping[str, Kind]) -> Iterator[tuple[Kind, KindPlace]]:
    """The kinds whose schemas point elsewhere than when they were last applied, with where that was."""
    for name, before in state.places.items():
        kind = kinds.get(name)
        if kind is not None and kind.truth != "live" and not before.is_at(place_of(kind)):
            yield kind, before


def kind_at(kind: Kind, place: KindPlace) -> Kind | None:
    """A kind as it was when it had its entries at a place; ``None`` where that cannot be told."""
    try:
        former = replace(
            kind,
            layout=place.layout,
            file=FilePattern.parse(place.file),
            at=parse_at(place.at),
            format=place.format,
            **_read_as(kind, place),
        )
        LAYOUTS[former.layout]
        format_of(place.file, former)
    except (KindError, KeyError, ValueError):
        return None
    return former if may_hold_entries(former.file) else None


def _read_as(kind: Kind, before: KindPlace) -> dict[str, Any]:
    """How the texts at the old place are read, where an older program said it."""
    if not before.key:
        return {}
    if not before.keys:
        raise ValueError("a key without fields")
    return {
        "key": tuple(parse_selector(field, "key", single=True) for field in before.keys),
        "value": before.value,
        "body": before.body,
        "lenient": bool(before.lenient),
        # The text below front matter is a live field of its name.
        "live_fields": (
            *(field for field in kind.live_fields if field.text != kind.body),
            *([Selector.parse(before.body)] if before.body else []),
        ),
    }


class _Found(Struct, frozen=True):
    """What stands at one old place of a kind, and nobody reads.

    Attributes:
        files: those of the old place.
        unreadable: those of them that may have entries, each with why that is not known.
    """

    kind: Kind
    former: Kind
    entries: Sequence[LiveEntry]
    files: Mapping[str, SourceFile]
    unreadable: Mapping[str, str]


def back_at_old_places(
    loaded: Loaded, outputs: Sequence[Output], *, blocked: Collection[str] = (), whole: bool = True
) -> Iterator[Problem]:
    """KND006 for each place that a kind had and where entries stand that nobody reads, or may stand.

    Args:
        outputs: what they make at an old place is derived, and no registry.
        blocked: kinds whose entries cannot be carried: that is said with its reason.
        whole: all entries were loaded.

    Raises:
        UnreadNeeded: something stands there, and what has to be said of it is told by all entries.
    """
    for kind, place in _former_places(loaded.state, loaded.kinds):
        former = kind_at(kind, place) if kind.name not in blocked else None
        found = _found_at(loaded, kind, former, outputs) if former is not None else None
        if found is None or not (found.entries or found.unreadable):
            continue
        if not whole:
            raise UnreadNeeded("what stands at an old place is held against all entries")
        if found.entries:
            yield _entries_are_back(loaded, found, place)
        for path, why in sorted(found.unreadable.items()):
            yield _may_be_back(kind, path, why)


def _former_places(state: State, kinds: Mapping[str, Kind]) -> Iterator[tuple[Kind, KindPlace]]:
    for name in sorted({*state.former_places, *state.places}):
        kind = kinds.get(name)
        if kind is None or kind.truth == "live":
            continue
        last = state.places.get(name)
        places = [
            place for place in state.former_places.get(name, ()) if last is None or not place.is_at(last)
        ]
        if last is not None:
            if last.former and all(place.file != last.former for place in places):
                # The program that changed the place remembered no more of it.
                places.append(last._replace(file=last.former))
            places.append(last)
        now = place_of(kind)
        yield from ((kind, place) for place in dict.fromkeys(places) if not place.is_at(now))


def _found_at(loaded: Loaded, kind: Kind, former: Kind, outputs: Sequence[Output]) -> _Found:
    # What is read anyway is not read again.
    known = {
        path: source
        for path, source in loaded.live.files.items()
        if former.file.match(path) is not None and source.format.name == format_of(path, former).name
    }
    live = load_live(loaded.tree, {kind.name: former}, reader=loaded.reader, known=known)
    entries = [*live.entries.values(), *live.clashes]
    paths = {entry.place.file for entry in entries}
    read = {path: _read_in(loaded, live.files[path], outputs) for path in paths}
    unread = [
        entry
        for entry in entries
        if entry.place not in read[entry.place.file] and not _was_left_there(loaded, entry.address)
    ]
    unreadable = {
        path: "a sparse checkout hides it" if source.hidden else source.problems[0].message.rstrip(".")
        for path, source in live.files.items()
        if not source.readable and not _read_in(loaded, source, outputs).whole
    }
    return _Found(kind, former, unread, live.files, unreadable)


def _was_left_there(loaded: Loaded, address: str) -> bool:
    """Whether an entry was let go before its kind moved on without it: somebody asked for it to stay."""
    return loaded.state.was_left(address) and address not in loaded.live.entries


class _Parts(Struct):
    """The parts of a file that kinds read or outputs make, as they are now.

    Attributes:
        whole: all of it is, as far as anybody can tell.
        paths: document and path of each.
    """

    whole: bool = False
    paths: set[tuple[int, FieldPath]] = field(default_factory=set)

    def __contains__(self, place: Place) -> bool:
        """Whether an entry lies in such a part, or has one inside."""
        return self.whole or any(
            number == place.document
            and (place.path[: len(path)] == path or path[: len(place.path)] == place.path)
            for number, path in self.paths
        )


def _read_in(loaded: Loaded, source: SourceFile, outputs: Sequence[Output]) -> _Parts:
    found = _Parts()
    for kind in loaded.kinds.values():
        bound = kind.file.match(source.path)
        if bound is None or excluded(kind, source.path):
            continue
        if not source.readable or format_of(source.path, kind).name != source.format.name:
            found.whole = True
        found.paths.update((part.document, part.path) for part in containers(kind, source.documents, bound))
    for output in outputs:
        if output.file != source.path:
            continue
        found.whole |= output.whole
        for number, document in enumerate(source.documents) if output.at else ():
            found.paths.update((number, path) for path, _, _ in walk(output.steps, document, {}))
    return found


def _entries_are_back(loaded: Loaded, found: _Found, place: KindPlace) -> Problem:
    kind, now = found.kind, place_of(found.kind)
    there = loaded.live.entries
    addresses = [entry.address for entry in found.entries]
    only = [address for address in addresses if address not in there]
    other = [
        entry.address
        for entry in found.entries
        if entry.address in there and not same(there[entry.address].value, entry.value)
    ]
    paths = sorted({entry.place.file for entry in found.entries})
    apart = [f"only there: {count_of(only)}"] if only else []
    apart += [f"not as at the new place: {count_of(other)}"] if other else []
    stands = "stands" if len(addresses) == 1 else "stand"
    if not apart and all(is_wholly_of(found.former, found.files[path]) for path in paths):
        fix = f"Remove what is there twice: rm {' '.join(map(shlex.quote, paths))}"
    else:
        move = f"Move what is of use to {now.told_apart(place)}, and take" if apart else "Take"
        fix = f"{move} the entries out of {first_few(paths, _SHOWN)} by hand."
    first = found.entries[0].place
    source = found.files[first.file]
    line, column = source.format.locate(source.data or b"", [(first.document, first.path, False)])[0]
    return problem(
        "KND006",
        f"{count_of(addresses)} of the kind {kind.name!r} {stands} in {first_few(paths, _SHOWN)}, where the kind had "
        f"its entries before, in {place.told_apart(now)}. Nothing looks for them there any more: the kind has them "
        f"in {now.told_apart(place)}.{''.join(f' {part[0].upper()}{part[1:]}.' for part in apart)}",
        first,
        fix=fix,
        extra="\n".join((kind.name, *place)),
        location=Location(first.file, line, column),
    )


def _may_be_back(kind: Kind, path: str, why: str) -> Problem:
    return problem(
        "KND006",
        f"the kind {kind.name!r} had its entries in {path} before, which is there and cannot be read: {why}. Whether "
        "entries stand there is not known, and nothing looks for them there any more.",
        Place(path),
        fix="Show it (git sparse-checkout disable), or remove it from git."
        if why.startswith("a sparse")
        else f"Make it readable, or remove it: rm {shlex.quote(path)}",
        extra=kind.name,
    )
