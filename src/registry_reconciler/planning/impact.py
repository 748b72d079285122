"""Who depends on an entry: the references of an entry set, followed backwards. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import FieldPath, same
from registry_reconciler.model.fields import values_of
from registry_reconciler.model.references import address_of, keys_in, references_in
from registry_reconciler.planning.check import EntrySets
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.links import Link
from registry_reconciler.rules.links import referrers as linked
from registry_reconciler.rules.unloaded import Elsewhere

MOST_DEPENDENTS = 1_000
"""So many dependents of one entry are named."""

_MOST_NAMED = 50_000
"""So many are named in a whole plan, but always :data:`_FEWEST` each. In a circle every entry depends on every other,
and in a chain on half of them, so naming them all would cost the square of their number."""

_FEWEST = 20

_FOLLOWED = 20_000
"""So many references are followed to count dependents, for all changes of a plan together; behind that a count says
"at least". Of a larger plan :data:`_FOLLOWED_EACH` for each change: it takes what its size asks for, and no square."""

_FOLLOWED_EACH = 100


def references_of(entry_set: EntrySet, item: Entry) -> Iterator[tuple[FieldPath, str, Entry | None, bool]]:
    """The references of an entry: field, the key there, the entry it leads to (``None``: there is none here), and
    whether another repository may have it."""
    for reference in entry_set.kinds[item.kind].references:
        for path, key in references_in(reference, item.value):
            if key not in reference.allow:
                yield path, key, entry_set.resolve(reference.kinds, key), reference.in_fleet


def referrers(entry_set: EntrySet) -> dict[str, tuple[str, ...]]:
    """For each address the addresses of the entries that refer to it."""
    found = _referring(entry_set).items()
    return {address: tuple(sorted(set(sources))) for address, sources in found if address in entry_set.items}


def _referring(entry_set: EntrySet) -> dict[str, list[str]]:
    """For each address that is referred to, there or not, the addresses of those that do, some of them repeatedly."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for kind in entry_set.kinds.values():
        for reference in kind.references:
            values, allowed = values_of(reference.field), reference.allow
            # Most references are to one kind, and every reference of an entry set passes here.
            prefix = f"{reference.kinds[0]}/" if len(reference.kinds) == 1 else ""
            for item in entry_set.of(kind.name):
                source = item.address
                for value in values(item.value):
                    for key in (value,) if type(value) is str else [key for _, key in keys_in(value)]:
                        address = (
                            prefix + key if prefix else address_of(entry_set.items, reference.kinds, key)
                        )
                        if address != source and key not in allowed:
                            found[address].append(source)
    return found


class Referrers(Protocol):
    """For an address the addresses of those that refer to it, sorted."""

    def get(self, address: str, default: tuple[str, ...], /) -> Iterable[str]:
        """See the class."""


class _Everywhere(Struct, frozen=True):
    """Who refers to an entry, among those that were loaded and among the rest; few entries are asked about."""

    loaded: Mapping[str, Iterable[str]]
    elsewhere: Elsewhere
    known: dict[str, Sequence[str]]

    def get(self, address: str, default: tuple[str, ...], /) -> Iterable[str]:
        found = self.known.get(address)
        if found is None:
            found = self.known[address] = self._look(address, default)
        return found

    def _look(self, address: str, default: tuple[str, ...]) -> Sequence[str]:
        # What was loaded may refer to what was not, and is there all the same.
        return sorted({*self.loaded.get(address, default), *self.elsewhere.referrers(address)})


class _Resolved(Struct, frozen=True):
    """Who refers to an entry, by the links that the rules looked up: a sixth of the time of looking them up again."""

    links: Mapping[str, Sequence[Link]]
    known: dict[str, Sequence[str]]

    def get(self, address: str, default: tuple[str, ...], /) -> Iterable[str]:  # noqa: ARG002
        found = self.known.get(address)
        if found is None:
            sources = {
                link.item.address
                for link in self.links.get(address, ())
                if link.value not in link.reference.allow
            }
            found = self.known[address] = sorted(sources - {address})
        return found


def _referrers_in(entry_set: EntrySet) -> Referrers:
    elsewhere = entry_set.rest.elsewhere
    if elsewhere is None:
        return _Resolved(linked(entry_set), {})
    return _Everywhere(_referring(entry_set), elsewhere, {})


class Impact(Struct, frozen=True):
    """Who depends on a changed entry.

    Attributes:
        named: their addresses, sorted; of very many the nearest ones.
        total: how many there are.
        counted: whether all were counted; if not, there are at least ``total``.
    """

    named: tuple[str, ...] = ()
    total: int = 0
    counted: bool = True


class Effort(Struct):
    """How many references may still be followed, for all changes of a plan together, and how many for one of them."""

    left: int = _FOLLOWED
    each: int = _FOLLOWED

    @classmethod
    def for_changes(cls, count: int) -> Effort:
        """What is spent on a plan of so many changes."""
        return cls(max(_FOLLOWED, _FOLLOWED_EACH * count), max(_FOLLOWED_EACH, _FOLLOWED // max(1, count)))


def dependents(starts: Iterable[tuple[Referrers, str]], itself: str, most: int, effort: Effort) -> Impact:
    """What depends on the old and the new address of one entry, each in the entry set that has it, directly or
    through others; of more than ``most`` the nearest are named."""
    seen: dict[str, None] = {itself: None}
    named: set[str] = set()
    counted = True
    until = max(0, effort.left - effort.each)
    for graph, start in starts:
        ring = [start]
        nearest: dict[str, None] = {}
        reached = {start}
        while ring and counted:
            found: dict[str, None] = {}
            for address in ring:
                sources = graph.get(address, ())
                found.update(dict.fromkeys(sources))
                effort.left -= 1 + len(tuple(sources))
            ring = [source for source in found if source not in reached]
            reached.update(ring)
            nearest.update(dict.fromkeys(ring))
            counted = effort.left > until or not ring
        seen.update(nearest)
        named.update([address for address in nearest if address != itself][:most])
    return Impact(tuple(sorted(named)), len(seen) - 1, counted)


def impacts(entry_sets: EntrySets, changes: tuple[Change, ...]) -> dict[str, Impact]:
    """Dependents by changed address: before the plan for what goes, after it for everything else."""
    if all(same(change.before, change.after) for change in changes):
        return {}
    after = _referrers_in(entry_sets.after)
    looks_back = any(change.from_address or change.action is Action.DELETE for change in changes)
    before = _referrers_in(entry_sets.before) if looks_back else {}
    most = min(MOST_DEPENDENTS, max(_FEWEST, _MOST_NAMED // len(changes)))
    effort = Effort.for_changes(len(changes))
    found: dict[str, Impact] = {}
    for change in changes:
        if same(change.before, change.after):
            continue
        starts: list[tuple[Referrers, str]] = [
            (before if change.action is Action.DELETE else after, change.address)
        ]
        if change.from_address:
            starts.append((before, change.from_address))
        found[change.address] = dependents(starts, change.address, most, effort)
    return found


def with_impact(change: Change, found: Mapping[str, Impact], more: Sequence[str] = ()) -> Change:
    """A change that says who depends on it; ``more``: what else it concerns, such as files."""
    impact = found.get(change.address, Impact())
    return replace(
        change,
        impact=(*impact.named, *more),
        impact_total=impact.total + len(more),
        impact_counted=impact.counted,
    )
