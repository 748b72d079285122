"""By what entries know each other: what one gives and what it asks, apart from its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from registry_reconciler.kinds import Kind
from registry_reconciler.model import Json, canonical
from registry_reconciler.rules.shapes import finder


class Facts(NamedTuple):
    """What rules over several entries look at in one of them.

    Attributes:
        names: its name and aliases.
        refs: number of the reference in its kind, and the text or number that stands there.
        uniques: its values of fields that the kind calls unique, as one text each.
    """

    names: tuple[str, ...] = ()
    refs: tuple[tuple[int, str], ...] = ()
    uniques: tuple[str, ...] = ()


NONE = Facts()


class Teller:
    """Tells the facts of entries of one kind."""

    def __init__(self, kind: Kind) -> None:
        roles = (kind.names.name, kind.names.aliases)
        self._names = [finder(role) for role in roles if role is not None]
        self._refs = [(number, finder(one.field)) for number, one in enumerate(kind.references)]
        self._uniques = [[finder(selector) for selector in group] for group in kind.unique]

    def facts(self, value: Mapping[str, Json]) -> Facts:
        """The facts of a value."""
        names: list[str] = []
        for find in self._names:
            for _, found in find(value):
                for name in found if type(found) is list else (found,):
                    if type(name) is str:
                        names.append(name)
        refs = [
            (number, found if type(found) is str else str(found))
            for number, find in self._refs
            for _, found in find(value)
            if type(found) is str or type(found) is int
        ]
        return Facts(tuple(names), tuple(refs), tuple(self._unique(value)) if self._uniques else ())

    def _unique(self, value: Mapping[str, Json]) -> list[str]:
        told: list[str] = []
        for number, finders in enumerate(self._uniques):
            if len(finders) == 1:
                told += (canonical([number, found]) for _, found in finders[0](value) if found is not None)
            else:
                first = [next(iter(find(value)), ((), None))[1] for find in finders]
                told.append(canonical([number, *first]))
        return told


class Tellers:
    """Tells the facts of entries of any kind; entries of no kind have none."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._known: dict[str, Teller] = {}

    def facts(self, kind: str, *values: Mapping[str, Json]) -> Facts:
        """The facts of an entry in any of its versions."""
        if kind not in self._known:
            if kind not in self._kinds:
                return NONE
            self._known[kind] = Teller(self._kinds[kind])
        teller = self._known[kind]
        return both(*map(teller.facts, values)) if values else NONE


def both(*facts: Facts) -> Facts:
    """What any of several versions of an entry gives or asks."""
    if len(facts) == 1:
        return facts[0]
    return Facts(
        tuple(dict.fromkeys(name for one in facts for name in one.names)),
        tuple(dict.fromkeys(ref for one in facts for ref in one.refs)),
        tuple(dict.fromkeys(value for one in facts for value in one.uniques)),
    )
