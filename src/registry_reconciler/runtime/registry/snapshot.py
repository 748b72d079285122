"""What a registry holds at one moment: an immutable index and the extras over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from registry_reconciler.runtime.errors import GoneHandleError, StaleHandleError, UnknownKeyError
from registry_reconciler.runtime.registry.index import RegistryIndex, own_key
from registry_reconciler.runtime.registry.meta import Key, T
from registry_reconciler.runtime.registry.near import SortedWords, probably_meant
from registry_reconciler.runtime.registry.outcomes import kept_marks, marks_anew
from registry_reconciler.runtime.registry.policy import Collision, DuplicatePolicy, later_wins, losses, ranked
from registry_reconciler.runtime.registry.versions import ABSENT, Cells, Tables, flat, plain, seen


@dataclass(frozen=True, slots=True)
class Registration(Generic[T]):
    """One item that was registered, the layer it belongs to, and whether it was allowed to take an id."""

    item: T
    layer: str
    may_override: bool


def _lookup(cells: Cells, at: int, base_get: Callable[[str], Any]) -> Callable[[str], Any]:
    """``get`` of a snapshot that has extras; no method, as it is what a program calls most."""

    def get(key: str) -> Any:
        cell = cells.get(key)
        while cell is not None:
            if cell[0] <= at:
                return cell[1]
            cell = cell[2]
        return base_get(key)

    return get


class Snapshot(Generic[T]):
    """What a :class:`RuntimeRegistry` holds at one moment. Immutable.

    Attributes:
        get: the item that a key leads to, or ``None``: extra ids, base ids, extra names, base names, extra
            aliases, base aliases.
        generation: how many changes came before.
        memo: what others worked out of this very snapshot, by their own keys; never pickled.
    """

    __slots__ = (
        "__weakref__",
        "base",
        "generation",
        "get",
        "held",
        "hidden",
        "label",
        "memo",
        "policy",
        "registered",
        "tables",
    )

    if TYPE_CHECKING:

        def get(self, key: str) -> T | None:
            """See the class."""

    def __init__(
        self,
        base: RegistryIndex[T],
        policy: DuplicatePolicy,
        tables: Tables,
        generation: int,
        held: int = 0,
        hidden: int = 0,
    ) -> None:
        self.base: RegistryIndex[T] = base
        self.label = base.label
        self.policy = policy
        self.generation = generation
        self.tables = tables
        self.registered = len(tables.registrations)
        self.held = held
        self.hidden = hidden
        self.memo: dict[Any, Any] = {}
        self.settle()

    def settle(self) -> None:
        """Choose the way to look up: an overlay that says nothing is not asked."""
        found = (
            _lookup(self.tables.delta, self.generation, self.base.get) if self.tables.delta else self.base.get
        )
        object.__setattr__(self, "get", found)

    def __getstate__(self) -> dict[str, Any]:
        tables = self.tables.at(self.generation, self.registered)
        tables.past = plain(kept_marks(flat(tables.past, self.generation)), self.generation)
        state = {name: getattr(tables, name) for name in Tables.__slots__}
        return {
            "base": self.base,
            "policy": self.policy,
            "generation": self.generation,
            "held": self.held,
            "hidden": self.hidden,
            "tables": state,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        tables = Tables()
        for name, value in state["tables"].items():
            setattr(tables, name, value)
        generation = state["generation"]
        tables.past = plain(marks_anew(flat(tables.past, generation)), generation)
        Snapshot.__init__(
            self, state["base"], state["policy"], tables, generation, state["held"], state["hidden"]
        )

    @property
    def registrations(self) -> tuple[Registration[T], ...]:
        """What was registered, in its order."""
        return tuple(self.tables.registrations[: self.registered])

    def numbers(self) -> tuple[Cells, Cells]:
        """The numbers of holders of ids, and of those that there were."""
        at = self.generation
        return plain(flat(self.tables.generations, at), at), plain(flat(self.tables.past, at), at)

    def extra(self, id: str) -> T | None:
        """The extra that holds an id."""
        found = seen(self.tables.ids, id, self.generation)
        return None if found is ABSENT else found

    def extra_ids(self) -> dict[str, T]:
        """All extras that hold an id."""
        return flat(self.tables.ids, self.generation)

    def past(self, id: str) -> Any:
        """The numbers of the holders of an id so far; ``None`` where nobody was counted."""
        found = seen(self.tables.past, id, self.generation)
        return None if found is ABSENT else found

    def knows(self, item: T) -> bool:
        """Whether this very item is here, also where another holds its id."""
        id = item.meta.id
        if self.get_by_id(id) is item or self.base.get_by_id(id) is item:
            return True
        pairs = seen(self.tables.shadowed, id, self.generation)
        return pairs is not ABSENT and any(item is other for pair in pairs for other in pair)

    def get_by_id(self, id: str) -> T | None:
        """The item that holds this id now."""
        extra = self.extra(id)
        return self.base.get_by_id(id) if extra is None else extra

    def require(self, key: str) -> T:
        """As :meth:`get`.

        Raises:
            UnknownKeyError: with what was probably meant.
        """
        item = self.get(key)
        if item is None:
            raise UnknownKeyError(self.label, key, self.meant(key))
        return item

    def meant(self, key: str) -> tuple[str, ...]:
        """At most three keys that were probably meant, best first."""
        if "near" not in self.memo:
            delta = flat(self.tables.delta, self.generation)
            self.memo["near"] = SortedWords(word for word, item in delta.items() if item is not None)
        near = (*probably_meant(key, self.memo["near"]), *self.base.meant(key))
        return probably_meant(key, dict.fromkeys(word for word in near if self.get(word) is not None))

    def decided(self, word: str) -> T | None:
        """What a word leads to, worked out from who claims it."""
        held = self.get_by_id(word)
        if held is not None:
            return held
        named, aliased = self.claimers(word)
        return (named or aliased or (None,))[0]

    def claimers(self, word: str) -> tuple[tuple[T, ...], tuple[T, ...]]:
        """Who of the items that can be reached claims a word, as a name and as an alias, each ranked best
        first.
        """
        base_named, base_aliased = self.base.claimers(word)
        return (
            self._merged(base_named, seen(self.tables.names, word, self.generation)),
            self._merged(base_aliased, seen(self.tables.aliases, word, self.generation)),
        )

    def _is_hidden(self, item: T) -> bool:
        return seen(self.tables.hidden, item.meta.id, self.generation) is not ABSENT

    def _merged(self, base: tuple[T, ...], extras: Any) -> tuple[T, ...]:
        if self.hidden:
            base = tuple(item for item in base if not self._is_hidden(item))
        if extras is ABSENT or not extras:
            return base
        mine: tuple[T, ...] = ranked(extras, self.policy)
        # The index's own ranking stands: as a whole it either loses to the best extra or does not.
        if not base or (mine and later_wins(base[0].meta, mine[0].meta, self.policy)):
            return (*mine, *base)
        return (*base, *mine)

    def items(self) -> tuple[T, ...]:
        """The items that can be reached, in id order."""
        extras = self.extra_ids()
        if not extras:
            return self.base.items()
        held = {item.meta.id: item for item in self.base if not (self.hidden and self._is_hidden(item))}
        held.update(extras)
        return tuple(held[id] for id in sorted(held))

    def items_all(self) -> tuple[T, ...]:
        """All items, also the shadowed ones (after the one that holds their id), in id order."""
        every = [*self.items(), *flat(self.tables.hidden, self.generation).values()]
        every += [
            registration.item
            for registration in self.registrations
            if self.extra(registration.item.meta.id) is not registration.item
        ]
        return tuple(sorted(every, key=lambda item: item.meta.id))

    def __len__(self) -> int:
        return len(self.base) - self.hidden + self.held

    def __iter__(self) -> Iterator[T]:
        return iter(self.items())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def collisions(self) -> tuple[Collision, ...]:
        """Every claim that lost, of the index and of the overlay, sorted."""
        delta = flat(self.tables.delta, self.generation)
        found = [collision for collision in self.base.collisions() if collision.key not in delta]
        for word in delta:
            if self.get_by_id(word) is None:
                found.extend(losses(word, *self.claimers(word), self.policy))
        for id, pairs in flat(self.tables.shadowed, self.generation).items():
            for earlier, _ in pairs:
                action = "replaced" if self.get_by_id(id) is not earlier else "kept"
                found.append(Collision(id, "id", id, id, action))
        return tuple(sorted(found))

    def layers(self) -> tuple[str, ...]:
        """Names of the layers that have items, in the order of their first registration."""
        return tuple(dict.fromkeys(registration.layer for registration in self.registrations))

    def generation_of(self, id: str) -> int:
        """Which holder of the id it leads to now; 0 is the first. One that comes back has its number again."""
        found = seen(self.tables.generations, id, self.generation)
        return 0 if found is ABSENT else found

    def key(self, id: str) -> Key[T]:
        """A handle for the item that holds this id now.

        Raises:
            UnknownKeyError: there is none.
        """
        if self.get_by_id(id) is None:
            raise UnknownKeyError(self.label, id, self.meant(id))
        return Key(self.label, id, self.generation_of(id))

    def resolve(self, key: Key[T]) -> T:
        """The item of a handle.

        Raises:
            GoneHandleError: nothing holds the id any more.
            StaleHandleError: another item holds the id than when the handle was made.
            HandleError: the handle belongs to another registry.
        """
        own_key(self.label, key)
        id = key.id
        # An overlay that says nothing is not asked: this is what a program calls most.
        item = self.get_by_id(id) if self.tables.ids else self.base.get_by_id(id)
        if item is None:
            raise GoneHandleError(f"{self.label}: {key.id!r} is gone")
        if key.generation != (self.generation_of(id) if self.tables.generations else 0):
            raise StaleHandleError(f"{self.label}: {key.id!r} is another item than the handle was made for")
        return item
