"""What all repositories told, put together: who asks for what nobody has, and what has to be known to say so.

Only kinds that somebody asks about are ever unpacked. What a repository is judged by (:meth:`Settled.answers`) holds
no more than the answers to what that one asks and claims, and no commit of the others: what was found of it holds for
as long as those answers are the same, whatever else is going on in the fleet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from registry_reconciler.base.suggest import closest
from registry_reconciler.fleet.across.description import unpacked
from registry_reconciler.model.fleet_view import Holder, MemoryView

Description = Mapping[str, Any]
"""What one repository told (:func:`~registry_reconciler.fleet.across.description.described`)."""

Former = Callable[[str, str], Holder | None]
"""Who had an entry of a kind and a key last."""


class Fleet:
    """All repositories: what they told, and which could not be looked at."""

    def __init__(self) -> None:
        self._descriptions: dict[str, Description] = {}
        self._unseen: set[str] = set()

    def add(self, name: str, description: Description) -> None:
        """What a repository told."""
        self._descriptions[name] = description

    def miss(self, name: str) -> None:
        """A repository could not be looked at."""
        self._unseen.add(name)

    def settle(self, former: Former | None = None) -> Settled:
        """Put together what was told."""
        return Settled(self._descriptions, self._unseen, former)


class Settled:
    """What was told, by kind and key; see :class:`Fleet`."""

    def __init__(
        self,
        descriptions: Mapping[str, Description],
        unseen: set[str],
        former: Former | None,
    ) -> None:
        self._descriptions = descriptions
        self._former = former
        self._hidden: dict[str, list[str]] = {"": sorted(unseen)}
        self._entries: dict[str, dict[str, list[Holder]]] = {}
        self._names: dict[str, dict[str, list[Holder]]] = {}
        self._values: dict[tuple[str, str], dict[str, list[Holder]]] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        for kind in sorted({kind for _, asks in self._asks() for kind, _ in asks}):
            self._index(kind)
        for name in sorted(descriptions):
            for kind in descriptions[name]["unread"]:
                self._hidden.setdefault(kind, []).append(name)
            for kind, fields in descriptions[name]["claims"].items():
                for field, packed in fields.items():
                    self._claim(name, kind, field, packed)
        self._twice: dict[str, list[list[Any]]] = {}
        for (kind, fields), claims in sorted(self._values.items()):
            for value, holders in sorted(claims.items()):
                names = {holder.repository for holder in holders}
                for name in names if len(names) > 1 else ():
                    self._twice.setdefault(name, []).append([kind, fields, value, holders])

    def _asks(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Per repository: every kind and key that its references may mean."""
        for name, description in self._descriptions.items():
            yield name, [pair for kinds, value in description["asks"] for pair in _meanings(kinds, value)]

    def _index(self, kind: str) -> None:
        entries = self._entries.setdefault(kind, {})
        names = self._names.setdefault(kind, {})
        for name in sorted(self._descriptions):
            packed = self._descriptions[name]["gives"].get(kind)
            for key, file, deprecated, called in unpacked(packed) if packed else ():
                holder = Holder(name, f"{kind}/{key}", "", file, 0, deprecated)
                entries.setdefault(key, []).append(holder)
                for word in called:
                    names.setdefault(word, []).append(holder)
        self._keys[kind] = tuple(sorted(entries))

    def _claim(self, name: str, kind: str, fields: str, packed: str) -> None:
        values = self._values.setdefault((kind, fields), {})
        for value, key, file in unpacked(packed):
            values.setdefault(value, []).append(Holder(name, f"{kind}/{key}", "", file))

    def concerned(self) -> list[str]:
        """The repositories of which something has to be said, by name."""
        found = {
            name
            for name, description in self._descriptions.items()
            if any(self._wrong(*ask) for ask in description["asks"])
        }
        return sorted(found | self._twice.keys())

    def _wrong(self, kinds: list[str], value: str) -> bool:
        holders = self._holders(kinds, value)
        return not holders or all(holder.deprecated for holder in holders)

    def _holders(self, kinds: list[str], value: str) -> list[Holder]:
        found = (self._entries.get(kind, {}).get(key) for kind, key in _meanings(kinds, value))
        return next((holders for holders in found if holders), [])

    def answers(self, name: str) -> dict[str, Any]:
        """What the others have of all that a repository asks and claims, as plain data (see :func:`view_of`)."""
        entries: dict[str, dict[str, list[Holder]]] = {}
        near: dict[str, set[str]] = {}
        called: dict[str, dict[str, list[Holder]]] = {}
        gone: dict[str, dict[str, Holder]] = {}
        asks = sorted({(tuple(kinds), value) for kinds, value in self._descriptions[name]["asks"]})
        for kinds, value in asks:
            for kind, key in _meanings(list(kinds), value):
                if key in self._entries.get(kind, {}):
                    entries.setdefault(kind, {})[key] = self._entries[kind][key]
            if self._holders(list(kinds), value):
                continue
            for kind, key in _meanings(list(kinds), value):
                if value in self._names.get(kind, {}):
                    called.setdefault(kind, {})[value] = self._names[kind][value]
                meant = closest(key, self._keys.get(kind, ()))
                near.setdefault(kind, set()).update([] if meant is None else [meant])
                former = self._former(kind, key) if self._former is not None else None
                if former is not None:
                    gone.setdefault(kind, {})[key] = former
        kinds_asked = {
            "",
            *self._descriptions[name]["claims"],
            *(kind for kinds, _ in asks for kind in kinds),
        }
        from msgspec import to_builtins

        found: dict[str, Any] = to_builtins(
            {
                "entries": entries,
                "names": called,
                "values": self._twice.get(name, []),
                "gone": gone,
                "keys": {kind: sorted(keys) for kind, keys in near.items()},
                "hidden": {
                    kind: names for kind, names in self._hidden.items() if names and kind in kinds_asked
                },
            }
        )
        return found


def _meanings(kinds: list[str], value: str) -> Iterator[tuple[str, str]]:
    for kind in kinds:
        yield kind, value
    head, slash, key = value.partition("/")
    if len(kinds) > 1 and slash and head in kinds:
        yield head, key


def view_of(answers: Mapping[str, Any], own: str) -> MemoryView:
    """The view of a repository, made of what all were told: what stands in itself is left out."""
    import json

    def others(holders: Any) -> tuple[Holder, ...]:
        return tuple(Holder(**holder) for holder in holders if holder["repository"] != own)

    def by_kind(data: Mapping[str, Any]) -> dict[str, dict[str, tuple[Holder, ...]]]:
        found = {
            kind: {word: others(holders) for word, holders in words.items()} for kind, words in data.items()
        }
        return {kind: {word: some for word, some in words.items() if some} for kind, words in found.items()}

    values: dict[tuple[str, str], dict[str, tuple[Holder, ...]]] = {}
    for kind, fields, value, holders in answers["values"]:
        left = others(holders)
        if left:
            values.setdefault((kind, fields), {})[value] = left
    digest = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()
    return MemoryView(
        id=f"sha256:{digest}",
        entries=by_kind(answers["entries"]),
        names=by_kind(answers["names"]),
        values=values,
        gone={
            kind: {key: Holder(**holder) for key, holder in held.items()}
            for kind, held in answers["gone"].items()
        },
        keys={kind: tuple(keys) for kind, keys in answers["keys"].items()},
        hidden={kind: tuple(names) for kind, names in answers["hidden"].items()},
    )
