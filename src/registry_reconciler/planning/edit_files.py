"""Changes → new bytes of the registry files, in memory. The only caller of the splicer.

Every new text is parsed again and held against what the changes promise: the entries of the file one by one, and
everything that stands beside them. A file that does not pass is a blocking problem, and none of it is written.

Kinds may nest (a list of skills inside each plugin). Then one file is edited in several rounds: deletions from the
inside out, then everything else from the outside in, each against the text that the round before left. What is inside
a renamed entry is looked for under its new address from then on, and an entry whose inner ones move out goes last.
"""

from __future__ import annotations

import contextlib
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from operator import is_
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import Tree
from registry_reconciler.formats.yaml.read.unread import Unread
from registry_reconciler.loading.layouts import LAYOUTS
from registry_reconciler.loading.layouts.walk import Nesting
from registry_reconciler.loading.registries import Live, entries_of, excluded
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import MISSING, FieldPath, Json, LiveEntry, Place, get_path, same
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.problem import Problem, Related
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.placement import (
    PlacementError,
    Row,
    Target,
    Ways,
    carried_by,
    find_spot,
    raw_value,
    relocates,
    require_text,
    restore_unmanaged,
    rows_of,
)

if TYPE_CHECKING:
    from registry_reconciler.formats.yaml.edit.splice import Edit, Snippet, SpliceError
    from registry_reconciler.formats.yaml.read.reader import ChunkReader


class Written(Struct, frozen=True):
    """What writing would give.

    Attributes:
        changes: the same changes, each with its file; those that cannot be written are left out.
        files: new bytes by path; ``None``: the file goes.
    """

    changes: tuple[Change, ...]
    files: Mapping[str, bytes | None]
    problems: tuple[Problem, ...]


class _FilePlan(Struct):
    """Edits of one file in one round."""

    edits: list[tuple[Change, Edit]] = field(default_factory=list)
    creates: list[tuple[Change, FieldPath, dict[str, Json], Snippet | None]] = field(default_factory=list)


class _Kept(Mapping[str, SourceFile]):
    """Files without those that go."""

    def __init__(self, files: Mapping[str, SourceFile], removed: set[str]) -> None:
        self._files = files
        self._removed = removed

    def __getitem__(self, path: str) -> SourceFile:
        if path in self._removed:
            raise KeyError(path)
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return (path for path in self._files if path not in self._removed)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Writing(Struct):
    kinds: Mapping[str, Kind]
    tree: Tree
    sources: ChainMap[str, SourceFile]
    entries: dict[str, dict[str, list[LiveEntry]]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Problem] = field(default_factory=dict)
    nested: dict[str, tuple[tuple[Step, ...], ...]] = field(default_factory=dict)
    fragments: Mapping[str, SourceFile] = field(default_factory=dict)
    snippets: dict[Place, Snippet] = field(default_factory=dict)
    reader: ChunkReader | None = None
    by_address: dict[str, dict[tuple[str, str], LiveEntry]] = field(default_factory=dict)
    leaving: set[tuple[str, str]] = field(default_factory=set)
    postponed: list[Change] = field(default_factory=list)
    carried_along: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    origins: dict[tuple[str, str], str] = field(default_factory=dict)
    live: Live | None = None
    inside: dict[str, dict[tuple[int, FieldPath], list[LiveEntry]]] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[tuple[int, FieldPath], Row]]] = field(default_factory=dict)
    said: dict[str, frozenset[str]] = field(default_factory=dict)
    ways: Ways = field(default_factory=Ways)
    new_files: dict[str, list[str]] = field(default_factory=dict)
    extracted: dict[str, dict[tuple[int, FieldPath], Snippet]] = field(default_factory=dict)

    def entries_in(self, path: str) -> dict[str, list[LiveEntry]]:
        """The entries of a file as it is at this moment, by kind, in file order."""
        if path not in self.entries:
            source = self.sources.get(path)
            self.entries[path] = dict(_entries(self, source)) if source else {}
        return self.entries[path]

    def entry_at(self, path: str, kind: str, address: str) -> LiveEntry | None:
        """An entry of a file as it is at this moment; of several with one address the first."""
        if self.live is not None and self.sources.get(path) is self.live.files.get(path):
            entry = self.live.entries.get(address)
            return entry if entry is not None and entry.place.file == path else None
        if path not in self.by_address:
            known = self.by_address[path] = {}
            for name, entries in self.entries_in(path).items():
                for entry in entries:
                    known.setdefault((name, entry.address), entry)
        return self.by_address[path].get((kind, address))

    def forget_entries(self, path: str) -> None:
        """What was looked up of a file that changes now."""
        self.entries.pop(path, None)
        self.by_address.pop(path, None)
        self.inside.pop(path, None)
        self.extracted.pop(path, None)
        self.rows.pop(path, None)
        self.ways.files_change()

    def inside_of(self, path: str) -> dict[tuple[int, FieldPath], list[LiveEntry]]:
        """The entries of a file by the document and path of everything that they lie in."""
        found = self.inside.get(path)
        if found is None:
            found = self.inside[path] = {}
            for entry in (one for entries in self.entries_in(path).values() for one in entries):
                _, document, steps, _ = entry.place
                for size in range(len(steps)):
                    found.setdefault((document, steps[:size]), []).append(entry)
        return found

    def row(self, path: str, kind: str, container: Place) -> Row:
        """The entries of a kind in one container as they are at this moment."""
        rows = self.rows.setdefault(path, {})
        if kind not in rows:
            rows[kind] = rows_of(self.all_in(path, kind))
        return rows[kind].get((container.document, container.path)) or Row([])

    def carried_by(self, kind: Kind) -> frozenset[str]:
        """Which placeholders the text of a new entry of a kind says, as the others did when the round began."""
        if kind.name not in self.said:
            self.said[kind.name] = carried_by(kind, self.of(kind.name))
        return self.said[kind.name]

    def of(self, kind: str) -> Iterator[LiveEntry]:
        """The entries of a kind as they are at this moment, also those whose values nobody read."""
        for path in sorted(self.sources):
            yield from self.all_in(path, kind)

    def all_in(self, path: str, kind: str) -> list[LiveEntry]:
        """The entries of a kind in a file, also those whose values nobody read; these have none."""
        read = self.entries_in(path).get(kind, [])
        source = self.sources.get(path)
        return read if source is None else [*read, *_unread_entries(self.kinds[kind], source)]

    def fail(self, change: Change, code: str, message: str, place: Place, fix: str, **more: Json) -> None:
        self.failed[change.address] = problem(
            code, f"{change.address}: {message}", place, address=change.address, fix=fix, **more
        )


def _entries(work: _Writing, source: SourceFile) -> Iterator[tuple[str, list[LiveEntry]]]:
    for kind in work.kinds.values():
        bound = kind.file.match(source.path)
        if bound is None or not source.readable or excluded(kind, source.path):
            continue
        found = [entry for entry, _ in entries_of(kind, source, bound, work.nested[kind.name]) if entry]
        yield kind.name, found


def _unread_entries(kind: Kind, source: SourceFile) -> Iterator[LiveEntry]:
    """The entries of a kind that are known to be in a file and were not read: their keys and places."""
    if not LAYOUTS[kind.layout].may_stay_unread or len(kind.at) != 1 or not any(_unread(source.documents)):
        return
    for number, document in enumerate(source.documents):
        items = document.get(kind.at[0].name) if isinstance(document, dict) else None
        for index, item in enumerate(items) if isinstance(items, list) else ():
            if type(item) is Unread:
                place = Place(source.path, number, (kind.at[0].name, index))
                yield LiveEntry(
                    kind.name, item.key, f"{kind.name}/{item.key}", {}, place, carried=item.carried
                )


def write(
    kinds: Mapping[str, Kind],
    live: Live,
    tree: Tree,
    changes: Sequence[Change],
    fragments: Mapping[str, SourceFile],
    reader: ChunkReader | None = None,
) -> Written:
    """Place and splice every change that writes. Never raises for what stands in the files.

    Args:
        fragments: the fragments as read: the comments of a new entry come along from there.
        reader: what read the files; it knows the items again that a new text has in common with them.
    """
    nesting = Nesting(kinds)
    nested = {name: nesting.steps(kind) for name, kind in kinds.items()}
    work = _Writing(
        kinds, tree, _over(live.files), nested=nested, fragments=fragments, reader=reader, live=live
    )
    work.snippets = _snippets(fragments, changes)
    work.leaving = {(one.kind, one.from_address or one.address) for one in changes if _may_leave(one)}
    for round_ in _rounds(nesting, changes):
        _run_round(work, round_)
    work.leaving.clear()
    for round_ in _rounds(nesting, work.postponed):
        _run_round(work, round_)
    files = {
        path: None if path in work.removed else work.sources[path].data
        for path in sorted({*work.sources.maps[0], *work.removed})
        if path in work.removed or work.sources[path].data != _data(live, path)
    }
    _refuse_reserved(work, changes, files)
    problems = [*work.failed.values(), *_verify(work, live, changes, files)]
    placed = tuple(
        replace(change, file=work.files.get(change.address, change.file))
        for change in changes
        if change.address not in work.failed
    )
    return Written(placed, files, tuple(problems))


def _refuse_reserved(work: _Writing, changes: Sequence[Change], files: dict[str, bytes | None]) -> None:
    """The last look before files are part of a plan, by whatever way their paths came."""
    for path in [one for one in files if is_reserved(one)]:
        del files[path]
        for change in changes:
            if path in (work.files.get(change.address), change.file, change.live.file if change.live else ""):
                work.fail(
                    change,
                    "WRT004",
                    f"it would write {path!r}, which belongs to registry itself or to git.",
                    change.origin or change.live or Place(path),
                    "Mend the place that the schema file gives the kind.",
                )


def _over(files: Mapping[str, SourceFile]) -> ChainMap[str, SourceFile]:
    """Files to change, over those that are there; those are looked at only where somebody asks."""
    return ChainMap({}, files)  # type: ignore[arg-type]  # a chain writes to its first map only


def _may_leave(change: Change) -> bool:
    return change.writes and change.live is not None and change.action is not Action.DELETE


def _data(live: Live, path: str) -> bytes | None:
    source = live.files.get(path)
    return source.data if source else None


def _rounds(nesting: Nesting, changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Deletions from the deepest kinds outwards, then the rest inwards; one round where no kinds nest."""
    writing = [change for change in changes if change.writes]
    depths = nesting.depths()
    if not any(depths[change.kind] for change in writing):
        if writing:
            yield writing
        return
    deepest = max(depths.values())
    for level in range(deepest, -1, -1):
        yield [one for one in writing if depths[one.kind] == level and one.action is Action.DELETE]
    for level in range(deepest + 1):
        yield [one for one in writing if depths[one.kind] == level and one.action is not Action.DELETE]


def _run_round(work: _Writing, changes: Sequence[Change]) -> None:
    plans: dict[str, _FilePlan] = {}
    work.said.clear()
    work.new_files.clear()
    _extract_all(work, changes)
    inside = {change.address: _carried_inside(work, change) for change in changes}
    # What goes makes room for what comes: a new entry may take over the file of one that is deleted.
    for change in sorted(changes, key=lambda one: one.action is not Action.DELETE):
        try:
            _plan_change(work, plans, change)
        except PlacementError as error:
            place = change.origin or change.live or Place(change.file)
            work.fail(change, error.code, error.message, place, error.fix)
    for path, plan in sorted(plans.items()):
        _splice(work, path, plan)
    for change in changes:
        if inside[change.address] and change.address not in work.failed:
            _follow(work, change, inside[change.address])


def _extract_all(work: _Writing, changes: Sequence[Change]) -> None:
    """Take the texts of all entries that leave their places in this round: each file is looked at once."""
    leaving: dict[str, list[Place]] = {}
    for change in changes:
        kind = work.kinds[change.kind]
        entry = None if change.action is Action.DELETE else _current(work, change)
        if entry is not None and entry.place.path and relocates(kind, entry, change.after or {}):
            leaving.setdefault(entry.place.file, []).append(entry.place)
    if not leaving:
        return
    from registry_reconciler.formats.yaml.edit.splice import extract_many

    for file, places in leaving.items():
        data = work.sources[file].data
        if data is not None:
            asked = [(place.document, place.path) for place in places]
            work.extracted[file] = dict(zip(asked, extract_many(data, asked), strict=True))


def _carried_inside(work: _Writing, change: Change) -> list[tuple[str, LiveEntry, FieldPath]]:
    """The entries of other kinds inside one that changes: they go where it goes.

    Each with the address that it had before the plan and its steps from the outer one.
    """
    if not work.nested[change.kind] or change.action is Action.DELETE:
        return []
    entry = _current(work, change)
    if entry is None:
        return []
    size = len(entry.place.path)
    return [
        (work.origins.get((one.kind, one.address), one.address), one, one.place.path[size:])
        for one in _inner_entries(work, entry)
    ]


def _follow(work: _Writing, change: Change, inside: list[tuple[str, LiveEntry, FieldPath]]) -> None:
    """Remember under which addresses the entries inside a changed one stand now: their places may be in their keys."""
    outer = work.entry_at(work.files[change.address], change.kind, change.address)
    if outer is None:
        return
    now = {(one.kind, one.place.path): one for one in _inner_entries(work, outer)}
    for origin, entry, steps in inside:
        new = now.get((entry.kind, (*outer.place.path, *steps)))
        if new is not None:
            work.carried_along[(entry.kind, origin)] = (new.place.file, new.address)
            work.origins[(entry.kind, new.address)] = origin


def _plan_change(work: _Writing, plans: dict[str, _FilePlan], change: Change) -> None:
    kind = work.kinds[change.kind]
    entry = _current(work, change)
    if change.action is Action.DELETE:
        assert entry is not None
        work.files[change.address] = entry.place.file
        _plan_removal(work, plans, change, kind, entry)
    elif entry is None:
        _plan_create(work, plans, change, kind, None)
    elif relocates(kind, entry, change.after or {}):
        _plan_relocation(work, plans, change, kind, entry)
    else:
        work.files[change.address] = entry.place.file
        _plan_update(work, plans, change, kind, entry)


def _current(work: _Writing, change: Change) -> LiveEntry | None:
    """The entry as it stands at this moment (an earlier round may have shifted it)."""
    if change.live is None:
        return None
    old = change.from_address or change.address
    file, address = work.carried_along.get((change.kind, old), (change.live.file, old))
    return work.entry_at(file, change.kind, address)


def _plan_removal(
    work: _Writing, plans: dict[str, _FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    from registry_reconciler.formats.yaml.edit.splice import Remove

    inside = _inner_entries(work, entry)
    if inside and all((one.kind, one.address) in work.leaving for one in inside):
        work.postponed.append(change)
        return
    if inside:
        names = ", ".join(one.address for one in inside[:5])
        work.fail(
            change,
            "WRT005",
            f"it still holds {names}{' and others' if len(inside) > 5 else ''}.",
            entry.place,
            "Remove those first (in the same plan is fine), or keep this entry.",
            related=tuple(Related(one.address, one.place) for one in inside[:20]),
        )
        return
    path = entry.place.file
    if LAYOUTS[kind.layout].one_a_file and _alone(work.sources[path], entry):
        work.removed.add(path)
        work.forget_entries(path)
        return
    if not entry.place.path:
        raise PlacementError("WRT003", f"{path} holds other documents too.", "Remove the document by hand.")
    _plan_for(plans, path).edits.append((change, Remove(entry.place.document, entry.place.path)))


def _alone(source: SourceFile, entry: LiveEntry) -> bool:
    """Whether a file holds nothing but one entry."""
    return len(source.documents) == 1 and _skeleton(_cut(source.documents[0], [entry.place.path])) is None


def _inner_entries(work: _Writing, outer: LiveEntry) -> list[LiveEntry]:
    return work.inside_of(outer.place.file).get((outer.place.document, outer.place.path), [])


def _plan_for(plans: dict[str, _FilePlan], path: str) -> _FilePlan:
    return plans.setdefault(path, _FilePlan())


def _raw_after(work: _Writing, change: Change, kind: Kind, entry: LiveEntry) -> dict[str, Json]:
    there = get_path(work.sources[entry.place.file].documents[entry.place.document], entry.place.path)
    require_text(kind, change.after or {}, entry.carried)
    raw = raw_value(kind, change.after or {}, entry.carried)
    return restore_unmanaged(raw, there, entry, work.nested[kind.name])


def _plan_update(
    work: _Writing, plans: dict[str, _FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    from registry_reconciler.formats.yaml.edit.splice import RenameKey, Update

    plan = _plan_for(plans, entry.place.file)
    place = entry.place
    raw = _raw_after(work, change, kind, entry)
    there = get_path(work.sources[place.file].documents[place.document], place.path)
    placed = LAYOUTS[kind.layout].placed_field(kind)
    if placed:
        from registry_reconciler.model.fields import Selector

        new = str(Selector.parse(placed).get(change.after))
        if new != place.path[-1]:
            plan.edits.append((change, RenameKey(place.document, place.path, new)))
    if not same(raw, {} if there is None else there):
        plan.edits.append((change, Update(place.document, place.path, raw)))


def _plan_relocation(
    work: _Writing, plans: dict[str, _FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    """Out of the old place with its comments, into the new one."""
    from registry_reconciler.formats.yaml.edit.splice import Remove, extract

    source = work.sources[entry.place.file]
    assert source.data is not None
    if LAYOUTS[kind.layout].one_a_file and not entry.place.path:
        _rename_file(work, plans, change, kind, entry)
        return
    where = (entry.place.document, entry.place.path)
    snippet = work.extracted.get(entry.place.file, {}).get(where) or extract(source.data, *where)
    _plan_create(work, plans, change, kind, entry, snippet)
    _plan_for(plans, entry.place.file).edits.append((change, Remove(entry.place.document, entry.place.path)))


def _rename_file(
    work: _Writing, plans: dict[str, _FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    from registry_reconciler.formats.yaml.edit.splice import Update

    spot = find_spot(kind, change.after or {}, {}, work.carried_by(kind), work.tree, work.ways)
    old = work.sources[entry.place.file]
    if spot.file in work.sources and spot.file not in work.removed:
        raise PlacementError(
            "WRT004", f"{spot.file} is there already.", "Remove that file first, or choose another key."
        )
    raw = _raw_after(work, change, kind, entry)
    work.removed.add(entry.place.file)
    work.removed.discard(spot.file)
    work.forget_entries(entry.place.file)
    work.sources[spot.file] = replace(old, path=spot.file)
    work.files[change.address] = spot.file
    _plan_for(plans, spot.file).edits.append((change, Update(entry.place.document, (), raw)))


def _plan_create(
    work: _Writing,
    plans: dict[str, _FilePlan],
    change: Change,
    kind: Kind,
    entry: LiveEntry | None,
    snippet: Snippet | None = None,
) -> None:
    from registry_reconciler.formats.yaml.edit.splice import Insert, Update

    after = change.after or {}
    sources: Mapping[str, SourceFile] = _Kept(work.sources, work.removed) if work.removed else work.sources
    spot = find_spot(kind, after, sources, work.carried_by(kind), work.tree, work.ways)
    carried = spot.carried | (entry.carried if entry else frozenset())
    raw = raw_value(kind, after, carried)
    if entry is not None:
        there = get_path(work.sources[entry.place.file].documents[entry.place.document], entry.place.path)
        raw = restore_unmanaged(raw, there, entry, work.nested[kind.name])
    work.files[change.address] = spot.file
    _refuse_taken(work, plans, kind, spot)
    plan = _plan_for(plans, spot.file)
    container = Place(spot.file, spot.document, spot.path)
    row = work.row(spot.file, kind.name, container)
    if snippet is None and entry is None:
        snippet = _told_in_fragment(work, change, alone=not row.entries)
    if spot.exists and LAYOUTS[kind.layout].one_a_file:
        plan.edits.append((change, Update(spot.document, spot.path, raw)))
        return
    if not spot.exists:
        plan.creates.append((change, spot.path, raw, snippet))
        named = work.new_files.setdefault(spot.file.casefold(), [])
        if spot.file not in named:
            named.append(spot.file)
        return
    plan.edits.append((change, _insert(kind, change, spot, raw, row, snippet, Insert)))


def _refuse_taken(work: _Writing, plans: Mapping[str, _FilePlan], kind: Kind, spot: Target) -> None:
    if LAYOUTS[kind.layout].one_a_file and spot.exists and _standing(work, spot) is not None:
        raise PlacementError(
            "WRT004", f"{spot.file} is there already.", "Adopt what it holds, or choose another key."
        )
    edits = plans[spot.file].edits if LAYOUTS[kind.layout].one_a_file and spot.file in plans else ()
    for other, edit in edits:
        if _where(edit) == (spot.document, spot.path):
            raise PlacementError("WRT004", f"{other.address} gets {spot.file!r}.", "Choose another key.")
    if spot.exists:
        return
    for path in work.new_files.get(spot.file.casefold(), ()):
        if path != spot.file or LAYOUTS[kind.layout].one_a_file:
            raise PlacementError(
                "WRT004",
                f"its file would be {spot.file!r}, and {plans[path].creates[0][0].address} gets {path!r}.",
                "Choose another key: some systems take names that differ in case only for one file.",
            )


def _where(edit: Edit) -> tuple[int, FieldPath] | None:
    path = getattr(edit, "path", None)
    return None if path is None else (edit.document, path)


def _standing(work: _Writing, spot: Target) -> Json:
    """What stands where an entry of layout ``file`` is to go; a null is nothing, as everywhere."""
    documents = work.sources[spot.file].documents
    found = get_path(documents[spot.document], spot.path) if documents else None
    return None if found is MISSING else found


def _snippets(fragments: Mapping[str, SourceFile], changes: Sequence[Change]) -> dict[Place, Snippet]:
    """The text of every new entry in its fragment; each fragment is looked at once."""
    wanted: dict[str, list[Place]] = {}
    for change in changes:
        if change.writes and change.live is None and change.origin is not None:
            wanted.setdefault(change.origin.file, []).append(change.origin)
    if not wanted:
        return {}
    from registry_reconciler.formats.yaml.edit.splice import SpliceError
    from registry_reconciler.formats.yaml.edit.window import extract_items

    found: dict[Place, Snippet] = {}
    for file, places in wanted.items():
        source = fragments.get(file)
        if source is not None and source.data is not None:
            with contextlib.suppress(SpliceError):
                asked = [(place.document, place.path) for place in places]
                found.update(zip(places, extract_items(source.data, source.sections, asked), strict=True))
    return found


def _told_in_fragment(work: _Writing, change: Change, *, alone: bool) -> Snippet | None:
    """The author's text of a new entry, where it should be kept rather than written anew like its neighbours.

    That is where it has what values do not have (comments, block scalars), and where there is no neighbour to look
    like.
    An entry in flow style is always written anew: in a registry one line a field reads and merges better.
    """
    snippet = work.snippets.get(change.origin) if change.origin else None
    if snippet is None or snippet.text.startswith(("{", "[")):
        return None
    telling = snippet.comments or any(_tells(line) for line in snippet.text.split("\n"))
    return snippet if alone or telling else None


def _tells(line: str) -> bool:
    """Whether a line may hold a comment or open a block scalar (a false yes only keeps the author's text)."""
    return "#" in line or line.rstrip("+-0123456789").endswith((": |", ": >", "- |", "- >"))


def _insert(
    kind: Kind,
    change: Change,
    spot: Target,
    raw: dict[str, Json],
    row: Row,
    snippet: Snippet | None,
    make: type,
) -> Edit:
    position = row.index_for(kind, change.key)
    neighbours = row.entries
    if LAYOUTS[kind.layout].container_kind == "list":
        index = None if position is None else neighbours[position].place.path[-1]
        return make(  # type: ignore[no-any-return]
            spot.document, spot.path, raw, index=index, snippet=snippet, container_kind="list"
        )
    from registry_reconciler.model.fields import Selector

    name = str(Selector.parse(LAYOUTS[kind.layout].placed_field(kind)).get(change.after))
    before = None if position is None else neighbours[position].place.path[-1]
    return make(  # type: ignore[no-any-return]
        spot.document, spot.path, raw, key=name, before=before, snippet=snippet, container_kind="map"
    )


def _splice(work: _Writing, path: str, plan: _FilePlan) -> None:
    """Run one round of one file; on failure every change of it is refused."""
    from registry_reconciler.formats.yaml.edit.splice import SpliceError
    from registry_reconciler.formats.yaml.edit.window import splice_items

    source = work.sources.get(path)
    data = source.data if source else None
    try:
        if plan.creates:
            data = _new_text(work, path, plan)
            source = _parsed(work, path, data)
            work.removed.discard(path)
        if plan.edits and source is not None and data is not None:
            data = splice_items(data, source.sections, [edit for _, edit in plan.edits])
            source = _parsed(work, path, data)
    except SpliceError as error:
        _refuse(work, path, plan, error)
        return
    assert source is not None
    if not source.readable:
        first = source.problems[0]
        for change in _changes_of(plan):
            work.fail(
                change,
                "WRT001",
                f"the new text of {path} would not be valid YAML: {first.message}",
                Place(path),
                _REPORT,
            )
        return
    work.sources[path] = source
    work.forget_entries(path)


_REPORT = "Make the change by hand, then run plan again; and please report the file that led here."


def _parsed(work: _Writing, path: str, data: bytes) -> SourceFile:
    from registry_reconciler.files.tree import MemoryTree
    from registry_reconciler.loading.source import read_source

    source = read_source(MemoryTree({path: data}), path, work.reader)
    assert source is not None
    return source


def _new_text(work: _Writing, path: str, plan: _FilePlan) -> bytes:
    """The text of a file that is not there yet, with the first entry; the others follow as insertions."""
    from registry_reconciler.formats.yaml.edit.splice import Insert, new_file, splice

    first, *rest = plan.creates
    change, container, raw, snippet = first
    kind = work.kinds[change.kind]
    data = new_file(raw, container=(*container, *_first_step(kind, change)), snippet=snippet)
    if rest:
        edits = [
            Insert(
                0,
                other_container,
                other,
                key=_map_key(work.kinds[one.kind], one),
                snippet=piece,
                container_kind=LAYOUTS[work.kinds[one.kind].layout].container_kind,
            )
            for one, other_container, other, piece in rest
        ]
        data = splice(data, edits)
    return data


def _first_step(kind: Kind, change: Change) -> FieldPath:
    """The step from a new container to its first entry."""
    if LAYOUTS[kind.layout].one_a_file:
        return ()
    key = _map_key(kind, change)
    return (0,) if key is None else (key,)


def _map_key(kind: Kind, change: Change) -> str | None:
    placed = LAYOUTS[kind.layout].placed_field(kind)
    if not placed:
        return None
    from registry_reconciler.model.fields import Selector

    return str(Selector.parse(placed).get(change.after))


def _changes_of(plan: _FilePlan) -> Iterator[Change]:
    seen: set[str] = set()
    for change in (*(one for one, _ in plan.edits), *(one[0] for one in plan.creates)):
        if change.address not in seen:
            seen.add(change.address)
            yield change


def _refuse(work: _Writing, path: str, plan: _FilePlan, error: SpliceError) -> None:
    code = "WRT002" if error.related else "WRT001"
    related = tuple(Related("used here", Place(path, document, where)) for document, where in error.related)
    place = Place(path, error.document, error.path)
    culprits = [
        change
        for change, edit in plan.edits
        if getattr(edit, "path", getattr(edit, "container", None))
        == error.path[: len(getattr(edit, "path", ()))]
    ]
    fix = (
        "Write out the value in the places that use the anchor, then plan again."
        if related
        else "Make the change by hand, then plan again."
    )
    guilty = {change.address for change in culprits}
    # Many changes that are refused for one reason do not each list everything that stands against them.
    shown = related if len(guilty) == 1 else related[:_RELATED_SHOWN]
    for change in list(_changes_of(plan)):
        blamed = not guilty or change.address in guilty
        message = (
            f"{path} cannot be edited there: {error.message}"
            if blamed
            else f"{path} cannot be written: {error.message}"
        )
        work.fail(change, code, message, place, fix, related=shown if blamed else ())


_RELATED_SHOWN = 20


def _verify(
    work: _Writing, live: Live, changes: Sequence[Change], files: Mapping[str, bytes | None]
) -> Iterator[Problem]:
    """Hold the new texts against what was promised."""
    promised: dict[str, dict[str, Json]] = {}
    gone: set[str] = set()
    for change in changes:
        if change.address in work.failed or not change.writes:
            continue
        gone.add(change.from_address or change.address)
        if change.action is not Action.DELETE and change.after is not None:
            promised[change.address] = change.after
    old = _Writing(work.kinds, work.tree, _over(live.files), nested=work.nested)
    # A promise that no byte was changed for is looked at too: it may be one that the file cannot keep.
    untouched = {work.files[a]: _data(live, work.files[a]) for a in promised if work.files[a] not in files}
    files = {**untouched, **files}
    there = _by_file(live, files)
    concerned: dict[str, list[Change]] = {path: [] for path in files}
    for change in changes:
        concerned.setdefault(work.files.get(change.address, ""), []).append(change)
    for path, data in files.items():
        expected = {entry.address: entry for entry in there[path] if entry.address not in gone}
        found = {} if data is None else {e.address: e for es in work.entries_in(path).values() for e in es}
        wrong = _mismatch(
            expected, found, promised, {one.address for one in concerned[path] if one.address in promised}
        )
        wrong = wrong or _beside(work, old, path, data) or _left_out(work, old, path, data)
        if wrong:
            fix = _carried_fix(work, wrong) or _REPORT
            for change in concerned[path]:
                if change.address not in work.failed:
                    work.failed[change.address] = problem(
                        "WRT001",
                        f"{path} would not come out as planned: {wrong}.",
                        change.origin or Place(path),
                        address=change.address,
                        fix=fix,
                    )
                    yield work.failed[change.address]


def _carried_fix(work: _Writing, wrong: str) -> str:
    """What to do where entries inside a renamed one are called otherwise with it."""
    renamed = [
        f"{{from: {old}, to: {new}}}"
        for (_, old), (_, new) in sorted(work.carried_along.items())
        if old != new and wrong.startswith((f"{old} ", f"{new} "))
    ]
    return f"Rename what is inside too, under moved: {renamed[0]}." if renamed else ""


def _by_file(live: Live, files: Mapping[str, bytes | None]) -> dict[str, list[LiveEntry]]:
    """The entries of some files as they are now."""
    found: dict[str, list[LiveEntry]] = {path: [] for path in files}
    for entry in (*live.entries.values(), *live.clashes):
        if entry.place.file in found:
            found[entry.place.file].append(entry)
    return found


def _mismatch(
    expected: Mapping[str, LiveEntry],
    found: Mapping[str, LiveEntry],
    promised: Mapping[str, dict[str, Json]],
    here: set[str],
) -> str:
    for address in sorted(here):
        if address not in found:
            return f"{address} would be missing"
        if not same(found[address].value, promised[address]):
            return f"{address} would not read back as declared"
    for address, entry in expected.items():
        other = found.get(address)
        if other is None:
            return f"{address} would be lost"
        if not (same(other.value, entry.value) and _same_live_only(other, entry)):
            return f"{address} would change"
    extra = sorted(set(found) - set(expected) - here)
    return f"{extra[0]} would appear" if extra else ""


def _same_live_only(one: LiveEntry, other: LiveEntry) -> bool:
    left, right = dict(one.live_only), dict(other.live_only)
    return left.keys() == right.keys() and all(same(part, right[path]) for path, part in left.items())


def _beside(work: _Writing, old: _Writing, path: str, data: bytes | None) -> str:
    """Whether what stands beside the entries would change."""
    if data is None or path not in old.sources:
        return ""
    before = [_skeleton(one) for one in _without_entries(work, old.sources[path])]
    after = [_skeleton(one) for one in _without_entries(work, work.sources[path])]
    while before and before[-1] is None:
        before.pop()
    while after and after[-1] is None:
        after.pop()
    return "" if same(before, after) else "what stands beside the entries would change"


def _left_out(work: _Writing, old: _Writing, path: str, data: bytes | None) -> str:
    """Whether an item that nobody read would go, come, or change its place among the others."""
    if data is None or path not in old.sources:
        return ""
    before, after = (list(_unread(one.sources[path].documents)) for one in (old, work))
    same_ones = len(before) == len(after) and all(map(is_, before, after))
    return "" if same_ones else "an entry that no change is about would be touched"


def _unread(documents: Sequence[Json]) -> Iterator[Unread]:
    for document in documents:
        for value in document.values() if isinstance(document, dict) else ():
            yield from (item for item in value if type(item) is Unread) if isinstance(value, list) else ()


def _without_entries(work: _Writing, source: SourceFile) -> Iterator[Json]:
    from registry_reconciler.loading.layouts.walk import containers

    drop: dict[int, list[FieldPath]] = {}
    for kind in work.kinds.values():
        bound = kind.file.match(source.path)
        if bound is not None:
            for one in containers(kind, source.documents, bound):
                drop.setdefault(one.document, []).append(one.path)
    for index, document in enumerate(source.documents):
        yield _cut(document, drop.get(index, ()))


def _cut(value: Json, paths: Sequence[FieldPath]) -> Json:
    """A value in which null stands in some places, all taken at once: each list is copied once."""
    if not all(paths):
        return None
    deeper: dict[str | int, list[FieldPath]] = {}
    for path in paths:
        deeper.setdefault(path[0], []).append(path[1:])
    if isinstance(value, dict) and deeper:
        return {name: _cut(item, deeper[name]) if name in deeper else item for name, item in value.items()}
    if isinstance(value, list) and deeper:
        return [_cut(item, deeper[at]) if at in deeper else item for at, item in enumerate(value)]
    return value


def _skeleton(value: Json) -> Json:
    """A value without its empty parts: an absent container, a null one and an emptied one are the same."""
    if isinstance(value, dict):
        kept = {name: inner for name, item in value.items() if (inner := _skeleton(item)) is not None}
        return kept or None
    if isinstance(value, list):
        kept_items = [inner for item in value if (inner := _skeleton(item)) is not None]
        return kept_items or None
    return value
