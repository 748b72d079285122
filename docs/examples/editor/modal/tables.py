"""Side tables that are built from what is registered: keys, their prefixes, their conflicts, numbers of
actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry_reconciler.runtime import (
    DbSnapshot,
    Definition,
    DuplicatePolicy,
    EntryItem,
    RegistryDb,
    RegistryDbBuilder,
)
from registry_reconciler.runtime.registry.policy import ranked

DOMAINS = ("action", "motion", "text_object")


@dataclass(frozen=True)
class BoundAction(Definition[..., Any]):
    """An action that a plugin brings: a definition with keys."""

    keys: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class BoundCommand(Definition[..., Any]):
    """A command that a plugin brings; it names the action that it runs."""

    action: str = ""


@dataclass(frozen=True)
class Binding:
    """What a key sequence leads to in a mode."""

    mode: str
    keys: str
    domain: str
    id: str


@dataclass(frozen=True)
class Conflict:
    """A key sequence that does not lead where somebody wanted; ``why`` is ``taken`` or ``prefix``."""

    mode: str
    keys: str
    winner: str
    loser: str
    why: str


def keys_of(item: Any) -> Mapping[str, Any]:
    """The key sequences of an item, by mode."""
    if isinstance(item, EntryItem):
        found: Mapping[str, Any] = item.value.get("keys") or {}
        return found
    return getattr(item, "keys", None) or {}


def build_tables(snapshot: DbSnapshot) -> RegistryDb:
    """The tables ``keybindings``, ``prefixes`` and ``conflicts`` of a snapshot. Pure."""
    builder = RegistryDbBuilder()
    bound = {}
    for (mode, keys), claims in sorted(_claims(snapshot).items()):
        best, *others = ranked(claims, DuplicatePolicy.BY_PRIORITY)
        bound[mode, keys] = best.binding
        for other in others:
            builder.side("conflicts", Conflict(mode, keys, best.meta.id, other.meta.id, "taken"))
    for (mode, keys), binding in list(bound.items()):
        shorter = next((keys[:n] for n in range(1, len(keys)) if (mode, keys[:n]) in bound), None)
        if shorter is None:
            continue
        builder.side("conflicts", Conflict(mode, keys, bound[mode, shorter].id, binding.id, "prefix"))
        del bound[mode, keys]
    for (mode, keys), binding in bound.items():
        builder.side("keybindings", binding)
        for n in range(1, len(keys)):
            builder.side("prefixes", (mode, keys[:n]))
    return builder.build()


@dataclass(frozen=True)
class _Claim:
    meta: Any
    binding: Binding


def _claims(snapshot: DbSnapshot) -> dict[tuple[str, str], list[_Claim]]:
    found: dict[tuple[str, str], list[_Claim]] = {}
    for domain in DOMAINS:
        for item in snapshot[domain]:
            for mode, keys in _sequences(item):
                claim = _Claim(item.meta, Binding(mode, keys, domain, item.meta.id))
                found.setdefault((mode, keys), []).append(claim)
    return found


def _sequences(item: Any) -> Iterator[tuple[str, str]]:
    for mode, sequences in keys_of(item).items():
        for keys in sequences:
            yield mode, keys


class ActionNumbers:
    """Small numbers for action ids, for macros and logs. A number, once given, never changes."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, snapshot: DbSnapshot) -> None:
        """Give a number to every action that has none, in id order."""
        for item in snapshot["action"]:
            self._numbers.setdefault(item.meta.id, len(self._numbers))

    def __getitem__(self, id: str) -> int:
        return self._numbers[id]

    def id_of(self, number: int) -> str:
        """The action that a number was given to."""
        return list(self._numbers)[number]

    def all(self) -> dict[str, int]:
        """Every number that was given."""
        return dict(self._numbers)
