"""Names and aliases of a world: which entries claim one, and which of them a lookup leads to."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry_reconciler.rules.shapes import finder
from registry_reconciler.world import Item, World


@dataclass(frozen=True, slots=True)
class Names:
    """The names and aliases of one id space.

    Attributes:
        owners: an entry that claims a name; the only one unless ``clashes`` has the name.
        clashes: all the entries that claim a name that several do.
    """

    owners: Mapping[str, Item]
    clashes: Mapping[str, Sequence[Item]]

    def claims(self, name: str) -> Sequence[Item]:
        """The entries that have a name or alias."""
        if name in self.clashes:
            return self.clashes[name]
        return (self.owners[name],) if name in self.owners else ()


def look_alike(key: str) -> str:
    """What a key has in common with keys that people may mistake for it."""
    return key.lower() if key.isascii() else unicodedata.normalize("NFKC", key).casefold()


def names(world: World) -> Mapping[str, Names]:
    """The names of every id space."""
    return world.memo(_names)


def _names(world: World) -> dict[str, Names]:
    spaces: dict[str, Names] = {}
    for space, kinds in world.spaces().items():
        owners: dict[str, Item] = {}
        clashes: dict[str, list[Item]] = {}
        for kind in kinds:
            roles = world.kinds[kind].names
            finders = [finder(role) for role in (roles.name, roles.aliases) if role is not None]
            for item in world.of(kind) if finders else ():
                for find in finders:
                    for _, value in find(item.value):
                        for name in value if isinstance(value, list) else (value,):
                            if type(name) is str:
                                _claim(owners, clashes, name, item)
        spaces[space] = Names(owners, clashes)
    return spaces


def _claim(owners: dict[str, Item], clashes: dict[str, list[Item]], name: str, item: Item) -> None:
    first = owners.setdefault(name, item)
    if first is item:
        return
    claims = clashes.setdefault(name, [first])
    # An entry claims its names one after another, so an equal claim of its own is always the last.
    if claims[-1] is not item:
        claims.append(item)


def winner(world: World, name: str, claims: Sequence[Item]) -> Item:
    """The entry that a lookup leads to: names go before aliases, then :meth:`World.rank` decides."""
    return min(claims, key=lambda item: (world.name(item) != name, world.rank(item), item.address))


def lookup(world: World, kinds: Sequence[str], name: str) -> Item | None:
    """The entry of some kinds that a name or alias leads to."""
    claims = [
        item
        for space in dict.fromkeys(world.kinds[kind].space for kind in kinds if kind in world.kinds)
        for item in names(world)[space].claims(name)
        if item.kind in kinds
    ]
    return winner(world, name, claims) if claims else None
