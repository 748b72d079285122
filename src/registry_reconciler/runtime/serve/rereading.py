"""A served workspace of which some files changed: only those are read, and of a long list only its new items.

Guarantee: what comes out serves what reading everything would have given; where that is not sure, or something is
wrong with what was read, there is no answer, and everything is read. Like :mod:`.planning`, it is imported only
when a file has to be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry_reconciler.base.collector import collector_off
from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import MemoryTree, Recorder, Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.base import Reader
from registry_reconciler.formats.table import format_of, new_reader
from registry_reconciler.formats.yaml.read.chunks import ListSection
from registry_reconciler.formats.yaml.read.parts import PartReader
from registry_reconciler.layouts.walk import Nesting
from registry_reconciler.loading.catalog import Catalog, load_catalog
from registry_reconciler.loading.registries import entries_of
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.model.entry import Json, LiveEntry, digest_bytes
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.registry.amending import NotAmendable, amended_db
from registry_reconciler.runtime.registry.source import (
    EntryItem,
    check_capabilities,
    shared_spaces,
    vocabulary_in,
)
from registry_reconciler.runtime.serve.looking import FileItems, Looked, Refreshed, Served
from registry_reconciler.runtime.serve.planning import items_of, parts_of


class _ReadAll(Exception):
    """Everything has to be read, which also says what is wrong."""


def kinds_of(tree: Tree, looked: Looked) -> Catalog | None:
    """The kinds as the schema files say that were looked at; ``None`` where those are others by now."""
    recorder = Recorder(tree)
    catalog = load_catalog(recorder)
    return (
        catalog if all(looked.inputs.get(path) == recorder.digest(path) for path in catalog.files) else None
    )


def refreshed(
    served: Served, looked: Looked, catalog: Catalog, tree: Tree, texts: Mapping[str, bytes]
) -> Refreshed | None:
    """What was served, with what changed files say now; ``None``: everything has to be read.

    Args:
        catalog: the kinds, which did not change.
        texts: of some files: the bytes that they had when they were served.
    """
    try:
        with collector_off():
            return _Refreshing(served, looked, catalog, tree, texts).done()
    except (_ReadAll, NotAmendable, RegistryError):
        return None


class _Refreshing:
    def __init__(
        self, served: Served, looked: Looked, catalog: Catalog, tree: Tree, texts: Mapping[str, bytes]
    ) -> None:
        self.served = served
        self.looked = looked
        self.catalog = catalog
        self.tree = tree
        self.texts = texts
        self.nesting = Nesting(catalog.kinds)
        self.reader = new_reader()
        self.items = dict(served.parts.items)
        self.sections = dict(served.parts.sections)

    def done(self) -> Refreshed:
        before, now = self.served.inputs, self.looked.inputs
        gone: list[EntryItem] = []
        come: list[EntryItem] = []
        for path in sorted({*before, *now}):
            if before.get(path) == now.get(path):
                continue
            old = self.items.pop(path, ())
            section = self.sections.pop(path, None)
            new = self._read(path, old, section) if path in now else ()
            if len({id(item) for item in new}) != len(new):
                raise _ReadAll  # an entry stands twice
            kept = {id(item) for item in new}
            gone += (item for item in old if id(item) not in kept)
            kept = {id(item) for item in old}
            come += (item for item in new if id(item) not in kept)
        check_capabilities(come, vocabulary_in(self.served.db))
        by_domain = self._by_domain(gone, come)
        db = amended_db(self.served.db, by_domain)
        changed = {
            domain: frozenset(item.key for item in (*those_gone, *those_come))
            for domain, (those_gone, those_come) in by_domain.items()
        }
        # A domain in which nothing changed is the very one that it was.
        none = {domain: frozenset[str]() for domain in self.served.db}
        parts = FileItems(self.items, self.sections)
        return Refreshed(Served(db, self.served.kinds, now, parts), {**none, **changed})

    def _by_domain(
        self, gone: Iterable[EntryItem], come: Iterable[EntryItem]
    ) -> dict[str, tuple[list[EntryItem], list[EntryItem]]]:
        spaces = shared_spaces(self.served.kinds)
        found: dict[str, tuple[list[EntryItem], list[EntryItem]]] = {}
        for side, items in enumerate((gone, come)):
            for item in items:
                for domain in (item.kind, *((spaces[item.kind],) if item.kind in spaces else ())):
                    found.setdefault(domain, ([], []))[side].append(item)
        return found

    def _read(
        self, path: str, old: Sequence[EntryItem], section: tuple[Any, ...] | None
    ) -> tuple[EntryItem, ...]:
        """The items of a changed file; those that say what they said are the very items that they were."""
        names = frozenset(self.looked.readers.get(path, ()))
        kinds = [kind for name, kind in self.catalog.kinds.items() if name in names]
        if is_reserved(path) or not kinds:
            return ()
        text = self._text(path)
        reader: Reader = self.reader
        before = self.texts.get(path)
        if section is not None and before is not None and len(kinds) == 1:
            known = PartReader()
            part = ListSection(*section)
            known.base(before, part, part.starts(before), list(old))
            reader = known
        source = read_source(MemoryTree({path: text}), path, reader, format_of(path, kinds[0]))
        if source is None or not source.readable:
            raise _ReadAll
        if any(problem.severity is Severity.ERROR for problem in source.problems):
            raise _ReadAll
        spliced = self._spliced(path, kinds, source)
        return self._whole(path, kinds, source, old) if spliced is None else spliced

    def _text(self, path: str) -> bytes:
        data = self.looked.texts.get(path)
        if data is None:
            try:
                data = self.tree.read(path)
            except UnreadablePath:
                raise _ReadAll from None
            if data is None or digest_bytes(data) != self.looked.inputs[path]:
                raise _ReadAll  # it changes while we look
        return data

    def _whole(
        self, path: str, kinds: Sequence[Kind], source: SourceFile, old: Sequence[EntryItem]
    ) -> tuple[EntryItem, ...]:
        entries = [entry for kind in kinds for entry in self._entries(kind, source)]
        items = items_of(self.catalog, entries)
        parts = parts_of({path: source}, entries, items)
        if path in parts.sections:
            self.sections[path] = parts.sections[path]
        known = {item.address: item for item in old}
        same = (known.get(item.address) for item in parts.items.get(path, ()))
        self.items[path] = tuple(
            item if there is None or there.line != item.line else there
            for item, there in zip(parts.items.get(path, ()), same, strict=True)
        )
        return self.items[path]

    def _spliced(self, path: str, kinds: Sequence[Kind], source: SourceFile) -> tuple[EntryItem, ...] | None:
        """The items of a list of which only the new ones were read; the others are in it as they were."""
        if len(source.sections) != 1 or len(source.documents) != 1:
            return None
        (section,) = source.sections
        document = source.documents[0]
        values: Any = document.get(section.key) if isinstance(document, dict) else None
        if not isinstance(values, list) or not any(isinstance(value, EntryItem) for value in values):
            return None
        new: list[Json] = [value for value in values if not isinstance(value, EntryItem)]
        shorter = SourceFile(path, source.data, ({**document, section.key: new},), True, format=source.format)
        entries = self._entries(kinds[0], shorter)
        if [entry.place.path for entry in entries] != [(section.key, index) for index in range(len(new))]:
            raise _ReadAll
        made = iter(items_of(self.catalog, entries))
        items = tuple(value if isinstance(value, EntryItem) else next(made) for value in values)
        self.items[path] = items
        self.sections[path] = section.key, section.indent, section.head, section.start, section.end
        return items

    def _entries(self, kind: Kind, source: SourceFile) -> list[LiveEntry]:
        bound = kind.file.match(source.path)
        if bound is None:
            return []
        found: list[LiveEntry] = []
        for entry, fault in entries_of(kind, source, bound, self.nesting.steps(kind)):
            if entry is None or (fault is not None and fault.severity is Severity.ERROR):
                raise _ReadAll
            found.append(entry)
        return found
