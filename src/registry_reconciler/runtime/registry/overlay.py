"""A registry that grows while the program runs: extras over an immutable index.

Guarantee: a :class:`Snapshot` never changes, so readers take no lock; a registration, a batch, a removal and
a dropped layer each become visible at once and whole, or not at all. The overlay is a function of the index
and of the registrations that are left, in their order: after an ``unregister`` it is as if the item had
never come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic

from registry_reconciler.runtime.errors import UnknownKeyError
from registry_reconciler.runtime.registry.draft import Draft, folded
from registry_reconciler.runtime.registry.index import RegistryIndex
from registry_reconciler.runtime.registry.locks import writer_lock
from registry_reconciler.runtime.registry.meta import Key, T
from registry_reconciler.runtime.registry.near import probably_meant
from registry_reconciler.runtime.registry.outcomes import (
    Action,
    Handles,
    Outcome,
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
    losses,
)
from registry_reconciler.runtime.registry.snapshot import Registration, Snapshot
from registry_reconciler.runtime.registry.versions import Tables

DEFAULT_LAYER = ""


def _frozen(
    draft: Draft[T], old: Snapshot[T], ids: Iterable[str], same: Callable[[T, T], bool]
) -> Snapshot[T]:
    """The draft as a snapshot. Of ``ids``, those that lead to another item than before get the number of that
    item: its own where it was there already, a new one otherwise.
    """
    new = draft.frozen()
    for id in ids:
        before, after = old.get_by_id(id), new.get_by_id(id)
        if before is after or (before is not None and after is not None and same(before, after)):
            continue
        rows = old.past(id)
        known = [row for row in rows or () if is_alive(row[1])]
        number = old.generation_of(id)
        if before is not None and number not in (row[0] for row in known):
            known.append((number, mark(before)))
        if after is not None:
            first = before is None and rows is None
            came_back = next((number for number, seen in known if is_marked(seen, after)), None)
            number = (0 if first else new.generation) if came_back is None else came_back
            if number != new.generation_of(id):
                draft.write.set(draft.tables.generations, id, number)
        if known or rows is not None:
            draft.write.set(draft.tables.past, id, tuple(known))
    return new


def _outcome(old: Snapshot[T], new: Snapshot[T], item: T, *, again: bool) -> Outcome[T]:
    id = item.meta.id
    before, now = old.get_by_id(id), new.get_by_id(id)
    assert now is not None
    found = [loss for word in item.meta.words() for loss in losses(word, *new.claimers(word), new.policy)]
    mine = (
        tuple(sorted(collision for collision in found if id in (collision.winner, collision.loser)))
        if now is item
        else ()
    )
    if again or old.knows(item):
        return Outcome(item, "unchanged", new.key(id), collisions=mine)
    if now is not item:
        return Outcome(item, "lost", new.key(id), lost_to=now)
    action: Action = "inserted" if before is None else "replaced"
    return Outcome(item, action, new.key(id), replaced=before, collisions=mine)


def outcomes_of(old: Snapshot[T], new: Snapshot[T], items: Iterable[T]) -> list[Outcome[T]]:
    """What came of each item of a batch. One that lost the very id that it came for is told in the log too."""
    before: set[int] = set()
    found: list[Outcome[T]] = []
    for item in items:
        found.append(_outcome(old, new, item, again=id(item) in before))
        before.add(id(item))
    for change in found:
        if change.action == "lost":
            import logging  # lookup alone does not load it

            logging.getLogger("registry_reconciler.runtime").warning(
                "%s: %r was registered and lost its id to the item that was there", new.label, change.key.id
            )
    return found


def empty_snapshot(base: RegistryIndex[T], policy: DuplicatePolicy) -> Snapshot[T]:
    """An overlay without extras."""
    return Snapshot(base, policy, Tables(), 0)


def with_items(old: Snapshot[T], items: Iterable[T], layer: str, may_override: bool) -> Snapshot[T]:
    """The snapshot with a batch added. Raises what :meth:`RuntimeRegistry.register_many` raises; ``old``
    stays. Only one thread at a time may do this to snapshots of one registry.
    """
    draft = Draft.of(old)
    try:
        ids = {item.meta.id for item in items if draft.add(Registration(item, layer, may_override))}
        if ids:
            return _frozen(draft, old, ids, is_same)
    except BaseException:
        draft.write.take_back()
        raise
    draft.write.take_back()
    return old


def without(old: Snapshot[T], leaves: Callable[[Registration[T]], bool]) -> Snapshot[T]:
    """The snapshot as if the registrations that leave had never come."""
    kept: list[Registration[T]] = []
    ids = set()
    for registration in old.registrations:
        if leaves(registration):
            ids.add(registration.item.meta.id)
        else:
            kept.append(registration)
    return _frozen(folded(old.base, old, kept), old, ids, is_same) if ids else old


def rebased(old: Snapshot[T], base: RegistryIndex[T], changed: Iterable[str] | None = None) -> Snapshot[T]:
    """The same extras over another index; equal items keep their handles alive.

    Args:
        changed: the ids at which the indexes differ, where that is known.

    Raises:
        RegistryError: an extra does not go with the new index.
    """
    if base is old.base:
        return old
    differing = {*old.base.ids(), *base.ids()} if changed is None else set(changed)
    ids = {*differing, *old.extra_ids()}
    return _frozen(folded(base, old, old.registrations), old, ids, is_equal)


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
        self._lock = writer_lock()
        self._may_override = allow_id_overrides
        self._state = empty_snapshot(index, as_policy(policy))

    def __getstate__(self) -> dict[str, Any]:
        return {"state": self._state, "may_override": self._may_override}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._lock = writer_lock()
        self._may_override = state["may_override"]
        self._state = state["state"]

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
            self._change(lambda old: without(old, lambda registration: registration.item is item))
        return item

    def _extra(self, id: str) -> T:
        state = self.snapshot()
        held = state.extra(id)
        if held is not None:
            return held
        for registration in reversed(state.registrations):
            if registration.item.meta.id == id:
                return registration.item
        raise UnknownKeyError(f"extras of {state.label}", id, probably_meant(id, state.extra_ids()))

    def drop_layer(self, layer: str) -> tuple[T, ...]:
        """Take away all items of a layer at once and give them back; an unknown layer has none."""
        with self._lock:
            gone = tuple(
                registration.item
                for registration in self.snapshot().registrations
                if registration.layer == layer
            )
            self._change(lambda old: without(old, lambda item: item.layer == layer))
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
