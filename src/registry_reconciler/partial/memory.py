"""What is remembered of a workspace when all of it was looked at.

No value of any entry is kept, and no finding. An entry that had a problem, a change or drift, or that is declared in a
fragment which had, is not *remembered* but *small*: it is looked at every time. So are all entries of kinds that only
the whole can judge. Of a remembered entry it is known that nothing was to be said about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate
from typing import TYPE_CHECKING

from registry_reconciler.check import full_value
from registry_reconciler.kinds import Kind
from registry_reconciler.model import DesiredEntry, Json, LiveEntry, canonical
from registry_reconciler.partial import Whole
from registry_reconciler.partial.facts import Facts, Tellers
from registry_reconciler.rules.naming import look_alike
from registry_reconciler.state import state_path
from registry_reconciler.yamltext.chunks import Section, core

if TYPE_CHECKING:
    from registry_reconciler.planning import Planning
    from registry_reconciler.source import SourceFile

MOST_SMALL = 3_000
"""So many entries are looked at every time; with more of them a plan of a part is not worth it."""

_BUILT_IN = frozenset(
    {"module_type", "module_instance", "module_interface", "module_maturity", "route", "hook"}
    | {"ability_low", "ability_high"}
)
"""Kinds with rules of their own, which look at more than names, references and unique values."""


def rememberable(kind: Kind, kinds: Mapping[str, Kind]) -> bool:
    """Whether the rules for a kind look only at an entry and at those that it shares a fact with."""
    from registry_reconciler.storage.walk import inner_steps

    if kind.name in _BUILT_IN or kind.layout != "list" or len(kind.at) != 1 or kind.at[0].kind != "name":
        return False
    if kind.secrets or kind.paths or kind.acyclic or any(len(one.kinds) > 1 for one in kind.references):
        return False
    others = [other for other in kinds.values() if other is not kind]
    return not any(
        other.space == kind.space or inner_steps(kind, other) or inner_steps(other, kind) for other in others
    )


def item_digest(item: bytes) -> str:
    """Tells the text of one item of a list from every other."""
    return blake2b(item, digest_size=16).hexdigest()


def values_digest(values: Sequence[Json]) -> str:
    """Tells the values of an entry from all others."""
    text = canonical(list(values))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(slots=True)
class LiveFile:
    """A registry file of a remembered kind: one list of entries.

    Attributes:
        section: where the list stands: key, column, offsets of its key line, of its first item, and behind it.
        entries: the number of the entry of each item.
        digests: of each item's text.
        carried: the placeholders of the place that every one of them says itself.
    """

    kind: str
    carried: tuple[str, ...]
    section: tuple[str, int, int, int, int]
    entries: list[int]
    digests: list[str]


@dataclass(slots=True)
class Small:
    """An entry that is looked at every time, as it was: the digest of its values, and its facts."""

    digest: str
    facts: Facts


@dataclass(slots=True)
class Memory:
    """Everything that is remembered of one workspace.

    Attributes:
        settings: digests of the configuration and of the schema files: with others, nothing here holds.
        digests: of every fragment, registry and state file that holds remembered entries.
        kinds: the remembered kinds.
        addresses: of every entry of a remembered kind that is in the registries, sorted; its index is its number.
        facts, ...: theirs, one behind the other; ``counts`` say how many belong to each.
        fragments: by path: the numbers of the entries that it declares; only fragments all of whose entries are
            remembered ones.
        live: the registry files of the remembered kinds.
        always: the numbers of entries that had something to be said about them although no fragment declares them.
        unmanaged: the numbers of those that nobody manages.
        small: the others, by address.
        directives: fragments with directives, and their digests: with others, only the whole can tell.
    """

    settings: dict[str, str | None]
    digests: dict[str, str]
    kinds: tuple[str, ...]
    addresses: list[str]
    names: list[str]
    name_counts: list[int]
    refs: list[str]
    ref_numbers: list[int]
    ref_counts: list[int]
    uniques: list[str]
    unique_counts: list[int]
    fragments: dict[str, dict[str, list[int]]]
    live: dict[str, LiveFile]
    always: list[int]
    unmanaged: list[int]
    small: dict[str, Small]
    directives: dict[str, str]
    odd: list[int]
    _ends: dict[str, list[int]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _homes: dict[int, str] = field(default_factory=dict)

    @property
    def numbers(self) -> Mapping[str, int]:
        """The number of each address."""
        if not self._numbers:
            self._numbers.update(zip(self.addresses, range(len(self.addresses)), strict=True))
        return self._numbers

    @property
    def homes(self) -> Mapping[int, str]:
        """The fragment that declares each entry."""
        if not self._homes:
            for path, lists in self.fragments.items():
                for numbers in lists.values():
                    self._homes.update(dict.fromkeys(numbers, path))
        return self._homes

    def ends(self, what: str) -> list[int]:
        """For ``names``, ``refs`` or ``uniques``: where those of each entry end."""
        if what not in self._ends:
            self._ends[what] = list(accumulate(getattr(self, f"{what[:-1]}_counts")))
        return self._ends[what]

    def facts(self, number: int) -> Facts:
        """The facts of a remembered entry."""
        span = [slice(ends[number - 1] if number else 0, ends[number]) for ends in map(self.ends, _COLUMNS)]
        refs = zip(self.ref_numbers[span[1]], self.refs[span[1]], strict=True)
        return Facts(tuple(self.names[span[0]]), tuple(refs), tuple(self.uniques[span[2]]))


_COLUMNS = ("names", "refs", "uniques")


def memory_of(planning: Planning) -> Memory:
    """What to remember of a plan of the whole. Raises :class:`Whole` where a part could not be planned from it."""
    return _Remembering(planning).memory()


class _Remembering:
    def __init__(self, planning: Planning) -> None:
        self.planning = planning
        self.loaded = planning.loaded
        self.plan = planning.plan
        self._refuse()
        self.tellers = Tellers(self.loaded.kinds)
        self.kinds = {
            name: kind
            for name, kind in self.loaded.kinds.items()
            if rememberable(kind, self.loaded.kinds) and all(map(self._is_list, *self._files(kind)))
        }
        self.addresses = [one.address for one in self.loaded.live.entries.values() if one.kind in self.kinds]
        self.numbers = dict(zip(self.addresses, range(len(self.addresses)), strict=True))
        self.marked = set(self._marked())

    def _refuse(self) -> None:
        loaded = self.loaded
        if loaded.live.clashes or loaded.live.hidden_kinds or loaded.catalog.broken:
            raise Whole("something is hidden")
        if loaded.fragments.unreadable or loaded.state.repeated:
            raise Whole("a fragment or the state is not plain")

    def _files(self, kind: Kind) -> tuple[Iterable[str], Iterable[Kind]]:
        """The arguments of :meth:`_is_list`."""
        paths = self.loaded.live.files_of[kind.name]
        return paths, [kind] * len(paths)

    def _is_list(self, path: str, kind: Kind) -> bool:
        source = self.loaded.live.files[path]
        owners = sum(path in paths for paths in self.loaded.live.files_of.values())
        return (
            owners == 1
            and not source.problems
            and [one.key for one in source.sections] == [kind.at[0].name]
            and not any(one.place.file == path and not one.address for one in self.plan.problems)
        )

    def _marked(self) -> Iterator[str]:
        for change in self.plan.changes:
            yield change.address
            if change.from_address:
                yield change.from_address
        for drift in self.plan.drift:
            yield drift.address
        for problem in self.plan.problems:
            yield problem.address
        fragments = self.loaded.fragments
        for move in fragments.moves:
            yield from (move.source, move.target)
        yield from (removal.address for removal in fragments.removals)
        yield from (pattern.text for pattern in (*fragments.protects, *fragments.overrides))
        yield from (allowance.address for allowance in fragments.allowances)

    def memory(self) -> Memory:
        loaded = self.loaded
        fragments = dict(self._fragments())
        declared = {
            number for lists in fragments.values() for numbers in lists.values() for number in numbers
        }
        small = dict(self._small(declared))
        if len(small) > MOST_SMALL:
            raise Whole("too much to look at every time")
        managed = {*loaded.state.entries, *self.planning.desired.entries}
        unmanaged = [number for address, number in self.numbers.items() if address not in managed]
        live = dict(self._live())
        inputs = loaded.tree.inputs
        kept = [*fragments, *map(state_path, fragments), *live]
        facts = [self._facts(address) for address in self.addresses]
        return Memory(
            settings=self._settings(),
            digests={path: told for path in kept if (told := inputs.get(path)) is not None},
            kinds=tuple(self.kinds),
            addresses=self.addresses,
            names=[name for one in facts for name in one.names],
            name_counts=[len(one.names) for one in facts],
            refs=[value for one in facts for _, value in one.refs],
            ref_numbers=[number for one in facts for number, _ in one.refs],
            ref_counts=[len(one.refs) for one in facts],
            uniques=[value for one in facts for value in one.uniques],
            unique_counts=[len(one.uniques) for one in facts],
            fragments=fragments,
            live=live,
            always=[self.numbers[one] for one in sorted(self.marked) if one in self.numbers],
            unmanaged=unmanaged,
            small=small,
            directives={path: told for path in self._directed() if (told := inputs.get(path)) is not None},
            odd=[number for address, number in self.numbers.items() if _odd(address)],
        )

    def _settings(self) -> dict[str, str | None]:
        from registry_reconciler.config import CONFIG_PATH

        inputs = self.loaded.tree.inputs
        return {path: inputs.get(path) for path in (CONFIG_PATH, *self.loaded.catalog.files)}

    def _directed(self) -> set[str]:
        fragments = self.loaded.fragments
        groups = (
            fragments.moves,
            fragments.removals,
            fragments.protects,
            fragments.overrides,
            fragments.allowances,
        )
        return {one.place.file for group in groups for one in group}

    def _fragments(self) -> Iterator[tuple[str, dict[str, list[int]]]]:
        """The fragments of which everything is remembered."""
        by_file: dict[str, list[str]] = {}
        for entry in self.loaded.fragments.entries:
            by_file.setdefault(entry.place.file, []).append(entry.address)
        spoken_of = {problem.place.file for problem in self.plan.problems}
        for path, source in self.loaded.fragments.files.items():
            addresses = by_file.get(path, [])
            if path in spoken_of or state_path(path) in spoken_of or not self._is_fragment(source):
                continue
            if all(map(self._is_settled, addresses)) and self._is_remembered_state(path, addresses):
                lists: dict[str, list[int]] = {}
                for address in addresses:
                    lists.setdefault(address.partition("/")[0], []).append(self.numbers[address])
                yield path, lists

    def _is_fragment(self, source: SourceFile) -> bool:
        keys = [one.key for one in source.sections]
        return (
            bool(keys)
            and not source.problems
            and len(source.documents) == 1
            and sorted(source.documents[0]) == sorted(keys)
            and all(key in self.kinds for key in keys)
        )

    def _is_settled(self, address: str) -> bool:
        return address in self.numbers and address not in self.marked

    def _is_remembered_state(self, path: str, addresses: Sequence[str]) -> bool:
        lines = self.loaded.state.lines.get(state_path(path), ())
        return sorted(one.address for one in lines) == sorted(addresses)

    def _small(self, declared: set[int]) -> Iterator[tuple[str, Small]]:
        """What is looked at every time, with the digest of its values and its facts in either of them."""
        loaded, desired = self.loaded, self.planning.desired.entries
        known = {self.addresses[number] for number in declared}
        everywhere = {*desired, *loaded.state.entries, *loaded.live.entries}
        for address in sorted(everywhere):
            is_live = address in self.numbers
            unmanaged = is_live and address not in desired and address not in loaded.state.entries
            if address in known or (unmanaged and address not in self.marked):
                continue
            values = values_of(loaded.live.entries.get(address), desired.get(address))
            yield address, small_of(self.tellers, address, values)

    def _live(self) -> Iterator[tuple[str, LiveFile]]:
        by_place: dict[str, dict[int, int]] = {}
        for number, address in enumerate(self.addresses):
            place = self.loaded.live.entries[address].place
            by_place.setdefault(place.file, {})[place.path[1]] = number  # type: ignore[index]
        for kind in self.kinds.values():
            for path in self.loaded.live.files_of[kind.name]:
                source = self.loaded.live.files[path]
                section = source.sections[0]
                assert source.data is not None
                items = [core(item, section.indent) for item in section.items(source.data)]
                places = by_place.get(path, {})
                if len(places) != len(items):
                    raise Whole(f"not every item of {path} is an entry")
                yield (
                    path,
                    LiveFile(
                        kind.name,
                        self._carried(kind, path, places.values()),
                        (section.key, section.indent, section.head, section.start, section.end),
                        [places[index] for index in range(len(items))],
                        list(map(item_digest, items)),
                    ),
                )

    def _carried(self, kind: Kind, path: str, numbers: Iterable[int]) -> tuple[str, ...]:
        entries = self.loaded.live.entries
        found = {entries[self.addresses[number]].carried for number in numbers}
        if len(found) > 1:
            raise Whole(f"the entries of {path} say different placeholders")
        return tuple(sorted(found.pop())) if found else ()

    def _facts(self, address: str) -> Facts:
        entry = self.loaded.live.entries[address]
        return self.tellers.facts(entry.kind, full_value(entry))


def values_of(live: LiveEntry | None, desired: DesiredEntry | None) -> list[dict[str, Json]]:
    """The values of an entry, as far as there are any."""
    return [*([full_value(live)] if live else ()), *([desired.value] if desired else ())]


def small_of(tellers: Tellers, address: str, values: Sequence[Mapping[str, Json]]) -> Small:
    """An entry that is looked at every time, by its values."""
    return Small(values_digest(values), tellers.facts(address.partition("/")[0], *values))


def _odd(address: str) -> bool:
    key = address.partition("/")[2]
    return look_alike(key) != key


def section_of(file: LiveFile) -> Section:
    """Where the list of a registry file stands."""
    return Section(*file.section)
