"""The immutable index of one domain, and the builder that checks what goes into it.

Guarantee: in a built index no id means two things, no name or alias hides an id, and what a key leads to
does not depend on the order of pushes under the policy ``by_priority``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from registry_reconciler.runtime.errors import (
    DuplicateIdError,
    GoneHandleError,
    HandleError,
    IdShadowingError,
    KeyConflictError,
    StaleHandleError,
    UnknownKeyError,
)
from registry_reconciler.runtime.registry.meta import Key, T
from registry_reconciler.runtime.registry.near import SortedWords, probably_meant
from registry_reconciler.runtime.registry.policy import (
    Collision,
    DuplicatePolicy,
    PolicyLike,
    as_policy,
    losses,
    ranked,
)

Claimed: TypeAlias = tuple[dict[str, T], dict[str, tuple[T, ...]]]
"""Who has each word of a namespace, and for contested words all who claim it, best first."""

Parts: TypeAlias = tuple[dict[str, T], Claimed[T], Claimed[T]]


class _Claims(Generic[T]):
    """Who claims the words of one namespace. Most words have one claimer, so only contested ones get a
    list.
    """

    __slots__ = ("contested", "holder")

    def __init__(self) -> None:
        self.holder: dict[str, T] = {}
        self.contested: dict[str, list[T]] = {}

    def copy(self) -> _Claims[T]:
        other: _Claims[T] = _Claims()
        other.holder = self.holder.copy()
        other.contested = {word: items.copy() for word, items in self.contested.items()}
        return other

    def add(self, word: str, item: T) -> None:
        first = self.holder.setdefault(word, item)
        if first is not item:
            self.contested.setdefault(word, [first]).append(item)


class RegistryBuilder(Generic[T]):
    """Collects items for one index.

    Example:
        >>> from registry_reconciler.runtime import Definition, RegistryMeta
        >>> write = Definition(RegistryMeta("core::w", "write", ("w",)))
        >>> index = RegistryBuilder("commands").push(write).build()
        >>> index.require("w").meta.id
        'core::w'
    """

    def __init__(self, label: str, policy: PolicyLike = "by_priority") -> None:
        self.label = label
        self.policy = as_policy(policy)
        self._items: dict[str, T] = {}
        self._names: _Claims[T] = _Claims()
        self._aliases: _Claims[T] = _Claims()

    def __len__(self) -> int:
        return len(self._items)

    def copy(self) -> RegistryBuilder[T]:
        """A builder with the same items that goes its own way."""
        other: RegistryBuilder[T] = RegistryBuilder(self.label, self.policy)
        other._items = self._items.copy()
        other._names = self._names.copy()
        other._aliases = self._aliases.copy()
        return other

    def push(self, item: T) -> RegistryBuilder[T]:
        """Add an item; a refused one leaves the builder as it was.

        Raises:
            DuplicateIdError: whatever the policy.
            IdShadowingError: a name or alias equals another item's id, in either order of pushes.
            KeyConflictError: a contested name or alias under the policy ``error``.
        """
        meta = item.meta
        self._refuse_ids(item)
        if self.policy is DuplicatePolicy.ERROR:
            self._refuse_contested(item)
        self._items[meta.id] = item
        for word in meta.names():
            self._names.add(word, item)
        if meta.aliases:
            for word in meta.other_names():
                self._aliases.add(word, item)
        return self

    def unchecked(self) -> Iterable[T]:
        """The items that no workspace's loading has looked at: those in code."""
        return (item for item in self._items.values() if getattr(item, "__registry_identity__", None) is None)

    def push_many(self, items: Iterable[T]) -> RegistryBuilder[T]:
        """Push one after the other; stops at the first that is refused."""
        for item in items:
            self.push(item)
        return self

    def _refuse_ids(self, item: T) -> None:
        meta = item.meta
        id = meta.id
        if id in self._items:
            raise DuplicateIdError(self.label, id)
        claimer = self._claimer(id)
        if claimer is not None:
            raise IdShadowingError(self.label, id, claimer.meta.id, id)
        for word in meta.words():
            if word in self._items:
                raise IdShadowingError(self.label, word, id, word)

    def _claimer(self, word: str) -> T | None:
        # Not `or`: an item may be falsy.
        named = self._names.holder.get(word)
        return self._aliases.holder.get(word) if named is None else named

    def _refuse_contested(self, item: T) -> None:
        meta = item.meta
        for kind, words in (("name", meta.names()), ("alias", tuple(meta.other_names()))):
            for word in words:
                other = self._claimer(word)
                if other is not None:
                    raise KeyConflictError(self.label, word, kind, other.meta.id, meta.id)

    def build(self) -> RegistryIndex[T]:
        """The index of what was pushed so far; the builder can go on."""
        return RegistryIndex(
            self.label,
            self.policy,
            {id: self._items[id] for id in sorted(self._items)},
            self._settle(self._names),
            self._settle(self._aliases),
        )

    def _settle(self, claims: _Claims[T]) -> Claimed[T]:
        contested = {word: ranked(items, self.policy) for word, items in claims.contested.items()}
        holder = dict(claims.holder)
        for word, items in contested.items():
            holder[word] = items[0]
        return holder, contested


class RegistryIndex(Generic[T]):
    """An immutable registry of one domain. Safe to read from any thread. Made by :class:`RegistryBuilder`.

    Attributes:
        get: the item that an id, else a name, else an alias leads to; ``None`` when nothing does.
    """

    __slots__ = (
        "_alias_claims",
        "_aliases",
        "_ids",
        "_keys",
        "_name_claims",
        "_names",
        "_near",
        "get",
        "label",
        "policy",
    )

    if TYPE_CHECKING:

        def get(self, key: str) -> T | None:
            """See the class."""

    def __init__(
        self,
        label: str,
        policy: DuplicatePolicy,
        ids: dict[str, T],
        names: Claimed[T],
        aliases: Claimed[T],
    ) -> None:
        self.label = label
        self.policy = policy
        self._ids = ids
        self._names, self._name_claims = names
        self._aliases, self._alias_claims = aliases
        # One table with ids over names over aliases: a lookup is one probe instead of three.
        self._keys: dict[str, T] = {**self._aliases, **self._names, **ids}
        self._near: SortedWords | None = None
        object.__setattr__(self, "get", self._keys.get)

    def __reduce__(self) -> Any:
        return RegistryIndex, (self.label, self.policy, *self.parts())

    def meant(self, key: str) -> tuple[str, ...]:
        """At most three keys that were probably meant, best first."""
        if self._near is None:
            self._near = SortedWords(self._keys)
        return probably_meant(key, self._near)

    def get_by_id(self, id: str) -> T | None:
        """The item with this id; names and aliases are not asked."""
        return self._ids.get(id)

    def require(self, key: str) -> T:
        """As :meth:`get`.

        Raises:
            UnknownKeyError: with what was probably meant.
        """
        item = self._keys.get(key)
        if item is None:
            raise UnknownKeyError(self.label, key, self.meant(key))
        return item

    def items(self) -> tuple[T, ...]:
        """All items that can be reached, in id order. In an index that is every one."""
        return tuple(self._ids.values())

    def items_all(self) -> tuple[T, ...]:
        """All items, also those that cannot be reached, in id order."""
        return tuple(self._ids.values())

    def ids(self) -> Iterable[str]:
        """All ids, in order."""
        return self._ids.keys()

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[T]:
        return iter(self._ids.values())

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __repr__(self) -> str:
        return f"RegistryIndex({self.label!r}, {len(self._ids)} items)"

    def parts(self) -> Parts[T]:
        """The tables that the index consists of: what its constructor takes."""
        return self._ids, (self._names, self._name_claims), (self._aliases, self._alias_claims)

    def claimers(self, word: str) -> tuple[tuple[T, ...], tuple[T, ...]]:
        """Who claims a word as a name and who as an alias, each ranked best first."""
        return _claimers(word, self._names, self._name_claims), _claimers(
            word, self._aliases, self._alias_claims
        )

    def contested(self) -> set[str]:
        """Words that more than one item claims, as a name or as an alias."""
        return (
            (self._names.keys() & self._aliases.keys()) | self._name_claims.keys() | self._alias_claims.keys()
        )

    def collisions(self) -> tuple[Collision, ...]:
        """Every claim that lost, sorted."""
        found = [
            loss for word in self.contested() for loss in losses(word, *self.claimers(word), self.policy)
        ]
        return tuple(sorted(found))

    def key(self, id: str) -> Key[T]:
        """A handle for the item with this id.

        Raises:
            UnknownKeyError: there is none.
        """
        if id not in self._ids:
            raise UnknownKeyError(self.label, id, probably_meant(id, self._ids))
        return Key(self.label, id)

    def resolve(self, key: Key[T]) -> T:
        """The item of a handle.

        Raises:
            HandleError: the handle belongs to another registry.
            GoneHandleError, StaleHandleError: see there.
        """
        own_key(self.label, key)
        item = self._ids.get(key.id)
        if item is None:
            raise GoneHandleError(f"{self.label}: {key.id!r} is gone")
        if key.generation:
            raise StaleHandleError(f"{self.label}: {key.id!r} is another item than the handle was made for")
        return item


def own_key(label: str, key: Key[T]) -> None:
    """Refuse a handle of another registry: an equal id there means something else.

    Raises:
        HandleError: it is one.
    """
    if key.registry != label:
        raise HandleError(f"the handle for {key.id!r} belongs to {key.registry}, not to {label}")


def _claimers(word: str, holder: Mapping[str, T], contested: Mapping[str, tuple[T, ...]]) -> tuple[T, ...]:
    many = contested.get(word)
    if many is not None:
        return many
    item = holder.get(word)
    return () if item is None else (item,)
