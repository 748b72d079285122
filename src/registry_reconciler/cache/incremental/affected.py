"""Which entries a change reaches: those whose problems may differ, and those that rules have to look at for that.

A rule for remembered kinds judges an entry by itself and by the entries that give what it asks: its references, its
names and their owners, its unique values, keys that look like its own, and what rules of one's own looked up for it. It
does so in two entry sets, before a plan and after it. So what may be judged differently asks for something that is
given, now or then, by an entry that changed or that the plan changes; and to judge it, everybody who gives what it asks
is looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from msgspec import Struct, field

from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.incremental.columns import Column
from registry_reconciler.cache.incremental.index_keys import IndexKeys
from registry_reconciler.cache.incremental.memory import WorkspaceMemory
from registry_reconciler.model.entry import split_address
from registry_reconciler.model.kind import Kind
from registry_reconciler.rules.entry_set import Entry
from registry_reconciler.rules.naming import look_alike


class IndexWords(Struct):
    """What entries give or ask, without who: a superset costs time and no answer."""

    addresses: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    uniques: set[str] = field(default_factory=set)
    alike: set[str] = field(default_factory=set)
    gives: set[str] = field(default_factory=set)

    def give(self, address: str, index_keys: IndexKeys) -> None:
        """Add what an entry gives."""
        key = split_address(address)[1]
        self.addresses.add(address)
        self.keys.add(key)
        self.names.update(index_keys.names)
        self.uniques.update(index_keys.uniques)
        self.alike.add(look_alike(key))
        self.gives.update(index_keys.gives)

    def ask(self, kind: Kind, address: str, index_keys: IndexKeys) -> None:
        """Add what an entry asks."""
        self.names.update(index_keys.names)
        self.addresses.update(f"{kind.name}/{name}" for name in index_keys.names)
        for number, value in index_keys.refs:
            self.addresses.update(f"{target}/{value}" for target in kind.references[number].kinds)
            self.addresses.add(value)
            self.names.add(value)
        self.uniques.update(index_keys.uniques)
        self.alike.add(look_alike(split_address(address)[1]))


def affected(memory: WorkspaceMemory, given: IndexWords) -> set[int]:
    """The remembered entries that ask for what changed entries give or gave."""
    words = given.keys | given.addresses | given.names
    return {
        *memory.refs.holders(words),
        *memory.names.holders(given.keys | given.names),
        *memory.uniques.holders(given.uniques),
        *memory.looked.holders(given.addresses | given.gives),
        *_alike(memory, given),
    }


def context(memory: WorkspaceMemory, asked: IndexWords) -> set[int]:
    """The remembered entries that give what somebody asks."""
    return {
        *(number for address in asked.addresses if (number := memory.number(address)) is not None),
        *memory.names.holders(asked.names),
        *memory.uniques.holders(asked.uniques),
        *_alike(memory, asked),
    }


def _alike(memory: WorkspaceMemory, words: IndexWords) -> Iterable[int]:
    """The entries whose keys look like one of some keys."""
    for kind in memory.kinds:
        for key in words.alike:
            number = memory.number(f"{kind}/{key}")
            if number is not None:
                yield number
    for number in memory.odd:
        if look_alike(split_address(memory.addresses[number])[1]) in words.alike:
            yield number


_MANY = 10

MOST_LOOKED_UP = 5_000
"""So many entries are loaded because rules look them up; with more of them the whole is as fast."""


class UnloadedEntries:
    """Answers about the remembered entries that were not loaded (see
    :class:`registry_reconciler.rules.unloaded.Elsewhere`).

    Args:
        loaded: the numbers of those that were.
        load: loads some, for rules of one's own that look them up.
    """

    def __init__(
        self,
        memory: WorkspaceMemory,
        kinds: Mapping[str, Kind],
        loaded: set[int],
        load: Callable[[set[int]], Iterable[Entry]],
    ) -> None:
        self._memory = memory
        self._kinds = kinds
        self._loaded = loaded
        self._load = load
        self._entries: dict[int, Entry] = {}
        self._refs = _ColumnFinder(memory.refs)
        self._gives = _ColumnFinder(memory.gives)

    def keys(self, kinds: Iterable[str]) -> Iterable[str]:
        """The keys of the entries of some kinds."""
        addresses = self._memory.addresses
        for kind in dict.fromkeys(kinds):
            # The addresses are sorted, so those of a kind stand together.
            start = f"{kind}/"
            first = bisect_left(addresses, start)
            last = bisect_left(addresses, f"{kind}0", first)
            cuts = [first - 1, *sorted(number for number in self._loaded if first <= number < last), last]
            for before, after in pairwise(cuts):
                yield from (address[len(start) :] for address in addresses[before + 1 : after])

    def referrers(self, address: str) -> Iterable[str]:
        """The entries that refer to an address."""
        kind, key = split_address(address)
        memory = self._memory
        for index in self._refs.indexes(key):
            number = memory.refs.holder(index)
            source = memory.addresses[number]
            reference = self._kinds[split_address(source)[0]].references[memory.ref_numbers[index]]
            if kind in reference.kinds and key not in reference.allow and number not in self._loaded:
                yield source

    def entry(self, address: str) -> Entry | None:
        """An entry."""
        number = self._memory.number(address)
        return None if number is None else next(iter(self._some({number})), None)

    def of(self, kind: str) -> Iterable[Entry]:
        """The entries of a kind."""
        start = f"{kind}/"
        addresses = self._memory.addresses
        numbers = {number for number, address in enumerate(addresses) if address.startswith(start)}
        return self._load(numbers - self._loaded)

    def having(self, kind: str, field: str, wanted: str) -> list[Entry]:
        """The entries of a kind that have a value in a field."""
        from registry_reconciler.expressions.look_ups import indexed_in, value_word

        indexes = self._gives.indexes(value_word(kind, field, wanted))
        found = self._some({self._memory.gives.holder(index) for index in indexes})
        return [entry for entry in found if entry.kind == kind and wanted in indexed_in(entry.value, field)]

    def referring(self, kind: str, address: str) -> list[Entry]:
        """The entries of a kind that refer to an address."""
        from registry_reconciler.expressions.look_ups import referrer_word

        indexes = self._gives.indexes(referrer_word(kind, address))
        return self._some({self._memory.gives.holder(index) for index in indexes})

    def _some(self, numbers: set[int]) -> list[Entry]:
        wanted = numbers - self._loaded
        new = wanted - self._entries.keys()
        if len(self._entries) + len(new) > MOST_LOOKED_UP:
            raise FullPlanRequired("rules look too much up")
        for entry in self._load(new) if new else ():
            number = self._memory.number(entry.address)
            assert number is not None
            self._entries[number] = entry
        return [self._entries[number] for number in sorted(wanted)]


class _ColumnFinder:
    """Where words stand in a column; when many were asked for, an index is made."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._asked = 0

    def indexes(self, word: str) -> Iterable[int]:
        self._asked += 1
        if self._asked < _MANY and not self._column.is_indexed:
            return self._column.indexes(word)
        return self._column.by_word.get(word, ())
