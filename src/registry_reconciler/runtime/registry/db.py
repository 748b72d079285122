"""Many registries side by side: one index a domain, and side tables built from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any, overload

from registry_reconciler.runtime.errors import HandleError, RegistryError, UnknownKeyError
from registry_reconciler.runtime.registry.capabilities import VOCABULARY, check_words
from registry_reconciler.runtime.registry.index import RegistryBuilder, RegistryIndex
from registry_reconciler.runtime.registry.items import collected, collected_in
from registry_reconciler.runtime.registry.locks import writer_lock
from registry_reconciler.runtime.registry.meta import Domain, HasMeta, K, Key, T
from registry_reconciler.runtime.registry.near import probably_meant
from registry_reconciler.runtime.registry.outcomes import Handles
from registry_reconciler.runtime.registry.overlay import (
    DEFAULT_LAYER,
    RuntimeRegistry,
    empty_snapshot,
    outcomes_of,
    rebased,
    with_items,
    without,
)
from registry_reconciler.runtime.registry.policy import Collision, PolicyLike, as_policy
from registry_reconciler.runtime.registry.snapshot import Snapshot


class RegistryDbBuilder:
    """Collects the items of many domains and the rows of side tables.

    Args:
        policy: for domains that ``policies`` does not name.
        domains: domains that exist even when nothing is registered in them.

    Example:
        >>> from registry_reconciler.runtime import Definition, RegistryMeta
        >>> builder = RegistryDbBuilder()
        >>> builder.register("commands", Definition(RegistryMeta("core::write", "write"))).id
        'core::write'
        >>> builder.side("keys", {"key": "w", "command": "core::write"})
        >>> db = builder.build()
        >>> db["commands"].require("write").meta.id, db.table("keys")[0]["key"]
        ('core::write', 'w')
    """

    def __init__(
        self,
        policy: PolicyLike = "by_priority",
        *,
        policies: Mapping[str, PolicyLike] | None = None,
        domains: Iterable[str] = (),
    ) -> None:
        self._policy = as_policy(policy)
        self._policies = {
            domain: as_policy(named_policy) for domain, named_policy in (policies or {}).items()
        }
        self._builders: dict[str, RegistryBuilder[Any]] = {}
        self._tables: dict[str, list[Any]] = {}
        for domain in domains:
            self._builder(domain)

    def _builder(self, domain: str) -> RegistryBuilder[Any]:
        builder = self._builders.get(domain)
        if builder is None:
            builder = RegistryBuilder(domain, self._policies.get(domain, self._policy))
            self._builders[domain] = builder
        return builder

    def register(self, domain: str, item: T) -> Key[T]:
        """Push an item into a domain. Raises as :meth:`RegistryBuilder.push`; then nothing was added."""
        self._builder(domain).push(item)
        return Key(domain, item.meta.id)

    def side(self, table: str, row: Any) -> None:
        """Append a row to a side table."""
        self._tables.setdefault(table, []).append(row)

    def add_module(self, module: ModuleType) -> None:
        """Register what a module declares with ``@item``."""
        for domain, definition in collected(module):
            self.register(domain, definition)

    def add_package(self, package: ModuleType | str) -> None:
        """Register what a package and all modules below it declare with ``@item``: all of it, or nothing.

        Raises:
            RegistryError: a module cannot be imported, or an item is refused.
        """
        self.add_whole(collected_in(package))

    def add_whole(self, items: Iterable[tuple[str, HasMeta]], rows: Iterable[tuple[str, Any]] = ()) -> None:
        """Register all of a batch, or nothing when one item is refused; raises what :meth:`register`
        raises.
        """
        saved = {domain: builder.copy() for domain, builder in self._builders.items()}
        try:
            for domain, item in items:
                self.register(domain, item)
        except BaseException:
            self._builders = saved
            raise
        for table, row in rows:
            self.side(table, row)

    def build(self) -> RegistryDb:
        """The immutable whole.

        Raises:
            UnknownCapabilityError: there is a vocabulary, and an item needs what it does not declare.
        """
        for words in self._tables.get(VOCABULARY, ()):
            for domain, builder in self._builders.items():
                check_words(words, ((domain, item) for item in builder.unchecked()))
        return RegistryDb(
            {domain: self._builders[domain].build() for domain in sorted(self._builders)},
            {table: tuple(self._tables[table]) for table in sorted(self._tables)},
        )


class RegistryDb(Mapping[str, RegistryIndex[Any]]):
    """Immutable: domain → index, and side tables. Safe to read from any thread."""

    __slots__ = ("_domains", "_tables")

    def __init__(
        self, domains: Mapping[str, RegistryIndex[Any]], tables: Mapping[str, tuple[Any, ...]]
    ) -> None:
        self._domains = dict(domains)
        self._tables = MappingProxyType(dict(tables))

    @overload
    def __getitem__(self, domain: Domain[T]) -> RegistryIndex[T]: ...

    @overload
    def __getitem__(self, domain: str) -> RegistryIndex[Any]: ...

    def __getitem__(self, domain: str) -> RegistryIndex[Any]:
        found = self._domains.get(domain)
        if found is None:
            raise UnknownKeyError("domains", domain, probably_meant(domain, self._domains))
        return found

    def __reduce__(self) -> Any:
        return RegistryDb, (self._domains, dict(self._tables))

    def __contains__(self, domain: object) -> bool:
        return domain in self._domains

    def __iter__(self) -> Iterator[str]:
        return iter(self._domains)

    def __len__(self) -> int:
        return len(self._domains)

    def table(self, name: str) -> tuple[Any, ...]:
        """The rows of a side table, in the order they came; none when nobody added any."""
        return self._tables.get(name, ())

    @property
    def tables(self) -> Mapping[str, tuple[Any, ...]]:
        """All side tables."""
        return self._tables

    def resolve(self, key: Key[K]) -> K:
        """The item of a handle, in the domain that the handle names. Raises as
        :meth:`RegistryIndex.resolve`.
        """
        found: K = self[key.registry].resolve(key)
        return found

    def collisions(self) -> dict[str, tuple[Collision, ...]]:
        """The collisions of every domain that has some."""
        return {name: found for name, index in self._domains.items() if (found := index.collisions())}

    def runtime(self, policy: PolicyLike = "by_priority", allow_id_overrides: bool = False) -> RuntimeDb:
        """This database as the base of one that grows while the program runs."""
        return RuntimeDb(self, policy, allow_id_overrides)


class DbSnapshot(Mapping[str, Snapshot[Any]]):
    """All domains at one moment. Immutable; lookups in several domains agree with each other."""

    __slots__ = ("_domains", "base", "memo")

    def __init__(self, base: RegistryDb, domains: Mapping[str, Snapshot[Any]]) -> None:
        self.base = base
        self._domains = dict(domains)
        # What others worked out of this very snapshot, by their own keys.
        self.memo: dict[Any, Any] = {}

    def __reduce__(self) -> Any:
        return DbSnapshot, (self.base, self._domains)

    @overload
    def __getitem__(self, domain: Domain[T]) -> Snapshot[T]: ...

    @overload
    def __getitem__(self, domain: str) -> Snapshot[Any]: ...

    def __getitem__(self, domain: str) -> Snapshot[Any]:
        found = self._domains.get(domain)
        if found is None:
            raise UnknownKeyError("domains", domain, probably_meant(domain, self._domains))
        return found

    def __contains__(self, domain: object) -> bool:
        return domain in self._domains

    def __iter__(self) -> Iterator[str]:
        return iter(self._domains)

    def __len__(self) -> int:
        return len(self._domains)

    def table(self, name: str) -> tuple[Any, ...]:
        """The rows of a side table of the base."""
        return self.base.table(name)

    def resolve(self, key: Key[K]) -> K:
        """The item of a handle, in the domain that the handle names."""
        snapshot = self._domains.get(key.registry)
        found: K = (self[key.registry] if snapshot is None else snapshot).resolve(key)
        return found

    def collisions(self) -> dict[str, tuple[Collision, ...]]:
        """The collisions of every domain that has some."""
        return {name: found for name, snapshot in self._domains.items() if (found := snapshot.collisions())}


class _Domain(RuntimeRegistry[Any]):
    """One domain of a :class:`RuntimeDb`: the same registry, its state kept in the database's one
    reference.
    """

    def __init__(self, owner: RuntimeDb, domain: str) -> None:
        self._owner = owner
        self._domain = domain
        self._lock = owner._lock
        self._may_override = owner._may_override

    def __reduce__(self) -> Any:
        return RuntimeDb.registry, (self._owner, self._domain)

    def snapshot(self) -> Snapshot[Any]:
        return self._owner.snapshot()[self._domain]

    def register_many(self, items: Iterable[Any], *, layer: str = DEFAULT_LAYER) -> Handles[Any]:
        batch = tuple(items)
        self._owner.check((self._domain, item) for item in batch)
        return super().register_many(batch, layer=layer)

    def _change(self, step: Callable[[Snapshot[Any]], Snapshot[Any]]) -> Snapshot[Any]:
        with self._lock:
            new = step(self.snapshot())
            self._owner._replace({self._domain: new})
            return new


class RuntimeDb:
    """A :class:`RegistryDb` plus what was registered since; changes of several domains become visible at
    once.
    """

    def __init__(
        self, base: RegistryDb, policy: PolicyLike = "by_priority", allow_id_overrides: bool = False
    ) -> None:
        self._lock = writer_lock()
        self._policy = as_policy(policy)
        self._may_override = allow_id_overrides
        self._state = DbSnapshot(
            base, {name: empty_snapshot(index, self._policy) for name, index in base.items()}
        )
        self._registries: dict[str, _Domain] = {}

    def __getstate__(self) -> dict[str, Any]:
        overrides = {name: registry._may_override for name, registry in list(self._registries.items())}
        return {
            "policy": self._policy,
            "may_override": self._may_override,
            "state": self._state,
            "overrides": overrides,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._lock = writer_lock()
        self._policy = state["policy"]
        self._may_override = state["may_override"]
        self._state = state["state"]
        self._registries = {}
        for name, allowed in state["overrides"].items():
            self.registry(name)._may_override = allowed

    def snapshot(self) -> DbSnapshot:
        """All domains as they are now."""
        return self._state

    def _replace(self, changed: Mapping[str, Snapshot[Any]]) -> None:
        self._state = DbSnapshot(self._state.base, {**self._state, **changed})

    @overload
    def registry(self, domain: Domain[T]) -> RuntimeRegistry[T]: ...

    @overload
    def registry(self, domain: str) -> RuntimeRegistry[Any]: ...

    def registry(self, domain: str) -> RuntimeRegistry[Any]:
        """The registry of one domain. Raises UnknownKeyError when there is no such domain. Takes no lock."""
        found = self._registries.get(domain)
        if found is None:
            self._state[domain]
            found = self._registries.setdefault(domain, _Domain(self, domain))
        return found

    @overload
    def __getitem__(self, domain: Domain[T]) -> RuntimeRegistry[T]: ...

    @overload
    def __getitem__(self, domain: str) -> RuntimeRegistry[Any]: ...

    def __getitem__(self, domain: str) -> RuntimeRegistry[Any]:
        return self.registry(domain)

    @overload
    def add_domain(self, domain: Domain[T]) -> RuntimeRegistry[T]: ...

    @overload
    def add_domain(self, domain: str) -> RuntimeRegistry[Any]: ...

    def add_domain(self, domain: str) -> RuntimeRegistry[Any]:
        """Make a domain that is not there yet, empty; it stays over a reload.

        Raises:
            RegistryError: there is one of this name.
        """
        with self._lock:
            if domain in self._state:
                raise RegistryError(f"there is a domain {domain!r} already")
            self._replace({domain: self._empty(domain)})
        return self.registry(domain)

    def _empty(self, domain: str) -> Snapshot[Any]:
        return empty_snapshot(RegistryBuilder[Any](domain, self._policy).build(), self._policy)

    def check(self, items: Iterable[tuple[str, HasMeta]]) -> None:
        """Refuse items that need what the vocabulary of the base does not declare."""
        for words in self._state.table(VOCABULARY):
            check_words(words, items)

    def register_many(
        self, items: Iterable[tuple[str, HasMeta]], *, layer: str = DEFAULT_LAYER
    ) -> Handles[Any]:
        """Register items of several domains: all of them, or none when one is refused.

        Returns:
            their handles in the order given; ``.outcomes`` says what came of each.
        """
        pairs = tuple(items)
        self.check(pairs)
        by_domain: dict[str, list[HasMeta]] = {}
        for domain, item in pairs:
            by_domain.setdefault(domain, []).append(item)
        with self._lock:
            old = self.snapshot()
            changed = {
                domain: with_items(old[domain], batch, layer, self._override_in(domain))
                for domain, batch in by_domain.items()
            }
            self._replace(changed)
            new = self.snapshot()
        rows = {
            domain: iter(outcomes_of(old[domain], new[domain], batch)) for domain, batch in by_domain.items()
        }
        return Handles(next(rows[domain]) for domain, _ in pairs)

    def _override_in(self, domain: str) -> bool:
        registry = self._registries.get(domain)
        return self._may_override if registry is None else registry._may_override

    def drop_layer(self, layer: str) -> tuple[tuple[str, Any], ...]:
        """Take away all items of a layer in every domain, at once; what left, each with its domain."""
        with self._lock:
            state = self.snapshot()
            gone = tuple(
                (name, reg.item)
                for name, snapshot in state.items()
                for reg in snapshot.registrations
                if reg.layer == layer
            )
            self._replace(
                {name: without(snapshot, lambda reg: reg.layer == layer) for name, snapshot in state.items()}
            )
        return gone

    def rebase(self, base: RegistryDb, changed: Mapping[str, Iterable[str]] | None = None) -> None:
        """Swap the base below the extras, all domains at once, or raise and leave everything.

        A domain that is gone from the base stays while it has extras.

        Args:
            changed: by domain: the ids at which it differs from the base before, where that is known.
        """
        with self._lock:
            self._state = self._over(base, changed)

    def _over(self, base: RegistryDb, changed: Mapping[str, Iterable[str]] | None) -> DbSnapshot:
        old = self.snapshot()
        domains: dict[str, Snapshot[Any]] = {}
        for name in (*base, *(name for name in old if name not in base)):
            index = base[name] if name in base else RegistryBuilder[Any](name, self._policy).build()
            ids = None if changed is None else changed.get(name)
            snapshot = old[name] if name in old else empty_snapshot(index, self._policy)
            domains[name] = rebased(snapshot, index, ids)
        return DbSnapshot(base, domains)

    def resolve(self, key: Key[K]) -> K:
        """The item of a handle, in the domain that the handle names."""
        if key.registry not in self._state:
            raise HandleError(f"the handle for {key.id!r} belongs to {key.registry}, which is not here")
        return self._state.resolve(key)

    def collisions(self) -> dict[str, tuple[Collision, ...]]:
        """The collisions of every domain that has some."""
        return self.snapshot().collisions()
