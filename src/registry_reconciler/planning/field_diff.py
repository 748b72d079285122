"""The differences between two values, field by field, as a reviewer reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.sequences import Stretch, unequal
from registry_reconciler.model.change import FieldChange
from registry_reconciler.model.entry import MISSING, FieldPath, Json, canonical, same
from registry_reconciler.model.written import Opaque

_EFFORT = 50_000
"""So many values are looked at to find the shortest answer; behind that only equal items of lists are aligned."""

_MOST_PAIRS = 64
"""So many pairs of items are tried where some items of a list have to be matched with fewer others."""


def diff_values(before: Json, after: Json) -> tuple[FieldChange, ...]:
    """Every differing part. Of lists, equal items are aligned where that says it in fewer changes.

    The path of what is gone counts in ``before``, of what is new or changed in ``after``.
    """
    return tuple(_Comparing(_EFFORT).changes(before, after))


def applied(before: Json, fields: Iterable[FieldChange]) -> Json:
    """What the changes that :func:`diff_values` found make of the value before: the value after."""
    here: dict[str | int, list[FieldChange]] = {}
    gone: list[str | int] = []
    new: dict[str | int, Json] = {}
    for field in fields:
        if not field.path:
            return field.after
        step, rest = field.path[0], field.path[1:]
        if rest:
            here.setdefault(step, []).append(replace(field, path=rest))
        elif field.action == "delete":
            gone.append(step)
        elif field.action == "create":
            new[step] = field.after
        else:
            here[step] = [replace(field, path=())]
    if isinstance(before, dict):
        kept = {name: value for name, value in before.items() if name not in gone}
        changed = {name: applied(kept[str(name)], some) for name, some in here.items()}
        return {**kept, **changed, **new}
    if not isinstance(before, list):
        return before
    items = [value for index, value in enumerate(before) if index not in gone]
    for index in sorted(map(int, new)):
        items.insert(index, new[index])
    for place, some in here.items():
        items[int(place)] = applied(items[int(place)], some)
    return items


def _below(path: FieldPath, changes: Iterable[FieldChange]) -> list[FieldChange]:
    return [replace(change, path=(*path, *change.path)) for change in changes]


class _Comparing(Struct):
    """One comparison, with the effort that is left for it."""

    effort: int

    def changes(self, before: Json, after: Json) -> list[FieldChange]:
        if same(before, after):
            return []
        if Opaque in (type(before), type(after)):
            return [FieldChange((), "update", before, after)]
        if isinstance(before, dict) and isinstance(after, dict):
            self.effort -= len(before) + len(after)
            return self._of_mappings(before, after)
        if isinstance(before, list) and isinstance(after, list):
            return self._of_lists(before, after)
        return [FieldChange((), "update", before, after)]

    def _of_mappings(self, before: dict[str, Json], after: dict[str, Json]) -> list[FieldChange]:
        found: list[FieldChange] = []
        for name in sorted({*before, *after}):
            if name not in after:
                found.append(FieldChange((name,), "delete", before[name], MISSING))
            elif name not in before:
                found.append(FieldChange((name,), "create", MISSING, after[name]))
            else:
                found += _below((name,), self.changes(before[name], after[name]))
        return found

    def _of_lists(self, before: list[Json], after: list[Json]) -> list[FieldChange]:
        """Place by place, or with equal items aligned: whichever needs fewer words."""
        self.effort -= len(before) + len(after)
        stretches = list(unequal([canonical(item) for item in before], [canonical(item) for item in after]))
        whole = (0, len(before), 0, len(after))
        if stretches == [whole] or (
            len(before) == len(after) and all(_is_even(stretch) for stretch in stretches)
        ):
            return self._aligned(before, after, stretches)
        aligned = self._aligned(before, after, stretches)
        if self.effort <= 0:
            return aligned
        in_place = self._paired(before, after, [(k, k) for k in range(min(len(before), len(after)))], whole)
        in_place_wins = len(in_place) < len(aligned) + (len(before) == len(after))
        return in_place if in_place_wins else aligned

    def _aligned(
        self, before: list[Json], after: list[Json], stretches: Iterable[Stretch]
    ) -> list[FieldChange]:
        found: list[FieldChange] = []
        for stretch in stretches:
            found += self._paired(before, after, self._pairs(before, after, stretch), stretch)
        return found

    def _paired(
        self, before: list[Json], after: list[Json], pairs: Sequence[tuple[int, int]], stretch: Stretch
    ) -> list[FieldChange]:
        """The changes of a stretch in which some items stand for each other; the others go, or are new."""
        low, high, new_low, new_high = stretch
        found: list[FieldChange] = []
        for old, new in pairs:
            found += _below((new,), self.changes(before[old], after[new]))
        kept, used = {old for old, _ in pairs}, {new for _, new in pairs}
        found += [FieldChange((k,), "delete", before[k], MISSING) for k in range(low, high) if k not in kept]
        found += [
            FieldChange((k,), "create", MISSING, after[k]) for k in range(new_low, new_high) if k not in used
        ]
        return found

    def _pairs(self, before: list[Json], after: list[Json], stretch: Stretch) -> list[tuple[int, int]]:
        """Which items of a stretch stand for each other, in order: all of the shorter side, those most alike."""
        low, high, new_low, new_high = stretch
        paired = min(high - low, new_high - new_low)
        inside = (*before[low:high], *after[new_low:new_high])
        in_order = [(low + k, new_low + k) for k in range(paired)]
        if _is_even(stretch) or not paired or not any(isinstance(item, dict | list) for item in inside):
            return in_order
        if (high - low) * (new_high - new_low) > _MOST_PAIRS or self.effort <= 0:
            return in_order
        cost = [
            [len(self.changes(before[old], after[new])) for new in range(new_low, new_high)]
            for old in range(low, high)
        ]
        return [(low + old, new_low + new) for old, new in _cheapest(cost)]


def _is_even(stretch: Stretch) -> bool:
    low, high, new_low, new_high = stretch
    return high - low == new_high - new_low


def _cheapest(cost: list[list[int]]) -> list[tuple[int, int]]:
    """The cheapest pairs of rows and columns that keep their order and leave none of the fewer out."""
    rows, columns = len(cost), len(cost[0])
    if rows > columns:
        turned = [[cost[row][column] for row in range(rows)] for column in range(columns)]
        return [(row, column) for column, row in _cheapest(turned)]
    # best[r][c]: the rows from r on, matched with the columns from c on.
    best: list[list[float]] = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        best[row][columns] = float("inf")
        for column in range(columns - 1, -1, -1):
            taken = cost[row][column] + best[row + 1][column + 1]
            best[row][column] = min(taken, best[row][column + 1])
    pairs: list[tuple[int, int]] = []
    column = 0
    for row in range(rows):
        while best[row][column] != cost[row][column] + best[row + 1][column + 1]:
            column += 1
        pairs.append((row, column))
        column += 1
    return pairs
