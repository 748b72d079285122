"""Keys that lead to items: bindings, their prefixes and conflicts, and small numbers for ids. Importable by itself.

An item in code says its keys by ``@item(bindings={"normal": ("w",)})``; an entry in a field ``bindings`` (or
``keys``) of the same shape. :class:`Bound` is an item that only binds: a user's own keys, in a layer of their own. A
keymap is made of what is registered, so it is layered like items: what a plugin binds goes with it, and what it took
comes back.

A sequence is a text: ``gg`` is two keys, ``<c-x><c-s>`` too, as is ``ctrl+k ctrl+s``, whose keys stand apart. Or it
is a tuple of the names of its keys: ``("ctrl+k", "s")``. In a keymap each is written in one way (:func:`shown_keys`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from unicodedata import combining

from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.registry.db import DbSnapshot, RegistryDb
from registry_reconciler.runtime.registry.items import Keys, sequences
from registry_reconciler.runtime.registry.meta import Key, RegistryMeta
from registry_reconciler.runtime.registry.policy import DuplicatePolicy, PolicyLike, as_policy, ranked
from registry_reconciler.runtime.registry.source import EntryItem

FIELDS = ("bindings", "keys")
"""The fields of an entry that may hold its key sequences."""

Sequences = Mapping[str, Iterable[Keys]]
"""Key sequences by mode."""

_KEY = re.compile(r"<[^<>\s]+>|.", re.DOTALL)
_NAMES = {" ": "<space>", "<": "<lt>"}


def keys_of(sequence: str | Iterable[str]) -> tuple[str, ...]:
    """The keys of a sequence: each a letter, or a longer name between ``<`` and ``>``.

    Example:
        >>> keys_of("g<c-s>"), keys_of("ctrl+k s"), keys_of(("ctrl+k", " "))
        (('g', '<c-s>'), ('<ctrl+k>', 's'), ('<ctrl+k>', '<space>'))
    """
    if not isinstance(sequence, str):
        return tuple(map(_one_key, sequence))
    parts = sequence.split()
    if len(parts) > 1 and not (sequence[0].isspace() or sequence[-1].isspace()):
        return tuple(map(_one_key, parts))
    found: list[str] = []
    for key in _KEY.findall(sequence):
        if found and combining(key[0]):
            found[-1] += key  # an accent is part of its letter
        else:
            found.append(_NAMES.get(key, key))
    return tuple(found)


def _one_key(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    is_letter = len(name) == 1 or all(map(combining, name[1:]))
    return name if is_letter or _KEY.fullmatch(name) else f"<{name}>"


def shown_keys(sequence: str | Iterable[str]) -> str:
    """A sequence as a text that leads back to its keys, and to no others."""
    return "".join(keys_of(sequence))


@dataclass(frozen=True, slots=True)
class Binding:
    """What a key sequence leads to in a mode: an item, by its domain and id."""

    mode: str
    keys: str
    domain: str
    id: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key sequence that does not lead where an item wanted.

    Attributes:
        winner, loser: addresses (``domain/id``).
        why: ``taken``: another item has it; ``prefix``: a shorter sequence of the winner comes first.
    """

    mode: str
    keys: str
    winner: str
    loser: str
    why: Literal["taken", "prefix"]


@dataclass(frozen=True)
class Bound:
    """An item that binds keys to another item. Register it in any domain, in a layer of its own.

    Example:
        >>> bound = Bound.to(Key("commands", "core::write"), {"normal": ("<c-s>",)})
        >>> bound.meta.id, bound.meta.source
        ('commands/core::write@normal:<c-s>', 'runtime')
    """

    meta: RegistryMeta
    domain: str
    id: str
    bindings: Mapping[str, tuple[Keys, ...]] = field(hash=False)

    @classmethod
    def to(cls, key: Key[Any], bindings: Sequences, *, priority: int = 0, source: str = "runtime") -> Bound:
        """Keys for the item of a handle.

        Raises:
            RegistryError: there are no keys, or they cannot be read.
        """
        plain = {mode: sequences(key.id, mode, keys) for mode, keys in bindings.items()}
        words = " ".join(f"{mode}:{shown_keys(keys)}" for mode, found in plain.items() for keys in found)
        if not words:
            raise RegistryError(f"no keys are bound to {key.id!r}")
        meta = RegistryMeta(f"{key.registry}/{key.id}@{words}", "", priority=priority, source=source)
        return cls(meta, key.registry, key.id, plain)


@dataclass(frozen=True)
class Keymap:
    """The keys of one moment. Immutable.

    Attributes:
        bindings: by mode and key sequence, as :func:`shown_keys` writes it.
        prefixes: beginnings of longer sequences: more keys may come.
        conflicts: what lost, sorted.
    """

    bindings: Mapping[tuple[str, str], Binding]
    prefixes: frozenset[tuple[str, str]]
    conflicts: tuple[Conflict, ...]

    def get(self, mode: str, keys: str | Iterable[str]) -> Binding | None:
        """What a whole sequence leads to."""
        return self.bindings.get((mode, shown_keys(keys)))

    def is_prefix(self, mode: str, keys: str | Iterable[str]) -> bool:
        """Whether a longer sequence begins so."""
        return (mode, shown_keys(keys)) in self.prefixes

    def keys_of(self, domain: str, id: str) -> tuple[tuple[str, str], ...]:
        """The modes and sequences that lead to an item, for a help or a palette."""
        return tuple(
            place for place, found in self.bindings.items() if (found.domain, found.id) == (domain, id)
        )


def sequences_of(item: Any) -> Sequences:
    """The key sequences of an item or an entry."""
    if isinstance(item, EntryItem):
        value = item.value
        none: Mapping[str, Any] = {}
        found = next((value[name] for name in FIELDS if isinstance(value.get(name), Mapping)), none)
        return {
            mode: sequences(item.address, mode, [keys] if isinstance(keys, str) else keys)
            for mode, keys in found.items()
            if keys is not None
        }
    return getattr(item, "bindings", None) or {}


def keymap(
    snapshot: DbSnapshot | RegistryDb,
    *,
    domains: Iterable[str] | None = None,
    policy: PolicyLike = "by_priority",
    sequences: Callable[[Any], Sequences] = sequences_of,
) -> Keymap:
    """The keymap of a snapshot.

    Args:
        domains: those whose items bind keys; all when absent.
        policy: who gets a sequence that several items want.
        sequences: reads the key sequences of an item that keeps them elsewhere.
    """
    chosen = as_policy(policy)
    names = tuple(snapshot if domains is None else domains)
    kept = snapshot.memo if isinstance(snapshot, DbSnapshot) else {}
    memo = ("keymap", names, chosen, sequences)
    if memo not in kept:
        kept[memo] = _made(_claims(snapshot, names, sequences), chosen)
    found: Keymap = kept[memo]
    return found


@dataclass(frozen=True)
class _SequenceClaim:
    meta: RegistryMeta
    binding: Binding


def _claims(
    snapshot: Mapping[str, Any], domains: Iterable[str], sequences: Callable[[Any], Sequences]
) -> dict[tuple[str, str], list[_SequenceClaim]]:
    found: dict[tuple[str, str], list[_SequenceClaim]] = {}
    for domain in domains:
        for item in snapshot[domain]:
            place, id = (item.domain, item.id) if isinstance(item, Bound) else (domain, item.meta.id)
            if isinstance(item, Bound) and (place not in snapshot or snapshot[place].get_by_id(id) is None):
                continue  # what it was bound to is gone
            for mode, keys in _each(sequences(item)):
                found.setdefault((mode, keys), []).append(
                    _SequenceClaim(item.meta, Binding(mode, keys, place, id))
                )
    return found


def _each(found: Sequences) -> Iterator[tuple[str, str]]:
    for mode, of_mode in found.items():
        for keys in (of_mode,) if isinstance(of_mode, str) else of_mode:
            yield mode, shown_keys(keys)


def _made(claims: dict[tuple[str, str], list[_SequenceClaim]], policy: DuplicatePolicy) -> Keymap:
    bound: dict[tuple[str, str], Binding] = {}
    conflicts: list[Conflict] = []
    for (mode, keys), rivals in sorted(claims.items()):
        best, *others = ranked(rivals, policy)
        if policy is DuplicatePolicy.ERROR and others:
            raise RegistryError(
                f"{mode}: {_at(best.binding)} and {_at(others[0].binding)} both want {keys!r}"
            )
        bound[mode, keys] = best.binding
        for other in others:
            if other.binding != best.binding:
                conflicts.append(Conflict(mode, keys, _at(best.binding), _at(other.binding), "taken"))
    for (mode, keys), binding in list(bound.items()):
        shorter = next((part for part in _beginnings(keys) if (mode, part) in bound), None)
        if shorter is not None:
            conflicts.append(Conflict(mode, keys, _at(bound[mode, shorter]), _at(binding), "prefix"))
            del bound[mode, keys]
    prefixes = frozenset((mode, part) for mode, keys in bound for part in _beginnings(keys))
    return Keymap(
        bound,
        prefixes,
        tuple(sorted(conflicts, key=lambda conflict: (conflict.mode, conflict.keys, conflict.loser))),
    )


def _beginnings(keys: str) -> Iterator[str]:
    parts = keys_of(keys)
    return ("".join(parts[:number]) for number in range(1, len(parts)))


def _at(binding: Binding) -> str:
    return f"{binding.domain}/{binding.id}"


class ActionIds:
    """Small numbers for ids, for macros, menus and logs. A number, once given, never changes."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._numbers: dict[str, int] = {}
        self._ids: list[str] = []
        for id in known:
            self._give(id)

    def _give(self, id: str) -> None:
        if id not in self._numbers:
            self._numbers[id] = len(self._ids)
            self._ids.append(id)

    def number(self, snapshot: Mapping[str, Any], domain: str) -> None:
        """Give a number to every item of a domain that has none, in id order."""
        for item in snapshot[domain]:
            self._give(item.meta.id)

    def __getitem__(self, id: str) -> int:
        return self._numbers[id]

    def id_of(self, number: int) -> str:
        """The id that a number was given to. Raises IndexError."""
        if number < 0:
            raise IndexError(number)
        return self._ids[number]

    def all(self) -> dict[str, int]:
        """Every number that was given; its keys, in order, make it again."""
        return dict(self._numbers)
