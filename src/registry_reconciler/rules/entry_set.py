"""An entry set: the entries of a workspace at one moment, with the indexes that rules ask.

``check`` builds two of them, the workspace as it is and as it would be after the plan, and runs the same rules on both.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, TypeVar, cast

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.files.tree import Tree
from registry_reconciler.formats.base import Sections
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import FieldPath, Json, Place
from registry_reconciler.model.fleet_view import FleetView
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.references import address_of
from registry_reconciler.rules.unloaded import NOTHING_UNLOADED, Unloaded

SOURCE_RANK = {"builtin": 0, "package": 1, "runtime": 2}

_T = TypeVar("_T")


def _no_sections(_: str) -> Sections:
    return ()


class Entry(Struct, frozen=True):
    """An entry in an entry set.

    Attributes:
        value: the whole value, live fields included.
        place: where a person would change it: the fragment for a declared entry, else the registry file.
        live_place: where the registry holds it, if it does.
        managed: declared by a fragment or remembered by the state.
    """

    kind: str
    key: str
    address: str
    value: Mapping[str, Json]
    place: Place
    live_place: Place | None = None
    managed: bool = False


class EntrySet(Struct, eq=False, frozen=True):
    """All entries at one moment.

    Attributes:
        items: by address, in address order.
        clashes: entries that stand a second time under an address that ``items`` has.
        tree: asks about files on disk (what it is asked becomes an input of the plan).
        overrides: addresses that take a name or alias on purpose.
        hidden_kinds: kinds whose entries are not all known, because a file of theirs cannot be read.
        hidden_text: text of fragments that cannot be read; what they may declare is not reported as dangling.
        hidden_all: such fragments are too long to look into, and may declare anything.
        hidden_addresses: addresses that unreadable fragments own, as the state remembers.
        beyond_ascii: the files that may hold more than plain ASCII text; ``None``: any may.
        rest: what is not among ``items`` and yet there.
        earlier: an entry set with the very same items but at the ``touched`` addresses, and with the same kinds: what
            was made of the others there need not be made again.
        planned_files: the registry file of each entry that a plan changes, by address.
        fleet: what the other repositories have, where somebody asked them.
        sections: where the items of a file's long lists stand, as the file is now; nothing of a file that was not read.
    """

    kinds: Mapping[str, Kind]
    config: Config
    tree: Tree
    items: Mapping[str, Entry]
    clashes: Sequence[Entry] = ()
    overrides: frozenset[str] = frozenset()
    hidden_kinds: frozenset[str] = frozenset()
    hidden_text: str = ""
    hidden_all: bool = False
    hidden_addresses: frozenset[str] = frozenset()
    beyond_ascii: Container[str] | None = None
    rest: Unloaded = NOTHING_UNLOADED
    earlier: EntrySet | None = None
    touched: frozenset[str] = frozenset()
    planned_files: Mapping[str, str] = field(default_factory=dict)
    sections: Callable[[str], Sections] = _no_sections
    fleet: FleetView | None = None
    _by_kind: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    _memo: dict[Any, Any] = field(default_factory=dict)

    def over(self, tree: Tree, before: EntrySet) -> EntrySet:
        """The same entries over other files; nothing is taken over that was looked up there.

        Args:
            before: what this one comes after, or this one itself.
        """
        return replace(self, tree=tree, earlier=before, _memo={})

    def memo(self, build: Callable[[EntrySet], _T]) -> _T:
        """What ``build`` makes of this entry set, made once: the indexes that several rules share."""
        if build not in self._memo:
            self._memo[build] = build(self)
        return cast(_T, self._memo[build])

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        """The entries of some kinds, by kind as given, then by key."""
        if not self._by_kind:
            groups: dict[str, list[Entry]] = {}
            for item in self.items.values():
                groups.setdefault(item.kind, []).append(item)
            self._by_kind.update({kind: tuple(items) for kind, items in groups.items()})
            self._by_kind.setdefault("", ())
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], ())
        return tuple(item for kind in kinds for item in self._by_kind.get(kind, ()))

    def keys(self, *kinds: str) -> tuple[str, ...]:
        """The keys of all entries of some kinds, by kind as given, then sorted; those not loaded too."""
        elsewhere = self.rest.elsewhere
        if elsewhere is None:
            return tuple(item.key for item in self.of(*kinds))
        return tuple(
            key
            for kind in kinds
            for key in sorted([*(item.key for item in self.of(kind)), *elsewhere.keys((kind,))])
        )

    def touched_items(self, *kinds: str) -> list[Entry]:
        """The entries of some kinds that the earlier entry set has not, or has otherwise; in address order."""
        found = (self.items.get(address) for address in sorted(self.touched))
        return [item for item in found if item is not None and item.kind in kinds]

    def judges(self, address: str) -> bool:
        """Whether what is found about an entry counts."""
        return self.rest.judged is None or address in self.rest.judged

    def kinds_of(self, *roles: str) -> tuple[str, ...]:
        """The names of the kinds that are what some roles say, by role as given."""
        known = self.memo(_kinds_by_role)
        return tuple(name for role in roles for name in known.get(role, ()))

    def acting(self, *roles: str) -> tuple[Entry, ...]:
        """The entries of the kinds that are what some roles say."""
        return self.of(*self.kinds_of(*roles))

    def as_role(self, role: str, key: str) -> Entry | None:
        """The entry of a key of a kind that is what a role says."""
        found = (self.get(kind, key) for kind in self.kinds_of(role))
        return next((item for item in found if item is not None), None)

    def is_a(self, item: Entry, *roles: str) -> bool:
        """Whether the schema of an entry's kind says one of some roles."""
        kind = self.kinds.get(item.kind)
        return kind is not None and kind.role in roles

    def role_hidden(self, *roles: str) -> bool:
        """Whether not all entries are known of the kinds that are, or by their names may be, what some roles say."""
        return not self.hidden_kinds.isdisjoint((*self.kinds_of(*roles), *(set(roles) - self.kinds.keys())))

    def role_maybe_hidden(self, role: str, key: str) -> bool:
        """As :meth:`maybe_hidden`, for kinds that are what a role says."""
        return self.maybe_hidden(self.kinds_of(role) or (role,), key)

    def get(self, kind: str, key: str) -> Entry | None:
        """The entry of a kind by key."""
        return self.items.get(f"{kind}/{key}")

    def resolve(self, kinds: Sequence[str], key: str) -> Entry | None:
        """The entry that a reference to one of some kinds means; an address is understood as well as a key."""
        return self.items.get(address_of(self.items, kinds, key))

    def maybe_hidden(self, kinds: Sequence[str], key: str) -> bool:
        """Whether an entry may exist in a file that cannot be read, so that nothing may be said about it."""
        if any(kind in self.hidden_kinds or f"{kind}/{key}" in self.hidden_addresses for kind in kinds):
            return True
        return self.hidden_all or (bool(self.hidden_text) and key in self.hidden_text)

    def is_key(self, item: Entry, path: FieldPath) -> bool:
        """Whether a field of an entry is a part of its key: another value makes another entry of it."""
        return any(selector.path == path for selector in self.kinds[item.kind].key)

    def maybe_declared(self, address: str) -> bool:
        """Whether a fragment that cannot be read may declare the entry."""
        key = address.partition("/")[2]
        hidden = bool(self.hidden_text) and key in self.hidden_text
        return self.hidden_all or hidden or address in self.hidden_addresses

    def registry_file(self, item: Entry) -> str:
        """The registry file that an entry stands in, or will after the plan."""
        return self.planned_files.get(item.address) or (item.live_place or item.place).file

    def spaces(self) -> Mapping[str, tuple[str, ...]]:
        """Kinds by the id space that they share."""
        return _spaces(tuple((kind.space, name) for name, kind in sorted(self.kinds.items())))

    def status(self, item: Entry) -> str:
        """``planned``, ``active``, ``deprecated`` or ""."""
        selector = self.kinds[item.kind].names.status
        value = selector.get(item.value) if selector else None
        return value if isinstance(value, str) else ""

    def name(self, item: Entry) -> str | None:
        """The entry's name for people."""
        selector = self.kinds[item.kind].names.name
        value = selector.get(item.value) if selector else None
        return value if isinstance(value, str) else None

    def aliases(self, item: Entry) -> tuple[str, ...]:
        """The entry's other names."""
        selector = self.kinds[item.kind].names.aliases
        if selector is None:
            return ()
        found: list[str] = []
        for _, value in selector.find(item.value):
            found.extend(
                alias for alias in (value if isinstance(value, list) else [value]) if isinstance(alias, str)
            )
        return tuple(found)

    def rank(self, item: Entry) -> tuple[int, int, str]:
        """Sorts the winner of a name first: higher priority, then later source, then the smaller id."""
        names = self.kinds[item.kind].names
        priority = names.priority.get(item.value) if names.priority else None
        source = names.source.get(item.value) if names.source else None
        return (
            -priority if isinstance(priority, int) and not isinstance(priority, bool) else 0,
            -SOURCE_RANK.get(source, 0) if isinstance(source, str) else 0,
            item.key,
        )


@functools.lru_cache(maxsize=64)
def _spaces(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for space, kind in pairs:
        groups.setdefault(space, []).append(kind)
    return {space: tuple(kinds) for space, kinds in groups.items()}


def _kinds_by_role(entry_set: EntrySet) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, kind in entry_set.kinds.items():
        if kind.role:
            found[kind.role] = (*found.get(kind.role, ()), name)
    return found
