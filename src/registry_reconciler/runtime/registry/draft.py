"""The next snapshot while it is being made: an item enters, takes an id from another, or is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic

from registry_reconciler.runtime.errors import DuplicateIdError, IdShadowingError, KeyConflictError
from registry_reconciler.runtime.registry.index import RegistryIndex
from registry_reconciler.runtime.registry.meta import T
from registry_reconciler.runtime.registry.policy import DuplicatePolicy, later_wins
from registry_reconciler.runtime.registry.snapshot import Claims, Registration, Snapshot


class Draft(Generic[T]):
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
    def of(cls, snapshot: Snapshot[T]) -> Draft[T]:
        """A draft that begins as a snapshot is."""
        draft = cls(snapshot.base, snapshot.policy)
        draft.ids = snapshot._ids.copy()
        draft.names = snapshot._names.copy()
        draft.aliases = snapshot._aliases.copy()
        draft.hidden = snapshot._hidden.copy()
        draft.shadowed = list(snapshot._shadowed)
        draft.registrations = list(snapshot._registrations)
        draft.delta = snapshot._delta.copy()
        return draft

    def add(self, registration: Registration[T]) -> None:
        """Register an item, or raise why it may not come. What is there already changes nothing."""
        item = registration.item
        if self._knows(item):
            return
        self._refuse_shadowing(item)
        holder = self._holder(item.meta.id)
        if holder is None:
            self._enter(item)
        else:
            self._contest(holder, registration)
        self.registrations.append(registration)

    def _knows(self, item: T) -> bool:
        id = item.meta.id
        if self.ids.get(id) is item or self.base.get_by_id(id) is item:
            return True
        return any(item is other for pair in self.shadowed for other in pair)

    def _holder(self, id: str) -> T | None:
        extra = self.ids.get(id)
        return self.base.get_by_id(id) if extra is None else extra

    def _contest(self, holder: T, registration: Registration[T]) -> None:
        id = registration.item.meta.id
        if not registration.may_override:
            raise DuplicateIdError(
                self.base.label, id, "choose another id, or allow overrides of ids where that is meant"
            )
        if self.policy is DuplicatePolicy.ERROR:
            raise KeyConflictError(self.base.label, id, "id", id, id)
        self.shadowed.append((holder, registration.item))
        if later_wins(holder.meta, registration.item.meta, self.policy):
            self._leave(holder)
            self._enter(registration.item)

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


def folded(
    base: RegistryIndex[T], policy: DuplicatePolicy, registrations: Iterable[Registration[T]]
) -> Draft[T]:
    """An index with registrations, in their order."""
    draft = Draft(base, policy)
    for registration in registrations:
        draft.add(registration)
    return draft
