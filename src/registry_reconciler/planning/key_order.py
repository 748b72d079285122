"""The order of the entries in a container, and where a new one goes among them.

People sort lists in several ways, seldom without a slip, and often group by group. Adding at the end of a list that is
sorted is what makes branches conflict, so the order is looked for before that is done.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from registry_reconciler.formats.unread import UnreadNeeded
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import LayoutRow
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry
from registry_reconciler.model.kind import Kind

_MOST_SLIPS = 0.05
"""So many of a list's neighbours may be out of order, and it is called sorted all the same."""

_MOST_GROUPING_FIELDS = 20

Order = Callable[[str], Any]


def _as_numbers(key: str) -> list[tuple[int, int, str]]:
    """Runs of digits count as numbers: ``v2`` before ``v10``."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold())
        for part in re.split(r"(\d{1,18})", key)
        if part
    ]


_ORDERS: tuple[Order, ...] = (str, str.casefold, _as_numbers)


def order_of(keys: Sequence[str]) -> Order | None:
    """How keys are sorted: by code points, ignoring case, or as numbers; ``None``: they are not.

    An order without a slip wins; else the one with the fewest, where they are few enough.
    """
    best: tuple[int, Order] | None = None
    for order in _ORDERS:
        ranked = [order(key) for key in keys]
        slips = sum(left > right for left, right in pairwise(ranked))
        if best is None or slips < best[0]:
            best = slips, order
        if not slips:
            break
    if best is None:
        return None
    slips, order = best
    return order if not slips or slips < _MOST_SLIPS * (len(keys) - 1) else None


def _backbone(ranked: Sequence[Any]) -> list[int]:
    """The positions of a longest run of items in order: those that are out of order are left out."""
    ends: list[int] = []
    tails: list[Any] = []
    before: list[int] = []
    for index, rank in enumerate(ranked):
        size = bisect_right(tails, rank)
        before.append(ends[size - 1] if size else -1)
        if size == len(tails):
            tails.append(rank)
            ends.append(index)
        else:
            tails[size], ends[size] = rank, index
    found: list[int] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]


class _Sorted:
    """Keys in an order, with few slips, and where another goes among them."""

    def __init__(self, keys: Sequence[str], order: Order) -> None:
        self.order = order
        ranked = [order(key) for key in keys]
        self._positions = _backbone(ranked)
        self._ranked = [ranked[at] for at in self._positions]

    def position(self, key: str) -> int | None:
        """The position of the key that a new one stands before; ``None``: it is the last."""
        at = bisect_left(self._ranked, self.order(key))
        return self._positions[at] if at < len(self._positions) else None


class NewSlot(NamedTuple):
    """Where a new entry goes.

    Attributes:
        position: of the entry that it stands before; ``None``: the end.
        rank: several new ones at one position stand in the order of theirs.
    """

    position: int | None
    rank: tuple[int, Any]


_END = NewSlot(None, (sys.maxsize, ""))


class ContainerOrder:
    """The entries directly in one container, in file order, with what is asked of them for each new one."""

    def __init__(self, entries: list[LiveEntry]) -> None:
        self.entries = entries
        self._keys = [entry.key for entry in entries]
        order = order_of(self._keys)
        self._sorted = None if order is None else _Sorted(self._keys, order)
        self._grouping: tuple[str, dict[str, range]] | None = None
        self._asked = False
        self._groups: dict[str, _Sorted | None] = {}

    def slot_for(self, kind: Kind, key: str, value: Json = None) -> NewSlot:
        """Where a new entry goes: sorted if the others are, inside its group if they are grouped, else the end."""
        if kind.order == "end":
            return _END
        if self._sorted is not None:
            return NewSlot(self._sorted.position(key), (0, self._sorted.order(key)))
        return self._in_group(kind, key, value)

    def _in_group(self, kind: Kind, key: str, value: Json) -> NewSlot:
        if not self._asked:
            self._asked = True
            self._grouping = _grouping(kind, self.entries)
        if self._grouping is None:
            return _END
        name, groups = self._grouping
        word = _word(value, name) or ""
        group = groups.get(word)
        if group is None:
            return _END
        if word not in self._groups:
            keys = [self._keys[at] for at in group]
            order = order_of(keys)
            self._groups[word] = None if order is None else _Sorted(keys, order)
        inside = self._groups[word]
        position = None if inside is None else inside.position(key)
        after = group.stop if group.stop < len(self.entries) else None
        where = after if position is None else group.start + position
        return NewSlot(where, (group.start, "" if inside is None else inside.order(key)))


def _word(value: Json, name: str) -> str | None:
    part = value.get(name) if isinstance(value, dict) else None
    return str(part) if isinstance(part, str | int) and not isinstance(part, bool) and part != "" else None


def _grouping(kind: Kind, entries: Sequence[LiveEntry]) -> tuple[str, dict[str, range]] | None:
    """The field that entries stand together by, and where those of each value stand; ``None`` where there is none.

    The field with the fewest groups is meant, of which most have several entries.
    """
    if len(entries) < 4:
        return None
    if not all(entry.value for entry in entries):
        raise UnreadNeeded("an entry goes where others of its group stand")
    own = {selector.text for selector in kind.key} | set(LAYOUTS[kind.layout].placed_fields(kind))
    names = [name for name in entries[0].value if name not in own][:_MOST_GROUPING_FIELDS]
    best: tuple[str, dict[str, range]] | None = None
    for name in names:
        groups = _runs([_word(entry.value, name) for entry in entries])
        if groups is not None and (best is None or len(groups) < len(best[1])):
            best = name, groups
    return best


def _runs(words: Sequence[str | None]) -> dict[str, range] | None:
    """Where each word stands; ``None`` where one stands in two places, or there is nothing to tell groups by."""
    found: dict[str, range] = {}
    start = 0
    for at, word in enumerate(words):
        if word is None:
            return None
        if at and word != words[at - 1]:
            start = at
        if word in found and start != found[word].start:
            return None
        found[word] = range(start, at + 1)
    return found if 2 <= len(found) <= len(words) // 2 else None


def rows_of(entries: Iterable[LiveEntry], layout: LayoutRow) -> dict[tuple[int, FieldPath], ContainerOrder]:
    """The entries of one kind in one file by the document and path of the container that they lie in directly.

    Those that are documents lie in the file, of which the first document stands.
    """
    found: dict[tuple[int, FieldPath], list[LiveEntry]] = {}
    for entry in entries:
        document, path = entry.place.document, entry.place.path
        if layout.documents:
            found.setdefault((0, ()), []).append(entry)
        elif path:
            found.setdefault((document, layout.item_path(path)[:-1]), []).append(entry)
    return {where: ContainerOrder(_in_file_order(inside, layout)) for where, inside in found.items()}


def _in_file_order(entries: list[LiveEntry], layout: LayoutRow) -> list[LiveEntry]:
    if layout.documents:
        return sorted(entries, key=lambda entry: entry.place.document)
    if all(isinstance(layout.item_path(entry.place.path)[-1], int) for entry in entries):
        return sorted(entries, key=lambda entry: layout.item_path(entry.place.path)[-1])
    return entries
