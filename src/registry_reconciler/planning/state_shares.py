"""Which file of the state each record of one fragment stands in, and what stands between them. Pure.

An apply of one entry writes one small file, also of a fragment with thousands. So a fragment has several files once
one is full. What git merges must not change with that, and so a record never moves: it stays in the file that it was
put into, until it moves in the fragment. A new one stands with the one that it follows in the fragment, or in a new
file where that file is full. Two insertions then meet in one file of ours only where they meet in the fragment.

Two records that are neighbours in a file and not in the fragment have a line between them, which stays when one of
them goes: what happens on both sides of it is apart in the fragment as well.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from msgspec import Struct, field

from registry_reconciler.loading.state import Applied, Record
from registry_reconciler.loading.state.files import BREAK, ELSEWHERE, NO_MARKS, rendered_size

FILLED = 24_000
"""So many bytes of records are put into one file at once: there is room for what comes between them."""
FULL = 40_000
"""A file with as many takes no new record."""
MOST = 48_000
"""One with more is parted. Its records move then, and meet what another branch made of them: once, of a state from
before there were parts, and hardly ever again."""


class Stood(NamedTuple):
    """What stood in a file: the addresses in their order, as they are now where they were renamed, and the marks."""

    addresses: Sequence[str]
    marks: Mapping[int, str] = NO_MARKS


def stood_together(sides: Sequence[Stood]) -> Stood:
    """A file with a conflict as one: what a later side has alone stands behind what it has before that."""
    found, *others = sides
    for side in others:
        known, before = set(found.addresses), None
        alone: dict[str | None, list[tuple[str, str]]] = {}
        for number, address in enumerate(side.addresses):
            if address in known:
                before = address
            else:
                alone.setdefault(before, []).append((address, side.marks.get(number, "")))
        rows = alone.get(None, [])
        for number, address in enumerate(found.addresses):
            rows += [(address, found.marks.get(number, "")), *alone.get(address, ())]
        rows.append(("", found.marks.get(len(found.addresses), "")))
        marks = {number: mark for number, (_, mark) in enumerate(rows) if mark}
        found = Stood([address for address, _ in rows[:-1]], marks)
    return found


class Share(Struct):
    """The records of one file.

    Attributes:
        path: of the file; ``None``: it is to be made.
        size: bytes of its records.
        marks: what stands between them, as in :class:`~registry_reconciler.loading.state.StateFile`.
    """

    path: str | None
    records: list[Record] = field(default_factory=list)
    size: int = 0
    marks: dict[int, str] = field(default_factory=dict)

    def add(self, record: Record, size: int) -> None:
        """Put one more behind the others."""
        self.records.append(record)
        self.size += size


def shares(
    records: Sequence[Record],
    stood: Mapping[str, Stood],
    breaks: Callable[[], Sequence[int] | None] = lambda: None,
) -> list[Share]:
    """The records of a fragment, in its order, by file; files that are to be made stand behind those that are there.

    Args:
        stood: by path the files that there are. One that has no records any more stays: another branch may put one
            there.
        breaks: how many breaks of the fragment stand before each record, and behind the last one, where that is known.
            Asked for only where records come, go or move: to look for them is a twentieth of a plan that updates.
    """
    names = [record.address for record in records]
    if len(stood) == 1 and (same := _as_they_stood(records, names, *next(iter(stood.items())))):
        return [same]
    order = {address: number for number, address in enumerate(names)}
    homes = _homes(names, order, stood)
    found = _by_file(records, homes, stood)

    @cache
    def summed() -> Sequence[int] | None:
        known = breaks()
        return None if known is None else [*accumulate(known, initial=0)]

    between = _Between(names, order, homes, summed)
    for share in found:
        share.marks = between.marks(share, stood.get(share.path) if share.path else None)
    return found


def _as_they_stood(records: Sequence[Record], names: list[str], path: str, stood: Stood) -> Share | None:
    """The one file of a fragment in which no record comes, goes or moves; so most are, and nothing else is to be told.

    It saves a fiftieth of a plan that updates.
    """
    if not names or names != stood.addresses or (size := sum(map(rendered_size, records))) > MOST:
        return None
    marks = {number: kept for number, mark in stood.marks.items() if (kept := mark.replace(ELSEWHERE, ""))}
    return Share(path, list(records), size, marks)


def _by_file(records: Sequence[Record], homes: Mapping[str, str], paths: Iterable[str]) -> list[Share]:
    sizes = [rendered_size(record) for record in records]
    found = {path: Share(path) for path in paths}
    weight = dict.fromkeys(found, 0)
    for record, size in zip(records, sizes, strict=True):
        if record.address in homes:
            weight[homes[record.address]] += size
    new: list[Share] = []
    here: Share | None = next(
        (found[homes[record.address]] for record in records if record.address in homes), None
    )
    for record, size in zip(records, sizes, strict=True):
        path = homes.get(record.address)
        if path is not None:
            here = found[path]
        elif here is None or _room(here, weight, size) < 0:
            here = Share(None)
            new.append(here)
        if path is None and here.path is not None:
            weight[here.path] += size
        here.add(record, size)
    parted = [part for share in found.values() for part in _parted(share)]
    return [
        *(share for share in parted if share.path is not None),
        *(share for share in parted if share.path is None),
        *new,
    ]


def _room(share: Share, weight: Mapping[str, int], size: int) -> int:
    """How many bytes are free behind one more record. A file in the making is not filled up."""
    most = FILLED if share.path is None else FULL
    taken = share.size if share.path is None else weight[share.path]
    return most - taken - size if taken else 0


def _parted(share: Share) -> Iterator[Share]:
    if share.size <= MOST or len(share.records) == 1:
        yield share
        return
    here = Share(share.path)
    for record in share.records:
        size = rendered_size(record)
        if here.size and here.size + size > FILLED:
            yield here
            here = Share(None)
        here.add(record, size)
    yield here


def in_order(declared: Iterable[str], stood: Iterable[str], mine: Mapping[str, Applied]) -> list[str]:
    """As the fragment says; what only stood in the state comes behind the one that it stood behind, or first."""
    order = [address for address in dict.fromkeys(declared) if address in mine]
    there = set(order)
    behind: dict[str, list[str]] = {}
    before = ""
    for address in stood:
        if address in mine and address not in there:
            there.add(address)
            behind.setdefault(before, []).append(address)
        before = address if address in there else before
    found: list[str] = []
    left = [*reversed(order), ""]
    while left:
        address = left.pop()
        if address:
            found.append(address)
        # The one that was met last was put next to it, before those that were met earlier.
        left.extend(behind.pop(address, ()))
    return found + [address for address in mine if address not in there]


# --- which records stay where they are ---------------------------------------------------------------------------


def _homes(names: Sequence[str], order: Mapping[str, int], stood: Mapping[str, Stood]) -> dict[str, str]:
    """By address the file that a record stays in. One that moved in the fragment is new at its place."""
    homes: dict[str, str] = {}
    for path, file in stood.items():
        mine = [address for address in file.addresses if address in order and address not in homes]
        homes.update(dict.fromkeys(_in_order(mine, order), path))
    for path, file in stood.items() if len(stood) > 1 else ():
        while _put_apart(path, file, names, order, homes):
            pass
    return homes


def _in_order(addresses: Sequence[str], order: Mapping[str, int]) -> list[str]:
    """As many as possible that have the order of the fragment still."""
    places = [order[address] for address in addresses]
    if all(place < after for place, after in pairwise(places)):
        return list(addresses)
    ends: list[int] = []  # the smallest last place of a chain, by its length
    chain: list[int] = []
    before: dict[int, int] = {}
    for number, place in enumerate(places):
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
        chain[at : at + 1] = [number]
        before[number] = chain[at - 1] if at else -1
    kept: list[int] = []
    number = chain[-1]
    while number >= 0:
        kept.append(number)
        number = before[number]
    return [addresses[number] for number in reversed(kept)]


def _put_apart(
    path: str, file: Stood, names: Sequence[str], order: Mapping[str, int], homes: dict[str, str]
) -> bool:
    """Where records of another file stand between two that were neighbours, some moved: the fewest that it may be."""
    stay = [address for address in file.addresses if homes.get(address) == path]
    for number, (address, after) in enumerate(pairwise(stay), 1):
        if order[after] - order[address] == 1 or ELSEWHERE in _old_marks(file, address, after):
            continue
        others = [name for name in names[order[address] + 1 : order[after]] if name in homes]
        if others:
            for name in min(others, stay[:number], stay[number:], key=len):
                del homes[name]
            return True
    return False


def _old_marks(file: Stood, address: str, after: str) -> str:
    at = file.addresses.index(address)
    return "".join(
        file.marks.get(number, "") for number in range(at + 1, file.addresses.index(after, at) + 1)
    )


# --- what stands between them ------------------------------------------------------------------------------------


class _Between(NamedTuple):
    """What a fragment has between its records. A place is the number of a record in the fragment.

    Attributes:
        summed: how many breaks stand before each record and all that are before it; the first number is zero.
    """

    names: Sequence[str]
    order: Mapping[str, int]
    homes: Mapping[str, str]
    summed: Callable[[], Sequence[int] | None]

    def marks(self, share: Share, stood: Stood | None) -> dict[int, str]:
        """Of one file, by the number of the record behind them."""
        found: dict[int, str] = {}
        if not share.records:
            return found
        places = [-1, *(self.order[record.address] for record in share.records), len(self.names)]
        old = self._old_places(share, stood)
        for number, (place, after) in enumerate(pairwise(places)):
            was, was_after = old[number : number + 2]
            if stood is None:
                mark = self._anew(place, after)
            elif was is None or was_after is None:
                mark = self._anew(place, after)
                mark += ELSEWHERE * (self._lines_elsewhere(old, number, stood) - 1) * (ELSEWHERE in mark)
            else:
                mark = "".join(stood.marks.get(at, "") for at in range(was + 1, was_after + 1))
                inside = 0 < number < len(share.records)
                mark = self._kept(place, after, mark, neighbours=was_after - was == 1, inside=inside)
            if mark:
                found[number] = mark
        return found

    def _old_places(self, share: Share, stood: Stood | None) -> list[int | None]:
        """The number that each record had in its file, with the ends; ``None``: it is new there."""
        if stood is None:
            return [None] * (len(share.records) + 2)
        at = {address: number for number, address in enumerate(stood.addresses)}
        mine = (
            at.get(record.address) if self.homes.get(record.address) == share.path else None
            for record in share.records
        )
        return [-1, *mine, len(stood.addresses)]

    def _lines_elsewhere(self, old: Sequence[int | None], number: int, stood: Stood) -> int:
        """How many lines there were where something new stands now: each may keep two other records apart."""
        before = next(at for at in reversed(old[: number + 1]) if at is not None)
        after = next(at for at in old[number + 1 :] if at is not None)
        lines = (stood.marks.get(at, "") for at in range(before + 1, after + 1))
        return max(1, sum(mark.count(ELSEWHERE) for mark in lines))

    def _anew(self, place: int, after: int) -> str:
        """Breaks that follow a record of this file belong to it, those behind others' to theirs."""
        elsewhere = after - place > 1
        mine = 0 if elsewhere and place < 0 else self._breaks(place, place + 1)
        return BREAK * mine + ELSEWHERE * elsewhere

    def _kept(self, place: int, after: int, mark: str, *, neighbours: bool, inside: bool) -> str:
        """What stood there stays while it is true: a line that goes or comes meets what another branch does there.

        At the ends of a file it parts nothing and stays: a record that is alone there moves without a trace, and so
        another branch can delete it.
        """
        if after - place == 1 and inside:
            mark = mark.replace(ELSEWHERE, "")
        elif (
            after - place > 1
            and ELSEWHERE not in mark
            and not {self.names[place + 1], self.names[after - 1]} <= self.homes.keys()
        ):
            mark += ELSEWHERE
        if not neighbours and BREAK in mark and self._fewer(place, after, mark.count(BREAK)):
            return self._anew(place, after)
        return mark

    def _fewer(self, place: int, after: int, breaks: int) -> bool:
        """Whether it is known that the fragment has fewer breaks there now."""
        return self.summed() is not None and self._breaks(place, after) < breaks

    def _breaks(self, place: int, after: int) -> int:
        summed = self.summed()
        return summed[after + 1] - summed[place + 1] if summed else 0
