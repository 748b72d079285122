"""The registry files as they are at this moment of a run, and the entries that stand in them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.files.tree import Tree
from registry_reconciler.formats.unread import Unread
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import LayoutRow
from registry_reconciler.loading.registries import Live, entries_of, excluded
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry, Place
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.planning.key_order import ContainerOrder, rows_of
from registry_reconciler.planning.placement import PlacementLookups, relocates

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Snippet


class CurrentFiles(Struct):
    """The files as they are at this moment, and what was looked up of them.

    Attributes:
        sources: what changed, over what was read.
        removed: the paths that go.
        nested: by kind the steps to the containers of the kinds inside it.
        former: kinds whose entries all leave the place that their schema gave them before, as they were then.
        live: the registries as they were read; ``None``: all is looked up in ``sources``.
    """

    kinds: Mapping[str, Kind]
    tree: Tree
    sources: ChainMap[str, SourceFile]
    nested: Mapping[str, tuple[tuple[Step, ...], ...]]
    former: Mapping[str, Kind]
    live: Live | None = None
    removed: set[str] = field(default_factory=set)
    extracted: dict[str, dict[tuple[int, FieldPath], Snippet]] = field(default_factory=dict)
    lookups: PlacementLookups = field(default_factory=PlacementLookups)
    entries: dict[str, dict[str, list[LiveEntry]]] = field(default_factory=dict)
    by_address: dict[str, dict[tuple[str, str], LiveEntry]] = field(default_factory=dict)
    inside: dict[str, dict[tuple[int, FieldPath], list[LiveEntry]]] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[tuple[int, FieldPath], ContainerOrder]]] = field(default_factory=dict)

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

    def inner_entries(self, outer: LiveEntry) -> list[LiveEntry]:
        """The entries of other kinds that stand inside one."""
        return self.inside_of(outer.place.file).get((outer.place.document, outer.place.path), [])

    def row(self, path: str, kind: str, container: Place) -> ContainerOrder:
        """The entries of a kind in one container as they are at this moment."""
        rows = self.rows.setdefault(path, {})
        if kind not in rows:
            rows[kind] = rows_of(self.all_in(path, kind), LAYOUTS[self.kinds[kind].layout])
        return rows[kind].get((container.document, container.path)) or ContainerOrder([])

    def remaining(self) -> Mapping[str, SourceFile]:
        """The files without those that go."""
        return _RemainingFiles(self.sources, self.removed) if self.removed else self.sources

    def of(self, kind: str) -> Iterator[LiveEntry]:
        """The entries of a kind as they are at this moment, also those whose values nobody read."""
        for path in sorted(self.sources):
            yield from self.all_in(path, kind)

    def all_in(self, path: str, kind: str) -> list[LiveEntry]:
        """The entries of a kind in a file, also those whose values nobody read; these have none."""
        read = self.entries_in(path).get(kind, [])
        source = self.sources.get(path)
        return read if source is None else [*read, *_unread_entries(self.kinds[kind], source)]


class _RemainingFiles(Mapping[str, SourceFile]):
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


def _entries(files: CurrentFiles, source: SourceFile) -> Iterator[tuple[str, list[LiveEntry]]]:
    for kind in files.kinds.values():
        bound = kind.file.match(source.path)
        if bound is None or not source.readable or excluded(kind, source.path):
            continue
        found = [entry for entry, _ in entries_of(kind, source, bound, files.nested[kind.name]) if entry]
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


def unread_in(documents: Sequence[Json]) -> Iterator[Unread]:
    """The items of lists that nobody read."""
    for document in documents:
        for value in document.values() if isinstance(document, dict) else ():
            yield from (item for item in value if type(item) is Unread) if isinstance(value, list) else ()
