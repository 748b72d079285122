"""The differences between two values, field by field, as a reviewer reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.base.sequences import unequal
from registry_reconciler.model.change import FieldChange
from registry_reconciler.model.entry import MISSING, FieldPath, Json, canonical, same
from registry_reconciler.model.written import Opaque


def diff_values(before: Json, after: Json, path: FieldPath = ()) -> tuple[FieldChange, ...]:
    """Every differing part. Of lists, equal items are aligned first, so an insertion is one change.

    The path of what is gone counts in ``before``, of what is new or changed in ``after``.
    """
    return tuple(_diff(before, after, path))


def _diff(before: Json, after: Json, path: FieldPath) -> Iterator[FieldChange]:
    if same(before, after):
        return
    if Opaque in (type(before), type(after)):
        yield FieldChange(path, "update", before, after)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _diff_mappings(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _diff_lists(before, after, path)
    else:
        yield FieldChange(path, "update", before, after)


def _diff_mappings(before: dict[str, Json], after: dict[str, Json], path: FieldPath) -> Iterator[FieldChange]:
    for name in sorted({*before, *after}):
        if name not in after:
            yield FieldChange((*path, name), "delete", before[name], MISSING)
        elif name not in before:
            yield FieldChange((*path, name), "create", MISSING, after[name])
        else:
            yield from _diff(before[name], after[name], (*path, name))


def _diff_lists(before: list[Json], after: list[Json], path: FieldPath) -> Iterator[FieldChange]:
    for low, high, new_low, new_high in _blocks(before, after):
        paired = min(high - low, new_high - new_low)
        for step in range(paired):
            yield from _diff(before[low + step], after[new_low + step], (*path, new_low + step))
        for index in range(low + paired, high):
            yield FieldChange((*path, index), "delete", before[index], MISSING)
        for index in range(new_low + paired, new_high):
            yield FieldChange((*path, index), "create", MISSING, after[index])


def _blocks(before: list[Json], after: list[Json]) -> Iterator[tuple[int, int, int, int]]:
    if len(before) == len(after):
        yield 0, len(before), 0, len(after)
        return
    yield from unequal([canonical(one) for one in before], [canonical(one) for one in after])
