"""Fragments with entries about which there is something to say: those are looked at each time, their neighbours not.

A change waits until it is applied, and a problem or a hand edit until somebody settles it. Such entries stand among
others of which nothing is to be said. While a fragment and the files of its state have the bytes that they had, the
neighbours need not be read: here is remembered where the texts of the others stand, in the fragment and in the state.
A text that was read with its file says the same alone (:mod:`registry_reconciler.formats.yaml.read.chunks`).

What the state of such a fragment comes out as is remembered too (:class:`~.rules.unloaded.KnownState`): its other
records go into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.formats.yaml.read.chunks import ListSection
from registry_reconciler.loading.state.files import Record, parse_file, quoted, render_file
from registry_reconciler.model.change import Change
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.planning.check import may_exceed_ascii
from registry_reconciler.planning.diff.records import MOST_LOOKED_AT, count_in, touched_fragments
from registry_reconciler.planning.known_registries import is_in_place
from registry_reconciler.planning.known_state import keys
from registry_reconciler.planning.state_changes import StateChanges
from registry_reconciler.planning.state_heals import order_heals
from registry_reconciler.rules.unloaded import KnownRegistry, KnownState

if TYPE_CHECKING:
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.planning.pipeline import Planning

NOBODY = 2**32 - 1
"""Stands for the number of an entry that a fragment declares and no registry has."""


class WaitingEntry(Struct, array_like=True):
    """An entry that waits, where its fragment says it.

    Attributes:
        section: the number of its list.
        index: of the item in that.
        start, end: of the text behind the dash.
        around: tells all that the text of the entry and its comments are taken from (:func:`around`).
        line, column: where that is for people, of one that the plan changes; else 0.
    """

    address: str
    section: int
    index: int
    start: int
    end: int
    around: str
    line: int = 0
    column: int = 0


class Waiting(Struct):
    """What is remembered of a fragment of which only some entries are looked at each time.

    Attributes:
        sections: where its lists stand: key, column, offsets of the key line, of the first item, and behind it.
        items: of the entries that wait.
        records: what the state knows of those: file, offsets.
        known: the addresses of these records.
        unreported: the entries of which nothing is said but that they change.
        left_out: how many other entries it has, by kind.
        registries: the files that all of its entries stand in, each with their kind.
        state: what its state comes out as.
        beyond_ascii: it may have other characters than ASCII, written out or escaped.
    """

    sections: list[tuple[str, int, int, int, int]]
    items: list[WaitingEntry]
    records: list[tuple[str, int, int]]
    known: list[str]
    unreported: list[str]
    left_out: dict[str, int]
    registries: dict[str, str]
    state: KnownState
    beyond_ascii: bool

    @property
    def addresses(self) -> set[str]:
        """The entries that wait."""
        return {*self.known, *(item.address for item in self.items)}


def around(data: bytes, sections: Sequence[ListSection], number: int, index: int) -> str:
    """Tells an item of a list, its neighbours and what stands beside all lists from others: more is not looked at to
    take its text out (:func:`~registry_reconciler.formats.yaml.edit.window.extract_items`)."""
    digest = blake2b(digest_size=16)
    position = 0
    for section in sections:
        digest.update(data[position : section.start] + b"\n\0")
        position = section.end
    digest.update(data[position:] + b"\n\0")
    starts = sections[number].starts(data)
    first, last = max(index - 1, 0), min(index + 2, len(starts) - 1)
    digest.update(b"%d %d %d\0" % (number, index - first, last - index) + data[starts[first] : starts[last]])
    return digest.hexdigest()


def record_text(fragment: str, parts: Sequence[bytes]) -> bytes:
    """A file of the state with only some of its records."""
    return render_file(fragment, (), ()) + b"".join(parts)


class WaitingFragments:
    """Tells of the fragments of a plan of the whole what there is to remember, where that can be done."""

    def __init__(self, planning: Planning, numbers: Mapping[str, int], flagged: Collection[str]) -> None:
        self._planning = planning
        self._loaded = planning.loaded
        self._numbers = numbers
        self._flagged = flagged
        self._state_files = _by_fragment(planning)

    @cached_property
    def _problems(self) -> dict[str, list[str]]:
        """By file the addresses of the problems that stand there."""
        found: dict[str, list[str]] = {}
        for problem in self._planning.plan.problems:
            found.setdefault(problem.place.file, []).append(problem.address)
        return found

    @cached_property
    def _spoken_of(self) -> set[str]:
        problems = self._planning.plan.problems
        return {address for problem in problems for address in (problem.address, *problem.others)}

    @cached_property
    def _updated(self) -> set[str]:
        """The entries that are updated where they stand."""
        return {change.address for change in self._planning.plan.changes if is_in_place(change)}

    @cached_property
    def _lines(self) -> dict[str, tuple[int, int]]:
        """Where the fragments say what is changed: line and column."""
        return {
            change.address: (change.origin_location.line, change.origin_location.column)
            for change in self._planning.plan.changes
            if change.origin_location is not None
        }

    @cached_property
    def _renamed(self) -> set[str]:
        return {
            address
            for change in self._planning.plan.changes
            if change.from_address
            for address in (change.address, change.from_address)
        }

    @cached_property
    def _repeated(self) -> set[str]:
        """The entries that are declared more than once."""
        times = Counter(entry.address for entry in self._loaded.fragments.entries)
        return {address for address, count in times.items() if count > 1}

    @cached_property
    def _enlarged(self) -> set[str]:
        """The fragments that get new files of the state: whose names follow from everything that is written."""
        found = set()
        for file in self._planning.plan.files:
            if file.before is None and file.path.startswith(f"{STATE_FOLDER}/") and file.content:
                found.add(parse_file(file.path, file.content).fragment)
        return found

    @cached_property
    def disordered(self) -> set[str]:
        """The fragments whose entries stand in another order than in the state: whatever is written mends that."""
        return {heal.fragment for heal in order_heals(self._loaded)}

    @cached_property
    def _work(self) -> StateChanges:
        work = StateChanges(self._loaded, self._planning.desired)
        work.take(self._planning.plan.changes)
        return work

    @cached_property
    def records_fit(self) -> bool:
        """Whether the plan looked at what is remembered of the neighbours of what it changes."""
        state, desired = self._loaded.state.entries, self._planning.desired.entries
        plan = self._planning.plan
        touched = set(touched_fragments(plan.changes, plan.heals, state, desired))
        return len(state) <= MOST_LOOKED_AT or count_in(state, touched) <= MOST_LOOKED_AT

    def waiting(self, path: str, source: SourceFile, addresses: Sequence[str]) -> Waiting | None:
        """What to remember of a fragment; ``None`` where it is to be read each time."""
        homes = self._state_files.get(path, [])
        records = {
            record.address: (home, record)
            for home in homes
            for record in self._loaded.state.files[home][0].records
        }
        pending = {
            address
            for address in {*addresses, *records}
            if address not in self._numbers or address in self._flagged
        }
        if not self._is_plain(path, homes, addresses, records, pending):
            return None
        items = list(self._items(source, addresses, pending))
        spans = self._spans(path, {address: records[address] for address in sorted(pending & records.keys())})
        if spans is None or len(items) != len(pending.intersection(addresses)):
            return None
        left_out = Counter(address.partition("/")[0] for address in addresses if address not in pending)
        live = self._loaded.live.entries
        return Waiting(
            sections=[(s.key, s.indent, s.head, s.start, s.end) for s in source.sections],
            items=items,
            records=spans,
            known=sorted(pending & records.keys()),
            unreported=sorted((pending & self._updated) - self._spoken_of),
            left_out=dict(left_out),
            registries={
                entry.place.file: entry.kind for entry in map(live.get, addresses) if entry is not None
            },
            state=self._known_state(path, homes),
            beyond_ascii=may_exceed_ascii(source.data or b""),
        )

    def _is_plain(
        self,
        path: str,
        homes: Sequence[str],
        addresses: Sequence[str],
        records: Mapping[str, tuple[str, Record]],
        pending: set[str],
    ) -> bool:
        state, desired = self._loaded.state, self._planning.desired.entries
        records_count = sum(len(state.files[home][0].records) for home in homes)
        return (
            path not in self._enlarged
            and pending.isdisjoint(self._renamed)
            and self._repeated.isdisjoint(addresses)
            and set(self._problems.get(path, ())) <= pending
            and len(records) == records_count
            and not any(records[address][1].former for address in pending & records.keys())
            and all(state.entries[a].fragment == path for a in {*records, *pending} & state.entries.keys())
            and all(desired[a].place.file == path for a in pending & desired.keys())
            # What does not wait is in both, and fits.
            and set(addresses) - pending == records.keys() - pending
            and (len(state.entries) > MOST_LOOKED_AT or self._fit(set(addresses) - pending))
        )

    def _fit(self, addresses: Collection[str]) -> bool:
        loaded = self._loaded
        return all(
            loaded.state.entries[address].all_say(loaded.kinds[live.kind], live.value)
            for address in addresses
            for live in [loaded.live.entries[address]]
        )

    def _items(
        self, source: SourceFile, addresses: Sequence[str], pending: set[str]
    ) -> Iterator[WaitingEntry]:
        """The entries that wait, in the order of the fragment: its entries are those of its lists, one for one."""
        assert source.data is not None
        at = 0
        for number, section in enumerate(source.sections):
            starts, inside = section.starts(source.data), len(section.mark) - 1
            for index, (start, end) in enumerate(pairwise(starts)):
                if at < len(addresses) and addresses[at] in pending:
                    near = around(source.data, source.sections, number, index)
                    line, column = self._lines.get(addresses[at], (0, 0))
                    yield WaitingEntry(
                        addresses[at], number, index, start + inside, end - 1, near, line, column
                    )
                at += 1
        if at != len(addresses):
            yield from [WaitingEntry("", 0, 0, 0, 0, "")] * (len(addresses) + 1)  # not every item is an entry

    def _spans(
        self, path: str, records: Mapping[str, tuple[str, Record]]
    ) -> list[tuple[str, int, int]] | None:
        """Where records stand; ``None`` where they would not be read from there as they were."""
        found: list[tuple[str, int, int]] = []
        parts: list[bytes] = []
        for address, (home, _) in records.items():
            data = self._loaded.tree.read(home) or b""
            start = data.find(f"\n@ {quoted(address)} ".encode("utf-8", "surrogatepass")) + 1
            ends = [at for mark in (b"\n@ ", b"\n! ") if (at := data.find(mark, start)) >= 0]
            end = min(ends) + 1 if ends else len(data)
            if not start or b"\r" in data:
                return None
            found.append((home, start, end))
            parts.append(data[start:end])
        read = parse_file(path, record_text(path, parts))
        wanted = tuple(record for _, record in records.values())
        return found if read.records == wanted and not read.faults and not read.protects else None

    def registries(
        self, pending: Collection[str], live: Collection[str]
    ) -> Iterator[tuple[str, KnownRegistry]]:
        """What registry files come out as into which only changes go that wait, of entries where they stand.

        Args:
            pending: the entries that are looked at one by one.
            live: the files of the remembered kinds.
        """
        plan = self._planning.plan
        if plan.former_files or any(problem.code.startswith("WRT") for problem in plan.problems):
            return
        moving = set()
        changed: dict[str, list[Change]] = {}
        for change in plan.changes:
            if change.writes:
                changed.setdefault(change.file, []).append(change)
                if not is_in_place(change) or change.live is None or change.live.file != change.file:
                    moving.add(change.kind)
        for path, changes in changed.items():
            kind, addresses = changes[0].kind, frozenset(change.address for change in changes)
            before, after = self._files.get(path, (None, None))
            if before is None or after is None or path not in live or path in plan.derived_files:
                continue
            if kind not in moving and addresses.issubset(pending):
                yield path, KnownRegistry(kind, before, after, addresses)

    def _known_state(self, path: str, homes: Sequence[str]) -> KnownState:
        files = self._files
        written = tuple((home, *files[home]) for home in homes if home in files)
        return KnownState(self._keys.get(path, ""), written)

    @cached_property
    def _files(self) -> dict[str, tuple[str | None, str | None]]:
        return {file.path: (file.before, file.after) for file in self._planning.plan.files}

    @cached_property
    def _keys(self) -> dict[str, str]:
        return keys(self._work, self._work.touched)


def _by_fragment(planning: Planning) -> dict[str, list[str]]:
    """The state files about each fragment."""
    found: dict[str, list[str]] = {}
    for path, sides in planning.loaded.state.files.items():
        found.setdefault(sides[0].fragment, []).append(path)
    return found


def sections_of(fragment: Waiting) -> tuple[ListSection, ...]:
    """Where the lists of a fragment stand."""
    return tuple(ListSection(*section) for section in fragment.sections)
