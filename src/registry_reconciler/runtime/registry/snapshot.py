"""What a registry holds at one moment: an immutable index and the extras over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from registry_reconciler.runtime.errors import GoneHandleError, StaleHandleError, UnknownKeyError
from registry_reconciler.runtime.registry.index import RegistryIndex, own_key, probably_meant
from registry_reconciler.runtime.registry.meta import Key, T
from registry_reconciler.runtime.registry.outcomes import Past
from registry_reconciler.runtime.registry.policy import Collision, DuplicatePolicy, later_wins, losses, ranked

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.draft import Draft


@dataclass(frozen=True, slots=True)
class Registration(Generic[T]):
    """One item that was registered, the layer it belongs to, and whether it was allowed to take an id."""

    item: T
    layer: str
    may_override: bool


# The overlay says nothing of a key; ``None`` in its place says that nothing is there.
_ABSENT: Any = object()

Claims = dict[str, tuple[T, ...]]


class Snapshot(Generic[T]):
    """What a :class:`RuntimeRegistry` holds at one moment. Immutable."""

    __slots__ = (
        "_aliases",
        "_base_get",
        "_delta",
        "_generations",
        "_hidden",
        "_ids",
        "_names",
        "_past",
        "_registrations",
        "_shadowed",
        "base",
        "generation",
        "label",
        "policy",
    )

    def __init__(
        self, draft: Draft[T], generation: int, generations: dict[str, int], past: Past | None = None
    ) -> None:
        self.base: RegistryIndex[T] = draft.base
        self.label = draft.base.label
        self.policy: DuplicatePolicy = draft.policy
        self.generation = generation
        self._generations = generations
        self._past: Past = past or {}
        self._ids: dict[str, T] = draft.ids
        self._names: Claims[T] = draft.names
        self._aliases: Claims[T] = draft.aliases
        self._hidden: dict[str, T] = draft.hidden
        self._shadowed: tuple[tuple[T, T], ...] = tuple(draft.shadowed)
        self._registrations: tuple[Registration[T], ...] = tuple(draft.registrations)
        self._delta: dict[str, T | None] = draft.delta
        self._base_get: Callable[[str], T | None] = draft.base.get
        for word in draft.touched:
            self._delta[word] = self._decide(word)

    def get(self, key: str) -> T | None:
        """The item that a key leads to: extra ids, base ids, extra names, base names, extra aliases, base
        aliases.
        """
        found = self._delta.get(key, _ABSENT)
        return self._base_get(key) if found is _ABSENT else found

    def get_by_id(self, id: str) -> T | None:
        """The item that holds this id now."""
        extra = self._ids.get(id)
        return self.base.get_by_id(id) if extra is None else extra

    def require(self, key: str) -> T:
        """As :meth:`get`.

        Raises:
            UnknownKeyError: with what was probably meant.
        """
        item = self.get(key)
        if item is None:
            raise UnknownKeyError(self.label, key, probably_meant(key, self._known()))
        return item

    def _known(self) -> Iterator[str]:
        yield from (word for word, item in self._delta.items() if item is not None)
        yield from (word for word in self.base._keys if word not in self._delta)

    def _decide(self, word: str) -> T | None:
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
            self._merged(base_named, self._names.get(word, ())),
            self._merged(base_aliased, self._aliases.get(word, ())),
        )

    def _merged(self, base: tuple[T, ...], extras: tuple[T, ...]) -> tuple[T, ...]:
        if self._hidden:
            base = tuple(item for item in base if item.meta.id not in self._hidden)
        mine = ranked(extras, self.policy)
        # The index's own ranking stands: as a whole it either loses to the best extra or does not.
        if not base or (mine and later_wins(base[0].meta, mine[0].meta, self.policy)):
            return (*mine, *base)
        return (*base, *mine)

    def items(self) -> tuple[T, ...]:
        """The items that can be reached, in id order."""
        held = {item.meta.id: item for item in self.base if item.meta.id not in self._hidden}
        held.update(self._ids)
        return tuple(held[id] for id in sorted(held))

    def items_all(self) -> tuple[T, ...]:
        """All items, also the shadowed ones (after the one that holds their id), in id order."""
        every = [*self.items(), *self._hidden.values()]
        every += [
            registration.item
            for registration in self._registrations
            if self._ids.get(registration.item.meta.id) is not registration.item
        ]
        return tuple(sorted(every, key=lambda item: item.meta.id))

    def __len__(self) -> int:
        return len(self.base) - len(self._hidden) + len(self._ids)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def collisions(self) -> tuple[Collision, ...]:
        """Every claim that lost, of the index and of the overlay, sorted."""
        found = [collision for collision in self.base.collisions() if collision.key not in self._delta]
        for word in self._delta:
            if self.get_by_id(word) is None:
                found.extend(losses(word, *self.claimers(word), self.policy))
        for earlier, later in self._shadowed:
            id = later.meta.id
            found.append(Collision(id, "id", id, id, "replaced" if self._was_replaced(earlier) else "kept"))
        return tuple(sorted(found))

    def _was_replaced(self, earlier: T) -> bool:
        return self.get_by_id(earlier.meta.id) is not earlier

    def layers(self) -> tuple[str, ...]:
        """Names of the layers that have items, in the order of their first registration."""
        return tuple(dict.fromkeys(registration.layer for registration in self._registrations))

    def generation_of(self, id: str) -> int:
        """Which holder of the id it leads to now; 0 is the first. One that comes back has its number again."""
        return self._generations.get(id, 0)

    def key(self, id: str) -> Key[T]:
        """A handle for the item that holds this id now.

        Raises:
            UnknownKeyError: there is none.
        """
        if self.get_by_id(id) is None:
            raise UnknownKeyError(self.label, id, probably_meant(id, self._known()))
        return Key(self.label, id, self.generation_of(id))

    def resolve(self, key: Key[T]) -> T:
        """The item of a handle.

        Raises:
            GoneHandleError: nothing holds the id any more.
            StaleHandleError: another item holds the id than when the handle was made.
            HandleError: the handle belongs to another registry.
        """
        own_key(self.label, key)
        item = self.get_by_id(key.id)
        if item is None:
            raise GoneHandleError(f"{self.label}: {key.id!r} is gone")
        if self.generation_of(key.id) != key.generation:
            raise StaleHandleError(f"{self.label}: {key.id!r} is another item than the handle was made for")
        return item
