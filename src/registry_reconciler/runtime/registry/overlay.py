"""A registry that grows while the program runs: extras over an immutable index.

Guarantee: a :class:`Snapshot` never changes, so readers take no lock; a registration, a batch, a removal and
a dropped layer each become visible at once and whole, or not at all. The overlay is a function of the index
and of the registrations that are left, in their order: after an ``unregister`` it is as if the item had
never come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic

from registry_reconciler.runtime.errors import (
    DuplicateIdError,
    GoneHandleError,
    IdShadowingError,
    KeyConflictError,
    StaleHandleError,
    UnknownKeyError,
)
from registry_reconciler.runtime.registry.index import RegistryIndex, own_key, probably_meant
from registry_reconciler.runtime.registry.meta import Key, T
from registry_reconciler.runtime.registry.outcomes import (
    Action,
    Handles,
    Outcome,
    Past,
    is_alive,
    is_equal,
    is_marked,
    is_same,
    mark,
)
from registry_reconciler.runtime.registry.policy import (
    Collision,
    DuplicatePolicy,
    PolicyLike,
    as_policy,
    later_wins,
    losses,
    ranked,
)

DEFAULT_LAYER = ""


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
        self, draft: _Draft[T], generation: int, generations: dict[str, int], past: Past | None = None
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
        every += [one.item for one in self._registrations if self._ids.get(one.item.meta.id) is not one.item]
        return tuple(sorted(every, key=lambda item: item.meta.id))

    def __len__(self) -> int:
        return len(self.base) - len(self._hidden) + len(self._ids)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def collisions(self) -> tuple[Collision, ...]:
        """Every claim that lost, of the index and of the overlay, sorted."""
        found = [one for one in self.base.collisions() if one.key not in self._delta]
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
        return tuple(dict.fromkeys(one.layer for one in self._registrations))

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


class _Draft(Generic[T]):
    """The next snapshot while it is being made; nobody else sees it."""

    def __init__(self, base: RegistryIndex[T], policy: DuplicatePolicy) -> None:
        self.base = base
        self.policy = policy
        self.ids: dict[str, T] = {}
        self.names: Claims[T] = {}
        self.aliases: Claims[T] = {}
        self.hidden: dict[str, T] = {}
        self.shadowed: list[tuple[T, T]] = []
        self.registrations: list[Registration[T]] = []
        self.delta: dict[str, T | None] = {}
        self.touched: set[str] = set()

    @classmethod
    def of(cls, snapshot: Snapshot[T]) -> _Draft[T]:
        draft = cls(snapshot.base, snapshot.policy)
        draft.ids = snapshot._ids.copy()
        draft.names = snapshot._names.copy()
        draft.aliases = snapshot._aliases.copy()
        draft.hidden = snapshot._hidden.copy()
        draft.shadowed = list(snapshot._shadowed)
        draft.registrations = list(snapshot._registrations)
        draft.delta = snapshot._delta.copy()
        return draft

    def add(self, one: Registration[T]) -> None:
        item = one.item
        if self._knows(item):
            return
        self._refuse_shadowing(item)
        holder = self._holder(item.meta.id)
        if holder is None:
            self._enter(item)
        else:
            self._contest(holder, one)
        self.registrations.append(one)

    def _knows(self, item: T) -> bool:
        id = item.meta.id
        if self.ids.get(id) is item or self.base.get_by_id(id) is item:
            return True
        return any(item is other for pair in self.shadowed for other in pair)

    def _holder(self, id: str) -> T | None:
        extra = self.ids.get(id)
        return self.base.get_by_id(id) if extra is None else extra

    def _contest(self, holder: T, one: Registration[T]) -> None:
        id = one.item.meta.id
        if not one.may_override:
            raise DuplicateIdError(
                self.base.label, id, "choose another id, or allow overrides of ids where that is meant"
            )
        if self.policy is DuplicatePolicy.ERROR:
            raise KeyConflictError(self.base.label, id, "id", id, id)
        self.shadowed.append((holder, one.item))
        if later_wins(holder.meta, one.item.meta, self.policy):
            self._leave(holder)
            self._enter(one.item)

    def _enter(self, item: T) -> None:
        meta = item.meta
        if self.policy is DuplicatePolicy.ERROR:
            self._refuse_contested(item)
        self.ids[meta.id] = item
        self.touched.add(meta.id)
        for claims, words in ((self.names, meta.names()), (self.aliases, tuple(meta.other_names()))):
            for word in words:
                claims[word] = (*claims.get(word, ()), item)
                self.touched.add(word)

    def _leave(self, item: T) -> None:
        meta = item.meta
        self.touched.update(meta.words())
        if self.ids.get(meta.id) is not item:
            self.hidden[meta.id] = item
            return
        for claims, words in ((self.names, meta.names()), (self.aliases, tuple(meta.other_names()))):
            for word in words:
                claims[word] = tuple(other for other in claims[word] if other is not item)

    def _refuse_contested(self, item: T) -> None:
        meta = item.meta
        for kind, words in (("name", meta.names()), ("alias", tuple(meta.other_names()))):
            for word in words:
                base_named, base_aliased = self.base.claimers(word)
                others = (*self.names.get(word, ()), *self.aliases.get(word, ()), *base_named, *base_aliased)
                if others:
                    raise KeyConflictError(self.base.label, word, kind, others[0].meta.id, meta.id)

    def _refuse_shadowing(self, item: T) -> None:
        """Shadowed items count too: they come back when what shadows them leaves."""
        meta = item.meta
        for word in meta.words():
            if self._holder(word) is not None:
                raise IdShadowingError(self.base.label, word, meta.id, word)
        for other in self._claimers_of(meta.id):
            if other.meta.id != meta.id:
                raise IdShadowingError(self.base.label, meta.id, other.meta.id, meta.id)

    def _claimers_of(self, word: str) -> Iterator[T]:
        yield from self.names.get(word, ())
        yield from self.aliases.get(word, ())
        for claimers in self.base.claimers(word):
            yield from claimers
        for pair in self.shadowed:
            yield from (item for item in pair if word in item.meta.words())


def _folded(
    base: RegistryIndex[T], policy: DuplicatePolicy, registrations: Iterable[Registration[T]]
) -> _Draft[T]:
    draft = _Draft(base, policy)
    for one in registrations:
        draft.add(one)
    return draft


def _frozen(
    draft: _Draft[T], old: Snapshot[T], ids: Iterable[str], same: Callable[[T, T], bool]
) -> Snapshot[T]:
    """The draft as a snapshot. Of ``ids``, those that lead to another item than before get the number of that
    item: its own where it was there already, a new one otherwise.
    """
    new = Snapshot(draft, old.generation + 1, old._generations, old._past)
    numbers: dict[str, int] = {}
    past: Past = {}
    for id in ids:
        before, after = old.get_by_id(id), new.get_by_id(id)
        if before is after or (before is not None and after is not None and same(before, after)):
            continue
        known = [row for row in old._past.get(id, ()) if is_alive(row[1])]
        number = old.generation_of(id)
        if before is not None and number not in (row[0] for row in known):
            known.append((number, mark(before)))
        if after is not None:
            first = before is None and id not in old._past
            came_back = next((one for one, seen in known if is_marked(seen, after)), None)
            numbers[id] = (0 if first else new.generation) if came_back is None else came_back
        if known or id in old._past:
            past[id] = tuple(known)
    if numbers:
        new._generations = {**old._generations, **numbers}
    if past:
        new._past = {**old._past, **past}
    return new


def _outcome(old: Snapshot[T], new: Snapshot[T], item: T) -> Outcome[T]:
    id = item.meta.id
    before, now = old.get_by_id(id), new.get_by_id(id)
    assert now is not None
    found = [one for word in item.meta.words() for one in losses(word, *new.claimers(word), new.policy)]
    mine = tuple(sorted(one for one in found if id in (one.winner, one.loser))) if now is item else ()
    if any(one.item is item for one in old._registrations) or old.base.get_by_id(id) is item:
        return Outcome(item, "unchanged", new.key(id), collisions=mine)
    if now is not item:
        return Outcome(item, "lost", new.key(id), lost_to=now)
    action: Action = "inserted" if before is None else "replaced"
    return Outcome(item, action, new.key(id), replaced=before, collisions=mine)


def outcomes_of(old: Snapshot[T], new: Snapshot[T], items: Iterable[T]) -> tuple[Outcome[T], ...]:
    """What came of each item of a batch. One that lost the very id that it came for is told in the log too."""
    found = tuple(_outcome(old, new, item) for item in items)
    for one in found:
        if one.action == "lost":
            import logging  # lookup alone does not load it

            logging.getLogger("registry_reconciler.runtime").warning(
                "%s: %r was registered and lost its id to the item that was there", new.label, one.key.id
            )
    return found


def empty_snapshot(base: RegistryIndex[T], policy: DuplicatePolicy) -> Snapshot[T]:
    """An overlay without extras."""
    return Snapshot(_Draft(base, policy), 0, {})


def with_items(old: Snapshot[T], items: Iterable[T], layer: str, may_override: bool) -> Snapshot[T]:
    """The snapshot with a batch added. Raises what :meth:`RuntimeRegistry.register_many` raises; ``old``
    stays.
    """
    draft = _Draft.of(old)
    batch = [Registration(item, layer, may_override) for item in items]
    for one in batch:
        draft.add(one)
    if len(draft.registrations) == len(old._registrations):
        return old
    return _frozen(draft, old, {one.item.meta.id for one in batch}, is_same)


def without(old: Snapshot[T], leaves: Callable[[Registration[T]], bool]) -> Snapshot[T]:
    """The snapshot as if the registrations that leave had never come."""
    kept = [one for one in old._registrations if not leaves(one)]
    if len(kept) == len(old._registrations):
        return old
    ids = {one.item.meta.id for one in old._registrations if leaves(one)}
    return _frozen(_folded(old.base, old.policy, kept), old, ids, is_same)


def rebased(old: Snapshot[T], base: RegistryIndex[T]) -> Snapshot[T]:
    """The same extras over another index; equal items keep their handles alive.

    Raises:
        RegistryError: an extra does not go with the new index.
    """
    ids = {*old.base.ids(), *base.ids(), *old._ids}
    return _frozen(_folded(base, old.policy, old._registrations), old, ids, is_equal)


class RuntimeRegistry(Generic[T]):
    """An index plus what was registered since. Any number of threads may read and register.

    Args:
        index: what the program started with; never changed.
        policy: who gets a contested name, alias or (where overrides are allowed) id.
        allow_id_overrides: whether an item may take the id of another.
    """

    def __init__(
        self, index: RegistryIndex[T], policy: PolicyLike = "by_priority", allow_id_overrides: bool = False
    ) -> None:
        self._lock = threading.RLock()
        self._may_override = allow_id_overrides
        self._state = empty_snapshot(index, as_policy(policy))

    @property
    def label(self) -> str:
        """The label of the index."""
        return self.snapshot().label

    def snapshot(self) -> Snapshot[T]:
        """What is registered now. Several lookups that must agree with each other go to one snapshot."""
        return self._state

    def _change(self, step: Callable[[Snapshot[T]], Snapshot[T]]) -> Snapshot[T]:
        # The one place that writes: assigning a reference is atomic for readers.
        with self._lock:
            self._state = step(self._state)
            return self._state

    def set_allow_id_overrides(self, allowed: bool) -> None:
        """Whether later registrations may take the ids of others. What is there stays."""
        with self._lock:
            self._may_override = allowed

    def register(self, item: T, *, layer: str = DEFAULT_LAYER) -> Key[T]:
        """Add one item and get its handle; the same object again changes nothing.

        Where overrides are allowed and the policy keeps the item that was there, the handle leads to that
        one.

        Raises:
            DuplicateIdError: the id is taken and overrides are not allowed.
            IdShadowingError: a name or alias equals the id of another item, or the id a name or alias of one.
            KeyConflictError: a contested key under the policy ``error``.
        """
        return self.register_many([item], layer=layer)[0]

    def register_many(self, items: Iterable[T], *, layer: str = DEFAULT_LAYER) -> Handles[T]:
        """Add all items or, when one is refused, none. Raises as :meth:`register`.

        Returns:
            their handles; ``.outcomes`` says what came of each: inserted, replaced whom, lost to whom.
        """
        batch = tuple(items)
        with self._lock:
            allowed, old = self._may_override, self.snapshot()
            state = self._change(lambda old: with_items(old, batch, layer, allowed))
        return Handles(outcomes_of(old, state, batch))

    def unregister(self, id: str) -> T:
        """Take an extra away and give it back; what it shadowed or outranked comes back.

        Raises:
            UnknownKeyError: no extra holds this id. Items of the index cannot be taken away.
        """
        with self._lock:
            item = self._extra(id)
            self._change(lambda old: without(old, lambda one: one.item is item))
        return item

    def _extra(self, id: str) -> T:
        state = self.snapshot()
        held = state._ids.get(id)
        if held is not None:
            return held
        for one in reversed(state._registrations):
            if one.item.meta.id == id:
                return one.item
        raise UnknownKeyError(f"extras of {state.label}", id, probably_meant(id, state._ids))

    def drop_layer(self, layer: str) -> tuple[T, ...]:
        """Take away all items of a layer at once and give them back; an unknown layer has none."""
        with self._lock:
            gone = tuple(one.item for one in self.snapshot()._registrations if one.layer == layer)
            self._change(lambda old: without(old, lambda one: one.layer == layer))
        return gone

    def rebase(self, index: RegistryIndex[T]) -> None:
        """Swap the index below the extras; when an extra does not go with it, everything stays as it was."""
        self._change(lambda old: rebased(old, index))

    def layers(self) -> tuple[str, ...]:
        """Names of the layers that have items."""
        return self.snapshot().layers()

    def get(self, key: str) -> T | None:
        """See :meth:`Snapshot.get`."""
        return self.snapshot().get(key)

    def get_by_id(self, id: str) -> T | None:
        """See :meth:`Snapshot.get_by_id`."""
        return self.snapshot().get_by_id(id)

    def require(self, key: str) -> T:
        """See :meth:`Snapshot.require`."""
        return self.snapshot().require(key)

    def items(self) -> tuple[T, ...]:
        """See :meth:`Snapshot.items`."""
        return self.snapshot().items()

    def items_all(self) -> tuple[T, ...]:
        """See :meth:`Snapshot.items_all`."""
        return self.snapshot().items_all()

    def collisions(self) -> tuple[Collision, ...]:
        """See :meth:`Snapshot.collisions`."""
        return self.snapshot().collisions()

    def key(self, id: str) -> Key[T]:
        """See :meth:`Snapshot.key`."""
        return self.snapshot().key(id)

    def resolve(self, key: Key[T]) -> T:
        """See :meth:`Snapshot.resolve`."""
        return self.snapshot().resolve(key)

    def __len__(self) -> int:
        return len(self.snapshot())

    def __iter__(self) -> Iterator[T]:
        return iter(self.snapshot().items())

    def __contains__(self, key: object) -> bool:
        return key in self.snapshot()
