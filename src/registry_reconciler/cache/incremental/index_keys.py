"""By what entries know each other: what one gives and what it asks, apart from its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from registry_reconciler.model.entry import Json, canonical
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.kind import Kind


class IndexKeys(NamedTuple):
    """What rules over several entries look at in one of them.

    Attributes:
        names: its name and aliases.
        refs: for each value of a reference twice the number of the reference in its kind, and the text that stands
            there; one more for a whole number, which rules read as a key and lists of dependents do not.
        uniques: its values of fields that the kind calls unique, as one text each.
    """

    names: tuple[str, ...] = ()
    refs: tuple[tuple[int, str], ...] = ()
    uniques: tuple[str, ...] = ()


NONE = IndexKeys()


Values: TypeAlias = Callable[[Mapping[str, Json]], Sequence[Json]]


def _values(selector: Selector) -> Values:
    """What a selector selects, without its paths: this is asked of every entry of a workspace."""
    first, *rest = selector.steps
    if first is not None and not rest:
        return lambda value: (value[first],) if first in value else ()
    if first is not None and rest == [None]:
        return lambda value: _items(value.get(first))
    return lambda value: [found for _, found in selector.find(value)]


def _items(value: Json) -> Sequence[Json]:
    if type(value) is list:
        return value
    return list(value.values()) if type(value) is dict else ()


class KeyExtractor:
    """Takes the index keys out of entries of one kind."""

    def __init__(self, kind: Kind) -> None:
        roles = (kind.names.name, kind.names.aliases)
        self._names = [_values(role) for role in roles if role is not None]
        self._refs = [(number, _values(one.field)) for number, one in enumerate(kind.references)]
        self._uniques = [[_values(selector) for selector in group] for group in kind.unique]

    def index_keys(self, value: Mapping[str, Json]) -> IndexKeys:
        """The index keys of a value."""
        names: list[str] = []
        for values in self._names:
            for found in values(value):
                if type(found) is str:
                    names.append(found)
                elif type(found) is list:
                    names += [name for name in found if type(name) is str]
        refs: list[tuple[int, str]] = []
        for number, values in self._refs:
            for found in values(value):
                if type(found) is str:
                    refs.append((2 * number, found))
                elif isinstance(found, int) and not isinstance(found, bool):
                    refs.append((2 * number + 1, str(found)))
                elif type(found) is list:
                    refs += [(2 * number, one) for one in found if type(one) is str]
        return IndexKeys(tuple(names), tuple(refs), tuple(self._unique(value)) if self._uniques else ())

    def _unique(self, value: Mapping[str, Json]) -> list[str]:
        told: list[str] = []
        for number, group in enumerate(self._uniques):
            if len(group) == 1:
                told += (canonical([number, found]) for found in group[0](value) if found is not None)
            else:
                told.append(canonical([number, *(next(iter(values(value)), None) for values in group)]))
        return told


class KeyExtractors:
    """Takes the index keys out of entries of any kind; entries of no kind have none."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._known: dict[str, KeyExtractor] = {}

    def of(self, kind: str) -> KeyExtractor:
        """What takes them out of entries of a kind. Raises :class:`KeyError` where there is no such kind."""
        if kind not in self._known:
            self._known[kind] = KeyExtractor(self._kinds[kind])
        return self._known[kind]

    def index_keys(self, kind: str, *values: Mapping[str, Json]) -> IndexKeys:
        """The index keys of an entry in any of its versions."""
        if kind not in self._kinds or not values:
            return NONE
        return both(*map(self.of(kind).index_keys, values))


def both(*index_keys: IndexKeys) -> IndexKeys:
    """What any of several versions of an entry gives or asks."""
    if len(index_keys) == 1:
        return index_keys[0]
    return IndexKeys(
        tuple(dict.fromkeys(name for index_key in index_keys for name in index_key.names)),
        tuple(dict.fromkeys(ref for index_key in index_keys for ref in index_key.refs)),
        tuple(dict.fromkeys(value for index_key in index_keys for value in index_key.uniques)),
    )
