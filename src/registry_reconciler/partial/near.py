"""Which entries a change reaches: those whose problems may differ, and those that rules have to look at for that.

A rule for remembered kinds judges an entry by itself and by the entries that give what it asks: its references, its
names and their owners, its unique values, keys that look like its own. So what may be judged differently asks for
something that a changed entry gives now or gave before; and to judge it, everybody who gives what it asks is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from registry_reconciler.kinds import Kind
from registry_reconciler.model import split_address
from registry_reconciler.partial.facts import Facts
from registry_reconciler.partial.memory import Memory
from registry_reconciler.rules.naming import look_alike


@dataclass(slots=True)
class Words:
    """What entries give or ask, without who: a superset costs time and no answer."""

    addresses: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    uniques: set[str] = field(default_factory=set)
    alike: set[str] = field(default_factory=set)

    def give(self, address: str, facts: Facts) -> None:
        """Add what an entry gives."""
        key = split_address(address)[1]
        self.addresses.add(address)
        self.keys.add(key)
        self.names.update(facts.names)
        self.uniques.update(facts.uniques)
        self.alike.add(look_alike(key))

    def ask(self, kind: Kind, address: str, facts: Facts) -> None:
        """Add what an entry asks."""
        self.names.update(facts.names)
        self.addresses.update(f"{kind.name}/{name}" for name in facts.names)
        for number, value in facts.refs:
            self.addresses.update(f"{target}/{value}" for target in kind.references[number].kinds)
            self.addresses.add(value)
            self.names.add(value)
        self.uniques.update(facts.uniques)
        self.alike.add(look_alike(split_address(address)[1]))


def reached(memory: Memory, given: Words) -> set[int]:
    """The remembered entries that ask for what changed entries give or gave."""
    words = given.keys | given.addresses | given.names
    return {
        *_holders(memory, "refs", words),
        *_holders(memory, "names", given.keys | given.names),
        *_holders(memory, "uniques", given.uniques),
        *_alike(memory, given),
    }


def looked_at(memory: Memory, asked: Words) -> set[int]:
    """The remembered entries that give what somebody asks."""
    numbers = memory.numbers
    return {
        *(numbers[address] for address in asked.addresses if address in numbers),
        *_holders(memory, "names", asked.names),
        *_holders(memory, "uniques", asked.uniques),
        *_alike(memory, asked),
    }


def _holders(memory: Memory, what: str, words: set[str]) -> set[int]:
    """The entries that have one of some words among their names, references or unique values."""
    from bisect import bisect_right

    column: list[str] = getattr(memory, what)
    if not words or not column:
        return set()
    ends = memory.ends(what)
    return {bisect_right(ends, index) for index, word in enumerate(column) if word in words}


def _alike(memory: Memory, words: Words) -> Iterable[int]:
    """The entries whose keys look like one of some keys."""
    numbers = memory.numbers
    for kind in memory.kinds:
        for key in words.alike:
            number = numbers.get(f"{kind}/{key}")
            if number is not None:
                yield number
    for number in memory.odd:
        if look_alike(split_address(memory.addresses[number])[1]) in words.alike:
            yield number


class Unloaded:
    """Answers about the remembered entries that were not loaded (see :class:`registry_reconciler.rest.Elsewhere`)."""

    def __init__(self, memory: Memory, kinds: Mapping[str, Kind], loaded: set[int]) -> None:
        self._memory = memory
        self._kinds = kinds
        self._loaded = loaded
        self._by_value: dict[str, list[int]] | None = None

    def keys(self, kinds: Iterable[str]) -> Iterable[str]:
        """The keys of the entries of some kinds."""
        wanted = set(kinds)
        for number, address in enumerate(self._memory.addresses):
            kind, key = split_address(address)
            if kind in wanted and number not in self._loaded:
                yield key

    def referrers(self, address: str) -> Iterable[str]:
        """The entries that refer to an address."""
        kind, key = split_address(address)
        memory = self._memory
        ends = memory.ends("refs")
        from bisect import bisect_right

        for index in self._places().get(key, ()):
            number = bisect_right(ends, index)
            source = memory.addresses[number]
            reference = self._kinds[split_address(source)[0]].references[memory.ref_numbers[index]]
            if kind in reference.kinds and key not in reference.allow and number not in self._loaded:
                yield source

    def _places(self) -> Mapping[str, list[int]]:
        """Where each value stands in the column of references."""
        if self._by_value is None:
            self._by_value = {}
            for index, value in enumerate(self._memory.refs):
                self._by_value.setdefault(value, []).append(index)
        return self._by_value
