"""The next snapshot while it is being made: an item enters, takes an id from another, or is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic

from registry_reconciler.runtime.errors import DuplicateIdError, IdShadowingError, KeyConflictError
from registry_reconciler.runtime.registry.index import RegistryIndex
from registry_reconciler.runtime.registry.meta import T
from registry_reconciler.runtime.registry.policy import DuplicatePolicy, later_wins
from registry_reconciler.runtime.registry.snapshot import Registration, Snapshot
from registry_reconciler.runtime.registry.versions import ABSENT, Cells, Tables, VersionWriter


class Draft(Generic[T]):
    """The next snapshot while it is being made; nobody else sees it."""

    def __init__(
        self, base: RegistryIndex[T], policy: DuplicatePolicy, tables: Tables, generation: int
    ) -> None:
        self.base = base
        self.policy = policy
        self.tables = tables
        self.generation = generation
        self.write = VersionWriter(tables, generation)
        self.held = 0
        self.hidden = 0
        self.touched: set[str] = set()

    @classmethod
    def of(cls, snapshot: Snapshot[T]) -> Draft[T]:
        """A draft that begins as a snapshot is."""
        tables = snapshot.tables
        if tables.tip != snapshot.generation:  # somebody else went on from here already
            tables = tables.at(snapshot.generation, snapshot.registered)
        draft = cls(snapshot.base, snapshot.policy, tables, snapshot.generation + 1)
        draft.held, draft.hidden = snapshot.held, snapshot.hidden
        return draft

    def frozen(self) -> Snapshot[T]:
        """The snapshot."""
        new: Snapshot[T] = Snapshot(
            self.base, self.policy, self.tables, self.generation, self.held, self.hidden
        )
        for word in self.touched:
            self.write.set(self.tables.delta, word, new.decided(word))
        new.settle()
        return new

    def add(self, registration: Registration[T]) -> bool:
        """Register an item, or raise why it may not come. Whether it was not there already."""
        item = registration.item
        if self._knows(item):
            return False
        self._refuse_shadowing(item)
        holder = self._holder(item.meta.id)
        if holder is None:
            self._enter(item)
        else:
            self._contest(holder, registration)
        self.tables.registrations.append(registration)
        return True

    def _extra(self, id: str) -> T | None:
        found = self.write.get(self.tables.ids, id)
        return None if found is ABSENT else found

    def _knows(self, item: T) -> bool:
        id = item.meta.id
        if self._extra(id) is item or self.base.get_by_id(id) is item:
            return True
        return any(item is other for pair in self.write.some(self.tables.shadowed, id) for other in pair)

    def _holder(self, id: str) -> T | None:
        extra = self._extra(id)
        return self.base.get_by_id(id) if extra is None else extra

    def _contest(self, holder: T, registration: Registration[T]) -> None:
        item = registration.item
        id = item.meta.id
        if not registration.may_override:
            raise DuplicateIdError(
                self.base.label, id, "choose another id, or allow overrides of ids where that is meant"
            )
        if self.policy is DuplicatePolicy.ERROR:
            raise KeyConflictError(self.base.label, id, "id", id, id)
        self.write.add(self.tables.shadowed, (id,), (holder, item))
        for claimer in (holder, item):
            self.write.add(self.tables.claimed, claimer.meta.words(), claimer)
        if later_wins(holder.meta, item.meta, self.policy):
            self._leave(holder)
            self._enter(item)

    def _enter(self, item: T) -> None:
        meta = item.meta
        if self.policy is DuplicatePolicy.ERROR:
            self._refuse_contested(item)
        self.held += self._extra(meta.id) is None
        self.write.set(self.tables.ids, meta.id, item)
        self.touched.add(meta.id)
        for claims, words in self._claims(item):
            self.write.add(claims, words, item)
            self.touched.update(words)

    def _claims(self, item: T) -> tuple[tuple[Cells, tuple[str, ...]], ...]:
        meta = item.meta
        return (self.tables.names, meta.names()), (self.tables.aliases, tuple(meta.other_names()))

    def _leave(self, item: T) -> None:
        meta = item.meta
        self.touched.update(meta.words())
        if self._extra(meta.id) is not item:
            self.hidden += self.write.get(self.tables.hidden, meta.id) is ABSENT
            self.write.set(self.tables.hidden, meta.id, item)
            return
        for claims, words in self._claims(item):
            for word in words:
                left = tuple(other for other in self.write.some(claims, word) if other is not item)
                self.write.set(claims, word, left)

    def _refuse_contested(self, item: T) -> None:
        meta = item.meta
        for kind, words in (("name", meta.names()), ("alias", tuple(meta.other_names()))):
            for word in words:
                others: tuple[Any, ...] = (
                    *self.write.some(self.tables.names, word),
                    *self.write.some(self.tables.aliases, word),
                    *(claimer for claimers in self.base.claimers(word) for claimer in claimers),
                )
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
        for claims in (self.tables.names, self.tables.aliases, self.tables.claimed):
            yield from self.write.some(claims, word)
        for claimers in self.base.claimers(word):
            yield from claimers


def folded(base: RegistryIndex[T], old: Snapshot[T], registrations: Iterable[Registration[T]]) -> Draft[T]:
    """What comes after a snapshot: an index with registrations, in their order."""
    tables = Tables(old.generation)
    tables.generations, tables.past = old.numbers()
    draft = Draft(base, old.policy, tables, old.generation + 1)
    for registration in registrations:
        draft.add(registration)
    return draft
