"""Items of a long list by columns: what is alike in thousands of them is looked at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from msgspec import Struct

from registry_reconciler.model.entry import Json

_ON_ONE_LINE = frozenset({int, float, bool, type(None)})


class Group(Struct, frozen=True):
    """Mappings with the same keys in the same order.

    Attributes:
        numbers: where they stand in their list.
        columns: their values, key by key.
    """

    keys: tuple[str, ...]
    numbers: Sequence[int]
    columns: Sequence[Sequence[Json]]


def mappings(keys: Sequence[str], columns: Sequence[Iterable[Json]]) -> list[dict[str, Json]]:
    """Items of their keys and columns: key by key they are made in a fourth of the time that each alone takes."""
    items = [{keys[0]: value} for value in columns[0]]
    for key, column in zip(keys[1:], columns[1:], strict=True):
        for item, value in zip(items, column, strict=True):
            item[key] = value
    return items


def by_keys(items: Sequence[Json]) -> Iterator[Group]:
    """The items that are mappings of scalars, none of which has several lines."""
    for keys, own in _numbers(items):
        group: list[Any] = list(items) if len(own) == len(items) else [items[number] for number in own]
        columns: list[Sequence[Json]] = [list(map(itemgetter(key), group)) for key in keys]
        odd = {at for column in columns for at in _odd(column)}
        if odd:
            own = [number for at, number in enumerate(own) if at not in odd]
            columns = [[value for at, value in enumerate(column) if at not in odd] for column in columns]
        yield Group(keys, own, columns)


def _numbers(items: Sequence[Json]) -> Iterator[tuple[tuple[str, ...], Sequence[int]]]:
    """The mappings that hold something, by their keys."""
    if set(map(type, items)) == {dict}:
        keys = list(items[0])
        if set(map(len, items)) == {len(keys)} and list(chain.from_iterable(items)) == keys * len(items):
            return iter([(tuple(keys), range(len(items)))] if keys else [])
    numbers: dict[tuple[str, ...], list[int]] = {}
    for number, item in enumerate(items):
        if type(item) is dict and item:
            numbers.setdefault(tuple(item), []).append(number)
    return iter(numbers.items())


def _odd(column: Sequence[Json]) -> Iterator[int]:
    """Which values of a column are no scalars of one line."""
    types = set(map(type, column))
    if types == {str}:
        types = set() if "\n" not in "".join(column) else types
    if types <= _ON_ONE_LINE:
        return
    for at, value in enumerate(column):
        if type(value) not in _ON_ONE_LINE and (type(value) is not str or "\n" in value):
            yield at
