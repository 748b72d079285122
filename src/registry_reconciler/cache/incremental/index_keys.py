"""By what entries know each other: what one gives and what it asks, apart from its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from registry_reconciler.model.entry import Json, canonical
from registry_reconciler.model.fields import values_of
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.references import keys_in
from registry_reconciler.rules.own import LookedUp


class IndexKeys(NamedTuple):
    """What rules over several entries look at in one of them.

    Attributes:
        names: its name and aliases.
        refs: for each value of a reference the number of the reference in its kind, and the key that stands there.
        uniques: its values of fields that the kind calls unique, as one text each.
        gives: the words by which rules of the workspace's own find it, beside its address
            (:mod:`registry_reconciler.expressions.look_ups`).
    """

    names: tuple[str, ...] = ()
    refs: tuple[tuple[int, str], ...] = ()
    uniques: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


NONE = IndexKeys()


class KeyExtractor:
    """Takes the index keys out of entries of one kind."""

    def __init__(self, kind: Kind, looked_up: LookedUp) -> None:
        self._kind = kind
        self._fields = looked_up.fields.get(kind.name, ())
        self._is_referrer = kind.name in looked_up.referrers
        roles = (kind.names.name, kind.names.aliases)
        self._names = [values_of(role) for role in roles if role is not None]
        self._refs = [
            (number, values_of(reference.field)) for number, reference in enumerate(kind.references)
        ]
        self._uniques = [[values_of(selector) for selector in group] for group in kind.unique]

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
                    refs.append((number, found))
                else:
                    refs += [(number, key) for _, key in keys_in(found)]
        uniques = tuple(self._unique(value)) if self._uniques else ()
        gives = tuple(dict.fromkeys(self._gives(value, refs))) if self._fields or self._is_referrer else ()
        return IndexKeys(tuple(names), tuple(refs), uniques, gives)

    def _gives(self, value: Mapping[str, Json], refs: Sequence[tuple[int, str]]) -> Iterator[str]:
        from registry_reconciler.expressions.look_ups import indexed_in, referrer_word, value_word

        name = self._kind.name
        for field in self._fields:
            yield from (value_word(name, field, part) for part in indexed_in(value, field))
        for number, text in refs if self._is_referrer else ():
            kinds = self._kind.references[number].kinds
            targets = [f"{kind}/{text}" for kind in kinds] + ([text] if len(kinds) > 1 else [])
            yield from (referrer_word(name, address) for address in targets)

    def _unique(self, value: Mapping[str, Json]) -> list[str]:
        keys: list[str] = []
        for number, group in enumerate(self._uniques):
            if len(group) == 1:
                keys += (canonical([number, found]) for found in group[0](value) if found is not None)
            else:
                keys.append(canonical([number, *(next(iter(values(value)), None) for values in group)]))
        return keys


class KeyExtractors:
    """Takes the index keys out of entries of any kind; entries of no kind have none."""

    def __init__(self, kinds: Mapping[str, Kind], looked_up: LookedUp) -> None:
        self._kinds = kinds
        self._looked_up = looked_up
        self._known: dict[str, KeyExtractor] = {}

    def of(self, kind: str) -> KeyExtractor:
        """What tells the index keys of entries of a kind. Raises :class:`KeyError` where there is no such kind."""
        if kind not in self._known:
            self._known[kind] = KeyExtractor(self._kinds[kind], self._looked_up)
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
        tuple(dict.fromkeys(name for entry_keys in index_keys for name in entry_keys.names)),
        tuple(dict.fromkeys(ref for entry_keys in index_keys for ref in entry_keys.refs)),
        tuple(dict.fromkeys(value for entry_keys in index_keys for value in entry_keys.uniques)),
        tuple(dict.fromkeys(word for entry_keys in index_keys for word in entry_keys.gives)),
    )
