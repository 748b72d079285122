"""Where the entries of a kind go: from a logical value to file, document, container and the text that is written.

The inverse of :mod:`registry_reconciler.loading.registries`. Pure but for asking the tree which file names are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from registry_reconciler.files.names import remedy
from registry_reconciler.files.registry_paths import registry_path_fault
from registry_reconciler.files.tree import Tree
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import Container
from registry_reconciler.layouts.dead_end import DeadEnd, dead_end
from registry_reconciler.layouts.walk import containers, reattached
from registry_reconciler.loading.registries import excluded
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.config import fragment_of_file
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry
from registry_reconciler.model.fields import Selector, with_value, without
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.structural import CODES


class PlacementError(Exception):
    """An entry cannot be placed: the code of the problem, what is wrong, and how to mend it."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        assert code in CODES
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix


class Target(Struct, frozen=True):
    """Where a new entry goes.

    Attributes:
        path: the container's steps in its document.
        exists: the file is there (perhaps empty).
        carried: the placeholders that the entry's text says itself.
    """

    file: str
    document: int
    path: FieldPath
    exists: bool
    carried: frozenset[str]


_HINTS = 20
"""So many names that are not there get a did-you-mean, of each place: each looks through all that are there."""


def no_such_place(what: str, name: str, near: str | None, file: str) -> PlacementError:
    """What an entry is to be put into is not there; ``near`` is what may be meant."""
    from registry_reconciler.base.suggest import meant

    return PlacementError(
        "WRT003",
        f"There is no {what} {name!r}.{meant(near)}",
        f"Correct it, or add the {what} {name!r} in {file} too (in the same fragment is fine).",
    )


def raw_value(kind: Kind, value: dict[str, Json], carried: frozenset[str]) -> dict[str, Json]:
    """The text's part of a logical value: without what only the place says."""
    for name in LAYOUTS[kind.layout].placed_fields(kind):
        value = without(value, Selector.parse(name).path)
    for name in kind.placeholders:
        if name not in carried:
            value = without(value, Selector.parse(name).path)
    return value


def restore_unmanaged(
    raw: dict[str, Json], there: Json, entry: LiveEntry, nested: Sequence[Sequence[Step]]
) -> dict[str, Json]:
    """``raw`` with what a logical value leaves out: live fields, and containers of other kinds inside the entry."""
    for path, part in entry.live_only:
        raw = with_value(raw, path, part)
    for steps in nested:
        raw = reattached(raw, there, steps)
    return raw


def relocates(kind: Kind, entry: LiveEntry, after: Mapping[str, Json]) -> bool:
    """Whether a new value puts the entry somewhere else."""
    for name, bound in entry.bound:
        selector = Selector.parse(name)
        new = selector.get(after)
        if name in entry.carried:
            old = selector.get(entry.value)
            in_path = LAYOUTS[kind.layout].one_a_file and name in kind.file.placeholders
            if in_path and new is not None and str(new) != str(old):
                return True
        elif new is None or str(new) != bound:
            return True
    row = LAYOUTS[kind.layout]
    slot = row.slot(kind, after)
    return slot is not None and slot.around(entry.place.path) != row.item_path(entry.place.path)[:-1]


class PlacementLookups:
    """What is looked up in a file for each new entry, remembered as long as the file is what it was."""

    def __init__(self) -> None:
        self._containers: dict[tuple[str, str], tuple[SourceFile, dict[_Bound, Container]]] = {}
        self._items: dict[tuple[int, str], tuple[list[Json], dict[str, int]]] = {}
        self._ends: dict[tuple[str, str], tuple[SourceFile, DeadEnd | None]] = {}
        self._no_way: dict[str, DeadEnd | None] = {}
        self._open: dict[str, dict[_Bound, list[tuple[str, int, FieldPath]]]] = {}
        self._called: dict[str, list[str]] | None = None
        self._near: dict[object, dict[str, str | None]] = {}
        self.path_values: dict[str, dict[str, frozenset[str]]] = {}
        self._faults: dict[str, tuple[Tree, str | None]] = {}

    def called_like(self, fragment: str, sources: Mapping[str, SourceFile]) -> Sequence[str]:
        """The registry files that a fragment is called like."""
        if self._called is None:
            self._called = {}
            for path in sources:
                self._called.setdefault(fragment_of_file(path), []).append(path)
        return self._called.get(fragment, ())

    def fault(self, path: str, tree: Tree) -> str | None:
        """Why a file may not be made at a path: many new entries may be the first of one."""
        known = self._faults.get(path)
        if known is None or known[0] is not tree:
            known = self._faults[path] = (tree, registry_path_fault(path, tree))
        return known[1]

    def open_places(
        self, kind: Kind, sources: Mapping[str, SourceFile], bound: Mapping[str, str]
    ) -> Sequence[tuple[str, int, FieldPath]]:
        """The containers of a kind, in all files, whose places say what the placeholders do: file, document, path."""
        known = self._open.get(kind.name)
        if known is None:
            known = self._open[kind.name] = {}
            for path, source in sorted(sources.items()):
                names = None if excluded(kind, path) else kind.file.match(path)
                for container in containers(kind, source.documents, names) if names is not None else ():
                    here = (path, container.document, container.path)
                    known.setdefault(frozenset(container.bound.items()), []).append(here)
        given = next(iter(known), frozenset())
        return known.get(frozenset((name, bound.get(name, "")) for name, _ in given), ())

    def near(self, where: object, name: str, known: Callable[[], Iterable[str]]) -> str | None:
        """What a name that is not there may be a slip of; ``known`` gives what there is."""
        hints = self._near.setdefault(where, {})
        if name not in hints:
            from registry_reconciler.base.suggest import closest

            looked = len(hints) < _HINTS
            hints[name] = closest(name, sorted(set(known()))) if looked else None
        return hints[name]

    def files_change(self) -> None:
        """Forget what was looked up in all files."""
        self._open.clear()
        self._no_way.clear()
        self._called = None

    def container(self, kind: Kind, source: SourceFile, bound: Mapping[str, str]) -> Container | None:
        """The first container of a kind in a file whose steps say what the placeholders do."""
        known = self._containers.get((source.path, kind.name))
        if known is None or known[0] is not source:
            found: dict[_Bound, Container] = {}
            for container in containers(kind, source.documents, {}):
                found.setdefault(frozenset(container.bound.items()), container)
            known = self._containers[(source.path, kind.name)] = (source, found)
        # The steps to a kind's containers all bind the same names.
        names = next((entry.bound for entry in known[1].values()), {})
        return known[1].get(frozenset((name, bound.get(name, "")) for name in names))

    def end(self, kind: Kind, source: SourceFile) -> DeadEnd | None:
        """Where the steps of a kind end in a file."""
        known = self._ends.get((source.path, kind.name))
        if known is None or known[0] is not source:
            known = self._ends[(source.path, kind.name)] = (source, dead_end(kind, source.documents))
        return known[1]

    def end_in_all(self, kind: Kind, sources: Mapping[str, SourceFile]) -> DeadEnd | None:
        """Where the steps of a kind end in all its files."""
        if kind.name not in self._no_way:
            documents = (document for source in _of_kind(kind, sources) for document in source.documents)
            self._no_way[kind.name] = dead_end(kind, documents)
        return self._no_way[kind.name]

    def item(self, items: list[Json], by: str, wanted: str | None) -> int | None:
        """The first item of a list whose field ``by`` says something."""
        known = self._items.get((id(items), by))
        if known is None:
            found: dict[str, int] = {}
            for index, item in enumerate(items):
                if isinstance(item, dict):
                    found.setdefault(str(item.get(by)), index)
            # The list is kept too, so that its id stays its own.
            known = self._items[id(items), by] = (items, found)
        return None if wanted is None else known[1].get(wanted)


_Bound = frozenset[tuple[str, str]]


def find_target(
    kind: Kind,
    value: dict[str, Json],
    sources: Mapping[str, SourceFile],
    carried: frozenset[str],
    tree: Tree,
    lookups: PlacementLookups,
    fragment: str = "",
) -> Target:
    """Where a new entry of a kind goes.

    Args:
        fragment: what declares it; where the kind leaves the file open, the fragment's own place says which.
        sources: the registry files as they are at this moment.
        carried: the placeholders that texts say, as :func:`carried_by` tells.
        lookups: remembers what was looked up for other entries.

    Raises:
        PlacementError: the place is open, unsafe, or needs something that is not there.
    """
    bound = _bound(kind, value)
    require_text(kind, value, carried)
    named = (
        _file_of_fragment(kind, bound, fragment, lookups.called_like(fragment, sources))
        if kind.file.open
        else None
    )
    if kind.open and (named is None or (named in sources and not LAYOUTS[kind.layout].one_a_file)):
        return _only_target(kind, bound, sources, carried, lookups, named)
    path = kind.file.fill(bound) if named is None else named
    if excluded(kind, path):
        raise PlacementError(
            "WRT003",
            f"its file would be {path!r}, which the kind's 'exclude' takes out.",
            _other_path(kind),
        )
    source = sources.get(path)
    if source is None:
        fault = lookups.fault(path, tree)
        if fault is not None:
            raise PlacementError(
                "WRT004",
                f"its file would be {path!r}, but {fault}.",
                remedy(fault, _other_path(kind)),
            )
        return Target(path, 0, _path_in(kind, None, bound, path, lookups), False, carried)
    matching = lookups.container(kind, source, bound)
    if matching is not None:
        return Target(path, matching.document, matching.path, True, carried)
    end = lookups.end(kind, source)
    if end is not None and end.impassable:
        raise PlacementError(
            "WRT003",
            f"its place is not there: in {path} {end.what}.",
            end.fix(kind) or "Correct the kind's 'at'.",
        )
    document = _document_for(kind, source)
    content = source.documents[document] if source.documents else None
    return Target(path, document, _path_in(kind, content, bound, path, lookups), True, carried)


def _other_path(kind: Kind) -> str:
    """How an entry gets to another file."""
    if kind.file.placeholders:
        return "Choose other values for its placeholders."
    return f"Move away what is there, or name another file in 'file' of the schema of {kind.name}."


def _bound(kind: Kind, value: Mapping[str, Json]) -> dict[str, str]:
    bound: dict[str, str] = {}
    for name in kind.placeholders:
        part = Selector.parse(name).get(value)
        if isinstance(part, bool) or not isinstance(part, str | int) or part == "":
            raise PlacementError(
                "WRT003",
                f"its place needs the field {name!r} as text or a whole number.",
                f"Give the entry its {name}.",
            )
        text = str(part)
        if name in kind.file.placeholders and ("/" in text or text in (".", "..")):
            raise PlacementError(
                "WRT004",
                f"{name} is {text!r} which would name another folder.",
                f"Choose another {name}.",
            )
        bound[name] = text
    return bound


def require_text(kind: Kind, value: Mapping[str, Json], carried: frozenset[str]) -> None:
    """What only the place of an entry says is text; a number would never read back as the number that it was.

    Raises:
        PlacementError: it is a number.
    """
    for name in (*kind.placeholders, *LAYOUTS[kind.layout].placed_fields(kind)):
        part = Selector.parse(name).get(value)
        if name not in carried and isinstance(part, int):
            raise PlacementError(
                "WRT003",
                f"{name} is the number {part}, but the place of the entry says it, and what a place says is text.",
                f"Write {name}: '{part}' in the fragment.",
            )


def carried_by(kind: Kind, entries: Iterable[LiveEntry]) -> frozenset[str]:
    """Which placeholders the text of a new entry says: as its neighbours do.

    Without neighbours a placeholder of the path is said (a file should tell what it holds), one of a step inside the
    file is not (the structure around the entry says it already).
    """
    open_names = frozenset(kind.placeholders).difference(LAYOUTS[kind.layout].placed_fields(kind))
    carried: frozenset[str] = frozenset()
    alone = True
    for entry in entries if open_names else ():
        alone = False
        carried |= open_names & entry.carried
        if carried == open_names:
            break
    return open_names.intersection(kind.file.placeholders) if alone else carried


def _file_of_fragment(
    kind: Kind, bound: Mapping[str, str], fragment: str, alike: Sequence[str]
) -> str | None:
    """The registry file that the place of a fragment names: ``desired/rosdep/python.yaml`` → ``rosdep/python.yaml``.

    It may be one that is not there yet, if steps inside files do not leave the place open too.
    """

    def fits(path: str) -> bool:
        names = None if excluded(kind, path) else kind.file.match(path)
        return names is not None and all(bound.get(name) == text for name, text in names.items())

    there = [path for path in alike if fits(path)]
    if there:
        return there[0] if len(there) == 1 else None
    new = fragment.partition("/")[2]
    opens = any(step.kind == "any" for step in kind.at)
    return new if new and not opens and fits(new) else None


def _only_target(
    kind: Kind,
    bound: Mapping[str, str],
    sources: Mapping[str, SourceFile],
    carried: frozenset[str],
    lookups: PlacementLookups,
    named: str | None,
) -> Target:
    found = () if LAYOUTS[kind.layout].one_a_file else lookups.open_places(kind, sources, bound)
    if named is not None:
        found = [position for position in found if position[0] == named]
    if LAYOUTS[kind.layout].documents:
        found = list({position[0]: position for position in reversed(found)}.values())
    if len(found) == 1:
        file, document, steps = found[0]
        return Target(file, document, steps, True, carried)
    where = ", ".join(f"{file} at {'.'.join(map(str, steps)) or 'its top'}" for file, _, steps in found[:5])
    if found:
        file = found[0][0]
        raise PlacementError(
            "WRT003",
            f"its place is not determined ({kind.file.text}): {len(found)} places are possible: {where}.",
            f"Declare it in the fragment that is called like its file ({fragment_of_file(file)} for {file}), "
            "create it by hand where it belongs and adopt it, or name one place in the schema file.",
        )
    end = lookups.end_in_all(kind, sources) if named is None else lookups.end(kind, sources[named])
    raise PlacementError(
        "WRT003",
        f"its place is not determined ({kind.file.text}): no place is known{f': {end.what}' if end else ''}.",
        (end.fix(kind) if end else "")
        or "Create the entry by hand where it belongs and adopt it, or name one place in the schema file.",
    )


def _of_kind(kind: Kind, sources: Mapping[str, SourceFile]) -> list[SourceFile]:
    """The files of a kind."""
    return [
        source
        for path, source in sorted(sources.items())
        if kind.file.match(path) is not None and not excluded(kind, path)
    ]


def _document_for(kind: Kind, source: SourceFile) -> int:
    """The document that already has most of the way to the container; the first one otherwise."""
    best, score = 0, -1
    for index, document in enumerate(source.documents):
        depth = 0
        value = document
        for step in kind.at:
            if isinstance(value, dict) and step.name in value and step.kind in ("name", "item"):
                value = value[step.name]
                depth += 1
            else:
                break
        usable = document is None or isinstance(document, dict)
        if usable and depth > score:
            best, score = index, depth
    return best


def _path_in(
    kind: Kind, document: Json, bound: Mapping[str, str], file: str, lookups: PlacementLookups
) -> FieldPath:
    path: list[str | int] = []
    value = document
    for step in kind.at:
        if step.kind == "item":
            items = value.get(step.name) if isinstance(value, dict) else None
            given = bound.get(step.binds) if step.binds else step.literal
            index = lookups.item(items, step.by, given) if isinstance(items, list) else None
            if index is None:
                wanted = bound.get(step.binds, step.literal or "")
                near = lookups.near((file, tuple(path)), wanted, partial(_names_of, items, step.by))
                raise no_such_place(
                    step.binds or f"item of {step.name!r} with the {step.by}", wanted, near, file
                )
            path += [step.name, index]
            value = items[index] if items else None
            continue
        name = bound[step.name] if step.kind == "placeholder" else step.name
        path.append(name)
        value = value.get(name) if isinstance(value, dict) else None
    return tuple(path)


def _names_of(items: Json, by: str) -> list[str]:
    """What the items of a list say in the field that tells them apart."""
    listed = items if isinstance(items, list) else []
    return [str(item.get(by)) for item in listed if isinstance(item, dict)]
