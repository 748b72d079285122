"""What is known while the files of a plan are written: their texts as they are at this moment, and their entries."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.files.tree import Recorder, Tree
from registry_reconciler.formats.unread import Unread
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import LayoutRow
from registry_reconciler.loading.registries import Live, entries_of, excluded
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Change
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry, Place
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.key_order import ContainerOrder, rows_of
from registry_reconciler.planning.placement import PlacementLookups, carried_by, relocates

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Reader
    from registry_reconciler.formats.edits import DocumentEdit, Edit, Snippet, Update


class FilePlan(Struct):
    """Edits of one file in one round.

    Attributes:
        ranks: by the id of an insertion: which of several new entries at one place comes first.
    """

    edits: list[tuple[Change, Edit]] = field(default_factory=list)
    documents: list[tuple[Change, DocumentEdit]] = field(default_factory=list)
    ranks: dict[int, tuple[object, ...]] = field(default_factory=dict)
    creates: list[tuple[Change, FieldPath, Json, Snippet | None]] = field(default_factory=list)


class Kept(Mapping[str, SourceFile]):
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


NO_TEXTS: Mapping[str, str] = {}


class Writing(Struct):
    """One run of the stage: the texts as they are at this moment, and what was looked up of them."""

    kinds: Mapping[str, Kind]
    tree: Tree
    sources: ChainMap[str, SourceFile]
    entries: dict[str, dict[str, list[LiveEntry]]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Problem] = field(default_factory=dict)
    warnings: dict[str, Problem] = field(default_factory=dict)
    together: set[str] = field(default_factory=set)
    outer: Mapping[str, Sequence[tuple[Kind, Sequence[Step]]]] = field(default_factory=dict)
    nested: dict[str, tuple[tuple[Step, ...], ...]] = field(default_factory=dict)
    fragments: Mapping[str, SourceFile] = field(default_factory=dict)
    text_goes: frozenset[str] = frozenset()
    typed: Mapping[str, str] = NO_TEXTS
    snippets: dict[Place, Snippet] = field(default_factory=dict)
    node_snippets: dict[Place, Snippet] = field(default_factory=dict)
    reader: Reader | None = None
    by_address: dict[str, dict[tuple[str, str], LiveEntry]] = field(default_factory=dict)
    leaving: set[tuple[str, str]] = field(default_factory=set)
    postponed: list[Change] = field(default_factory=list)
    carried_along: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    origins: dict[tuple[str, str], str] = field(default_factory=dict)
    live: Live | None = None
    inside: dict[str, dict[tuple[int, FieldPath], list[LiveEntry]]] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[tuple[int, FieldPath], ContainerOrder]]] = field(default_factory=dict)
    carried_fields: dict[str, frozenset[str]] = field(default_factory=dict)
    lookups: PlacementLookups = field(default_factory=PlacementLookups)
    new_files: dict[str, list[str]] = field(default_factory=dict)
    extracted: dict[str, dict[tuple[int, FieldPath], Snippet]] = field(default_factory=dict)
    whole_files: dict[str, tuple[LiveEntry, SourceFile]] = field(default_factory=dict)
    """By address an entry that gets another file in this round, with the file that it has."""
    undone_beside: dict[str, list[Update]] = field(default_factory=dict)
    """By file the shared values beside its entries that get back what they were."""
    cleared: Recorder | None = None
    """The tree without those files."""
    former: Mapping[str, Kind] = field(default_factory=dict)
    """Kinds whose entries all leave the place that their schema gave them before, as they were then."""

    def leaves(self, kind: Kind, entry: LiveEntry, after: Mapping[str, Json]) -> bool:
        """Whether an entry goes to another place."""
        return kind.name in self.former or relocates(kind, entry, after)

    def former_layout(self, kind: Kind) -> LayoutRow:
        """How the entries of a kind lie now."""
        return LAYOUTS[self.former.get(kind.name, kind).layout]

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
        self.lookups.files_change()

    def inside_of(self, path: str) -> dict[tuple[int, FieldPath], list[LiveEntry]]:
        """The entries of a file by the document and path of everything that they lie in."""
        found = self.inside.get(path)
        if found is None:
            found = self.inside[path] = {}
            for entry in (entry for entries in self.entries_in(path).values() for entry in entries):
                document, steps = entry.place.document, entry.place.path
                for size in range(len(steps)):
                    found.setdefault((document, steps[:size]), []).append(entry)
        return found

    def row(self, path: str, kind: str, container: Place) -> ContainerOrder:
        """The entries of a kind in one container as they are at this moment."""
        rows = self.rows.setdefault(path, {})
        if kind not in rows:
            rows[kind] = rows_of(self.all_in(path, kind), LAYOUTS[self.kinds[kind].layout])
        return rows[kind].get((container.document, container.path)) or ContainerOrder([])

    def carried_by(self, kind: Kind) -> frozenset[str]:
        """Which placeholders the text of a new entry of a kind says, as the others did when the round began."""
        if kind.name not in self.carried_fields:
            self.carried_fields[kind.name] = carried_by(kind, self.of(kind.name))
        return self.carried_fields[kind.name]

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
        """Refuse a change."""
        self.failed[change.address] = problem(
            code, f"{change.address}: {message}", place, address=change.address, fix=fix, **more
        )


def _entries(work: Writing, source: SourceFile) -> Iterator[tuple[str, list[LiveEntry]]]:
    for kind in work.kinds.values():
        bound = kind.file.match(source.path)
        if bound is None or not source.readable or excluded(kind, source.path):
            continue
        found = [entry for entry, _ in entries_of(kind, source, bound, work.nested[kind.name]) if entry]
        yield kind.name, found


def _unread_entries(kind: Kind, source: SourceFile) -> Iterator[LiveEntry]:
    """The entries of a kind that are known to be in a file and were not read: their keys and places."""
    if not LAYOUTS[kind.layout].may_stay_unread or len(kind.at) != 1 or not any(unread_in(source.documents)):
        return
    for number, document in enumerate(source.documents):
        items = document.get(kind.at[0].name) if isinstance(document, dict) else None
        for index, item in enumerate(items) if isinstance(items, list) else ():
            if type(item) is Unread:
                place = Place(source.path, number, (kind.at[0].name, index))
                yield LiveEntry(
                    kind.name, item.key, f"{kind.name}/{item.key}", {}, place, carried=item.carried
                )


def files_over(files: Mapping[str, SourceFile]) -> ChainMap[str, SourceFile]:
    """Files to change, over those that are there; those are looked at only where somebody asks."""
    return ChainMap({}, files)  # type: ignore[arg-type]  # a chain writes to its first map only


def old_bytes(live: Live, path: str) -> bytes | None:
    """The bytes of a registry file as it was read."""
    source = live.files.get(path)
    return source.data if source else None


def current(work: Writing, change: Change) -> LiveEntry | None:
    """The entry as it stands at this moment (an earlier round may have shifted it)."""
    if change.live is None:
        return None
    old = change.from_address or change.address
    file, address = work.carried_along.get((change.kind, old), (change.live.file, old))
    return work.entry_at(file, change.kind, address)


def inner_entries(work: Writing, outer: LiveEntry) -> list[LiveEntry]:
    """The entries of other kinds that stand inside one."""
    return work.inside_of(outer.place.file).get((outer.place.document, outer.place.path), [])


def unread_in(documents: Sequence[Json]) -> Iterator[Unread]:
    """The items of lists that nobody read."""
    for document in documents:
        for value in document.values() if isinstance(document, dict) else ():
            yield from (item for item in value if type(item) is Unread) if isinstance(value, list) else ()
