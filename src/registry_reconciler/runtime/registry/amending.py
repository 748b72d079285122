"""A database of which some items changed: what did not change is shared with the one before.

Guarantee: what comes out is what building it anew of all items would have given, or :class:`NotAmendable` is
raised. The tables are copied in one step each and changed at the words of the changed items, so the time that it
takes goes with what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic

from registry_reconciler.runtime.registry.db import RegistryDb
from registry_reconciler.runtime.registry.index import RegistryIndex
from registry_reconciler.runtime.registry.meta import HasMeta, T
from registry_reconciler.runtime.registry.policy import DuplicatePolicy, ranked


class NotAmendable(Exception):
    """It has to be built anew, which also says what is wrong with it, if anything is."""


class _NamespaceWords(Generic[T]):
    """One namespace while it is changed."""

    def __init__(self, holder: Mapping[str, T], contested: Mapping[str, tuple[T, ...]]) -> None:
        self.holder = dict(holder)
        self.contested = dict(contested)

    def remove(self, word: str, item: T) -> None:
        many = self.contested.pop(word, None)
        if many is None:
            del self.holder[word]
            return
        self._settle(word, tuple(other for other in many if other is not item))

    def add(self, word: str, item: T) -> None:
        many = self.contested.get(word)
        if many is None:
            first = self.holder.get(word)
            many = () if first is None else (first,)
        self._settle(word, ranked((*many, item), DuplicatePolicy.BY_PRIORITY))

    def _settle(self, word: str, claimers: tuple[T, ...]) -> None:
        self.holder[word] = claimers[0]
        if len(claimers) > 1:
            self.contested[word] = claimers


def amended_index(index: RegistryIndex[T], gone: Iterable[T], come: Sequence[T]) -> RegistryIndex[T]:
    """The index without some of its items and with others.

    Raises:
        NotAmendable: an item cannot come, or who has a contested word depends on the order of coming.
    """
    if index.policy is not DuplicatePolicy.BY_PRIORITY:
        raise NotAmendable
    held, *spaces = index.parts()
    ids = dict(held)
    names, aliases = (_NamespaceWords(*space) for space in spaces)
    comes_again = {item.meta.id for item in come}
    for item in gone:
        # One that comes again keeps its place in the order of ids.
        if item.meta.id not in comes_again:
            del ids[item.meta.id]
        _each_word(item, names.remove, aliases.remove)
    gone_ids = {item.meta.id for item in gone}
    sorted_already = True
    for item in come:
        id = item.meta.id
        if id in ids and id not in gone_ids:
            raise NotAmendable
        gone_ids.discard(id)
        if id in names.holder or id in aliases.holder:
            raise NotAmendable
        sorted_already = sorted_already and id in ids
        ids[id] = item
        _each_word(item, names.add, aliases.add)
    if any(word in ids for item in come for word in item.meta.words()):
        raise NotAmendable
    if not sorted_already:
        ids = {id: ids[id] for id in sorted(ids)}
    return RegistryIndex(
        index.label,
        index.policy,
        ids,
        (names.holder, names.contested),
        (aliases.holder, aliases.contested),
    )


def _each_word(item: HasMeta, name: Any, alias: Any) -> None:
    for word in item.meta.names():
        name(word, item)
    for word in item.meta.other_names():
        alias(word, item)


def amended_db(
    db: RegistryDb, changed: Mapping[str, tuple[Sequence[HasMeta], Sequence[HasMeta]]]
) -> RegistryDb:
    """The database with other items in some domains: by domain, those that go and those that come."""
    amended = {domain: amended_index(db[domain], gone, come) for domain, (gone, come) in changed.items()}
    return RegistryDb({**db, **amended}, db.tables)
