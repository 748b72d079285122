"""Which of the entries that were loaded have to be judged, what they ask, and what those give that may be others.

An entry that waits as it did changes nothing for anybody: the plan that is remembered changed it as this one does. If
nothing was said of it but that it changes, nothing is said of it now, unless what it asks is given by an entry that is
not what it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from registry_reconciler.cache.incremental.affected import IndexWords
from registry_reconciler.cache.incremental.full_plan import always_checked_of, values_of
from registry_reconciler.cache.incremental.index_keys import KeyExtractors
from registry_reconciler.cache.incremental.memory import AlwaysChecked, WorkspaceMemory
from registry_reconciler.cache.incremental.registry_texts import LiveText
from registry_reconciler.cache.incremental.waiting import around
from registry_reconciler.formats.table import YAML
from registry_reconciler.formats.yaml.edit.own_text import lines_of
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import Place, same, split_address
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.check import full_value
from registry_reconciler.rules.comments import written_in


class CacheComparison:
    """Holds what was loaded against what is remembered.

    Args:
        by_item: the entries that wait in fragments that are what they were.
        read: the fragments that were read whole.
        as_before: what decides about those beside what stands in files is as it was.
    """

    def __init__(
        self,
        memory: WorkspaceMemory,
        kinds: Mapping[str, Kind],
        extractors: KeyExtractors,
        texts: Mapping[str, LiveText],
        loaded: Loaded,
        by_item: Collection[str],
        read: Collection[str],
        *,
        as_before: bool,
    ) -> None:
        self._memory = memory
        self._kinds = kinds
        self._extractors = extractors
        self._texts = texts
        self._loaded = loaded
        self._read = read
        declared = sorted(
            loaded.fragments.entries, key=lambda entry: (entry.address, entry.place), reverse=True
        )
        self.desired = {entry.address: entry for entry in declared}
        """What is planned with: of two declarations of an entry, as everywhere, the first."""
        self._repeated = {
            address for address, times in Counter(e.address for e in declared).items() if times > 1
        }
        self.pending = frozenset(address for address in by_item if as_before and self._is_in_both(address))
        """Those that wait as they did."""
        self.pending_unchanged = self.pending.union(self._with_same_text())
        """Those that wait, and that their fragments say with the same text."""

    def _is_in_both(self, address: str) -> bool:
        return address in self._loaded.live.entries and address in self.desired

    def _with_same_text(self) -> Iterator[str]:
        """The entries that waited in fragments that were read now, and whose text there is what it was."""
        fragments = self._loaded.fragments.files
        for path, fragment in self._memory.waiting.items():
            source = fragments.get(path) if path in self._read else None
            if source is None or source.data is None:
                continue
            numbers = {section.key: number for number, section in enumerate(source.sections)}
            for item in fragment.items:
                entry = self.desired.get(item.address)
                if entry is None or entry.place.file != path or not self._is_in_both(item.address):
                    continue
                kind, index = entry.place.path[:2]
                if kind in numbers and isinstance(index, int):
                    now = around(source.data, source.sections, numbers[str(kind)], index)
                    if now == item.around and len(source.sections) == len(fragment.sections):
                        yield item.address

    def to_judge(self, addresses: Collection[str]) -> tuple[set[str], IndexWords, IndexWords]:
        """Those of some entries that have to be judged, what they ask, and what those give that may be others."""
        given, asked = IndexWords(), IndexWords()
        unreported = {
            address
            for fragment in self._memory.waiting.values()
            for address in fragment.unreported
            if address in self.pending
        }
        found = {
            address for address in addresses if address not in unreported and not self._is_clean(address)
        }
        for address in found:
            self.tell(address, given, asked)
        for address in unreported:
            if self._is_reached(address, given):
                found.add(address)
                self.tell(address, given, asked)
        return found, given, asked

    def _is_reached(self, address: str, given: IndexWords) -> bool:
        """Whether what an entry that waits asks is given, now or then, by one that may be another."""
        memory, own = self._memory, IndexWords()
        own.ask(self._kinds[split_address(address)[0]], address, memory.always_checked[address].index_keys)
        number = memory.number(address)
        looked = () if number is None else memory.looked.words[memory.looked.span(number)]
        return not (
            own.addresses.isdisjoint(given.addresses)
            and own.names.isdisjoint(given.keys | given.names)
            and own.uniques.isdisjoint(given.uniques)
            and own.alike.isdisjoint(given.alike)
            and given.addresses.isdisjoint(looked)
            and given.gives.isdisjoint(looked)
        )

    def _is_clean(self, address: str) -> bool:
        """Whether an entry that was loaded with others of its fragment is what it was, as far as rules can see."""
        memory, number = self._memory, self._memory.number(address)
        live, desired = self._loaded.live.entries.get(address), self.desired.get(address)
        if number is None or not memory.declared[number] or live is None or desired is None:
            return False
        if address in memory.always_checked or address in self._repeated:
            return False
        text = self._texts[live.place.file]
        return (
            number in text.places
            and same(live.value, desired.value)
            and address in self._loaded.state.entries
            and not self._says_more(desired.place, text, text.places[number])
        )

    def _says_more(self, place: Place, text: LiveText, index: int) -> bool:
        """Whether a fragment has a comment of an entry that its item in a registry has not: a rule looks at that."""
        source = self._loaded.fragments.files.get(place.file)
        if source is None or source.data is None or b"#" not in source.data:
            return False
        key, number = place.path[:2]
        section = next((section for section in source.sections if section.key == key), None)
        if section is None or place.document or not isinstance(number, int):
            return True
        starts = section.starts(source.data)
        before = starts[number - 1] if number else section.head
        own = lines_of(
            source.data[starts[number] : starts[number + 1]],
            source.data[before : starts[number]],
            section.indent,
        )
        if b"#" not in own:
            return False
        start, end = text.starts[index], text.starts[index + 1]
        live = text.parts(((start, end), (text.starts[index - 1] if index else text.section.head, start)))
        bodies = set(written_in(lines_of(live[0], live[1], text.section.indent).decode(), YAML))
        return not bodies.issuperset(written_in(own.decode(), YAML))

    def tell(self, address: str, given: IndexWords, asked: IndexWords) -> None:
        """What a loaded entry asks, and, if it may have changed, what it gives and gave."""
        kind = split_address(address)[0]
        values = values_of(self._loaded.live.entries.get(address), self.desired.get(address))
        old = self._memory.always_checked.get(address)
        if old is not None and address in self.pending:
            asked.ask(self._kinds[kind], address, old.index_keys)
            return
        new = (
            always_checked_of(self._extractors, address, values)
            if old
            else AlwaysChecked("", self._extractors.index_keys(kind, *values))
        )
        if kind in self._kinds:
            asked.ask(self._kinds[kind], address, new.index_keys)
        # An entry whose two values differ, or that is in one place only, may be changed by this plan and was not by
        # the one that is remembered, or the other way round: for that its values need not be others.
        agreed = len(values) == 2 and same(values[0], values[1])
        if old is None or not agreed or old.digest != new.digest:
            given.give(address, new.index_keys)
            if old is not None:
                given.give(address, old.index_keys)
            else:
                self._tell_old(address, given)

    def _tell_old(self, address: str, given: IndexWords) -> None:
        """What a remembered entry gave: what is remembered are the index_keys of what its registry said."""
        number, live = self._memory.number(address), self._loaded.live.entries.get(address)
        if number is None:
            return
        if live is not None and number in self._texts[live.place.file].places:
            given.give(address, self._extractors.index_keys(live.kind, full_value(live)))
        else:
            given.give(address, self._memory.index_keys(number))
