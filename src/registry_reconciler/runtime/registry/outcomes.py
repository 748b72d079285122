"""What came of a registration, and when two items are one and the same.

An item in code is itself alone. An entry is the same as long as its kind and id are, whatever its fields say:
it has ``__registry_identity__``, as an item of a program may.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from registry_reconciler.runtime.registry.meta import Key
from registry_reconciler.runtime.registry.policy import Collision

Action = Literal["inserted", "replaced", "lost", "unchanged"]
R = TypeVar("R")

Past: TypeAlias = dict[str, tuple[tuple[int, Any], ...]]
"""By id: the numbers of its holders so far, each with a mark by which that item is known when it comes back."""


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What came of one item.

    Attributes:
        action: ``inserted``; ``replaced``: it took the id of another; ``lost``: another keeps its id, and it is
            shadowed; ``unchanged``: it was there already.
        key: the handle of what the id leads to now.
        replaced, lost_to: the other item.
        collisions: the names and aliases that it won from others, or lost to them.
    """

    item: R
    action: Action
    key: Key[R]
    replaced: R | None = None
    lost_to: R | None = None
    collisions: tuple[Collision, ...] = ()


class Handles(tuple[Key[R], ...]):
    """The handles of a batch, in its order; ``outcomes`` has as many rows."""

    outcomes: tuple[Outcome[R], ...]

    def __new__(cls, outcomes: Iterable[Outcome[R]]) -> Handles[R]:
        """Of what came of each."""
        rows = tuple(outcomes)
        made = super().__new__(cls, (row.key for row in rows))
        made.outcomes = rows
        return made

    def __reduce__(self) -> Any:
        return Handles, (self.outcomes,)


def _identity(item: object) -> object:
    return getattr(item, "__registry_identity__", None)


def is_same(left: object, right: object) -> bool:
    """Whether two items are one."""
    if left is right:
        return True
    identity = _identity(left)
    return identity is not None and identity == _identity(right)


def is_equal(left: object, right: object) -> bool:
    """As :func:`is_same`, for items that were made anew of the same data."""
    return is_same(left, right) or bool(left == right)


def mark(item: object) -> Any:
    """By what an item is known when it comes back. It does not keep the item alive where that can be."""
    identity = _identity(item)
    if identity is not None:
        return (identity,)
    try:
        return weakref.ref(item)
    except TypeError:
        return [item]


def kept_marks(past: Past) -> Past:
    """The same marks, holding their items, so that they can be written down; without those that are gone."""
    return {
        id: tuple(
            (number, [seen()] if isinstance(seen, weakref.ref) else seen)
            for number, seen in rows
            if is_alive(seen)
        )
        for id, rows in past.items()
    }


def marks_anew(past: Past) -> Past:
    """What :func:`kept_marks` was made of."""
    return {
        id: tuple((number, mark(seen[0]) if isinstance(seen, list) else seen) for number, seen in rows)
        for id, rows in past.items()
    }


def is_alive(seen: Any) -> bool:
    """Whether the item of a mark can still come back."""
    return not isinstance(seen, weakref.ref) or seen() is not None


def is_marked(seen: Any, item: object) -> bool:
    """Whether a mark is that of an item."""
    if isinstance(seen, tuple):
        return bool(seen[0] == _identity(item))
    return (seen() if isinstance(seen, weakref.ref) else seen[0]) is item
