"""Entries that wait, read one by one from fragments and state files that are what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.incremental.changed_files import Files
from registry_reconciler.cache.incremental.waiting import Waiting, WaitingEntry, record_text, sections_of
from registry_reconciler.formats.unread import Unread
from registry_reconciler.formats.yaml.read.chunks import ListSection
from registry_reconciler.formats.yaml.read.parts import PartReader
from registry_reconciler.loading.fragments import Fragments, declared
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.loading.state import State, StateEntry
from registry_reconciler.loading.state.files import parse_file
from registry_reconciler.model.entry import DesiredEntry, Json, Location, Place
from registry_reconciler.model.kind import Kind

_AT_ONCE = 1_000
"""So many items are read as one text."""

_NOBODY = Unread("", frozenset())


class WaitingEntries(Struct):
    """The entries that wait in some fragments."""

    files: Files
    kinds: Mapping[str, Kind]
    fragments: Mapping[str, Waiting]
    values: dict[str, dict[tuple[int, int], Json]] = field(default_factory=dict)

    def read(self, reader: PartReader) -> list[DesiredEntry]:
        """What the fragments say of them, by file."""
        lists: dict[tuple[str, int], list[tuple[str, WaitingEntry, bytes]]] = {}
        for path, fragment in sorted(self.fragments.items()):
            sections = sections_of(fragment)
            texts = self.files.parts(path, [(item.start, item.end) for item in fragment.items])
            for item, text in zip(fragment.items, texts, strict=True):
                section = sections[item.section]
                lists.setdefault((section.key, section.indent), []).append((path, item, text))
        for (key, indent), items in lists.items():
            for first in range(0, len(items), _AT_ONCE):
                some = items[first : first + _AT_ONCE]
                head = key.encode() + b":"
                section = ListSection(key, indent, 0, len(head) + 1, len(head) + 1)
                document = reader.some(head, b"", section, [text for _, _, text in some])
                if document is None:
                    raise FullPlanRequired("an entry that waits has to be read with its fragment")
                for (path, item, _), value in zip(some, document[key], strict=True):
                    self.values.setdefault(path, {})[item.section, item.index] = value
        return self._declared()

    def _declared(self) -> list[DesiredEntry]:
        found: list[DesiredEntry] = []
        for path, fragment in sorted(self.fragments.items()):
            for item in fragment.items:
                kind = self.kinds[fragment.sections[item.section][0]]
                place = Place(path, 0, (kind.name, item.index))
                entry = declared(self.kinds, kind, place, self.values[path][item.section, item.index])
                if entry is None or entry.address != item.address:
                    raise FullPlanRequired("an entry that waits is another one")
                found.append(entry)
        return found

    def state(self) -> dict[str, StateEntry]:
        """What the state knows of them."""
        found: dict[str, StateEntry] = {}
        for path, fragment in self.fragments.items():
            spans: dict[str, list[tuple[int, int]]] = {}
            for home, start, end in fragment.records:
                spans.setdefault(home, []).append((start, end))
            parts = {home: iter(self.files.parts(home, some)) for home, some in spans.items()}
            text = record_text(path, [next(parts[home]) for home, _, _ in fragment.records])
            records = parse_file(path, text).records
            if [record.address for record in records] != fragment.known:
                raise FullPlanRequired("what is remembered of an entry that waits is something else")
            for record in records:
                found[record.address] = StateEntry(record.address, path, (record.applied,))
        return found

    def located(self) -> dict[Place, Location]:
        """Where they stand for people, as far as that is known."""
        return {
            Place(path, 0, (fragment.sections[item.section][0], item.index)): Location(
                path, item.line, item.column
            )
            for path, fragment in self.fragments.items()
            for item in fragment.items
            if item.line
        }

    def source(self, path: str) -> SourceFile:
        """A fragment with the values of the entries that wait, and its bytes: where they stand is asked."""
        data = self.files.content(path)
        sections = sections_of(self.fragments[path])
        document: dict[str, Json] = {}
        for number, section in enumerate(sections):
            values = self.values.get(path, {})
            count = len(section.starts(data)) - 1
            document[section.key] = [values.get((number, index), _NOBODY) for index in range(count)]
        return SourceFile(path, data, (document,), True, (), sections)


def with_entries(fragments: Fragments, more: Iterable[DesiredEntry]) -> tuple[DesiredEntry, ...]:
    """What fragments declare together, in the order of files."""
    found: dict[str, list[DesiredEntry]] = {}
    for entry in (*fragments.entries, *more):
        found.setdefault(entry.place.file, []).append(entry)
    return tuple(entry for _, entries in sorted(found.items()) for entry in entries)


def with_records(state: State, more: Mapping[str, StateEntry]) -> dict[str, StateEntry]:
    """What the state knows, with what was read of it one by one."""
    if not state.entries.keys().isdisjoint(more):
        raise FullPlanRequired("the state knows an entry twice")
    return dict(sorted([*state.entries.items(), *more.items()]))
