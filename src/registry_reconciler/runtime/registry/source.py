"""What a workspace gives to the run time: rows, and the items that are made of them.

A row is plain data that the planning side produced once (:mod:`registry_reconciler.runtime.serve.planning`) or
that a prepared index gives back (:mod:`registry_reconciler.runtime.serve.prepared`). The two cannot be told apart
afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from registry_reconciler.base.collector import collector_off
from registry_reconciler.runtime.errors import UnknownCapabilityError
from registry_reconciler.runtime.registry.capabilities import ANY_WORD, VOCABULARY, Vocabulary
from registry_reconciler.runtime.registry.db import RegistryDb, RegistryDbBuilder
from registry_reconciler.runtime.registry.meta import RegistryMeta

ENVIRONMENTS = "registry.environments"
EVENT_TYPES = "registry.event_types"
SERVERS = "registry.servers"
"""Side tables of a workspace's database."""


class SideTables(Protocol):
    """What has side tables."""

    def table(self, name: str) -> tuple[Any, ...]:
        """The rows of one."""


def settings_tables(
    vocabulary: Vocabulary,
    environments: tuple[str, ...] | None,
    event_types: tuple[str, ...],
    servers: Mapping[str, Any],
) -> dict[str, tuple[Any, ...]]:
    """The side tables that hold a workspace's settings."""
    tables: dict[str, tuple[Any, ...]] = {VOCABULARY: (vocabulary,), EVENT_TYPES: (event_types,)}
    if servers:
        tables[SERVERS] = (servers,)
    if environments is not None:
        tables[ENVIRONMENTS] = (environments,)
    return tables


def vocabulary_in(db: SideTables) -> Vocabulary:
    """The capabilities that a database was built with; where it says nothing, any word is known."""
    for found in db.table(VOCABULARY):
        if isinstance(found, Vocabulary):
            return found
    return ANY_WORD


def environments_in(db: SideTables) -> tuple[str, ...] | None:
    """The environments that a database was built with; ``None`` where any word is known."""
    for found in db.table(ENVIRONMENTS):
        return tuple(found)
    return None


def event_types_in(db: SideTables) -> tuple[str, ...]:
    """The events that the configuration of a database's workspace declares, beside those that are built in."""
    return tuple(word for words in db.table(EVENT_TYPES) for word in words)


def servers_in(db: SideTables) -> Mapping[str, Any]:
    """The MCP servers that the configuration of a database's workspace declares."""
    for found in db.table(SERVERS):
        return dict(found)
    return {}


class LookupRow(NamedTuple):
    """What lookup needs of an entry. ``required_caps`` is ``None`` where it says nothing, which is no empty
    list.
    """

    name: str
    aliases: Sequence[str]
    priority: int
    source: str
    required_caps: Sequence[str] | None
    status: str


@dataclass(frozen=True, slots=True)
class KindInfo:
    """What the run time has to know of a kind.

    Attributes:
        file: glob of the kind's registry files, from the root.
        exclude: globs of files that are not the kind's.
        space: kinds of one space share their ids.
    """

    name: str
    file: str
    exclude: tuple[str, ...] = ()
    space: str = ""


@dataclass(frozen=True, slots=True)
class ServedWorkspace:
    """A workspace as it was read.

    Attributes:
        items: one for each live entry.
        environments: the declared ones; ``None`` where the workspace declares none, and then any word is
            known.
        event_types: the declared ones, in place of or beside those that are built in.
        servers: the MCP servers that are declared.
    """

    kinds: tuple[KindInfo, ...]
    items: Sequence[EntryItem]
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    environments: tuple[str, ...] | None = None
    event_types: tuple[str, ...] = ()
    servers: Mapping[str, Any] = field(default_factory=dict)


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_make: Any = getattr(json.encoder, "c_make_encoder", None)
# ``encode`` makes this anew for every value, which costs as much as writing an entry.
_pieces = (
    None
    if _make is None
    else _make(None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, True)
)


def _written(value: Any) -> str:
    """A value as JSON on one line."""
    return _encoder.encode(value) if _pieces is None else "".join(_pieces(value, 0))


class EntryItem:
    """A live entry as an item of its kind's registry. Immutable: every :attr:`value` is a copy of its own.

    It is one line of JSON until somebody asks: most entries of a large workspace are never looked at.
    """

    __slots__ = ("_meta", "key", "kind", "line")

    def __init__(self, kind: str, key: str, line: bytes) -> None:
        self.kind = kind
        self.key = key
        self.line = line
        self._meta: RegistryMeta | None = None

    @classmethod
    def of(cls, kind: str, key: str, row: LookupRow, value: Mapping[str, Any]) -> EntryItem:
        """The item of an entry. Its line holds no line break: JSON escapes those of the texts."""
        text = _written([row, value])
        item = cls(kind, key, text.encode("utf-8", "surrogatepass"))
        item._meta = _meta_of(
            key, row, value
        )  # else it is read back from the line, as soon as it is registered
        return item

    @property
    def meta(self) -> RegistryMeta:
        """Identity and standing; the id is the entry's key."""
        if self._meta is None:
            row, value = json.loads(self.line)
            self._meta = _meta_of(self.key, LookupRow._make(row), value)
        return self._meta

    @property
    def stated_caps(self) -> bool:
        """Whether the entry says what it needs; an empty list is an answer."""
        return LookupRow._make(json.loads(self.line)[0]).required_caps is not None

    @property
    def __registry_identity__(self) -> tuple[str, str]:
        """It is the same entry as long as kind and id are, whatever its fields say."""
        return self.kind, self.key

    @property
    def address(self) -> str:
        """``kind/key``."""
        return f"{self.kind}/{self.key}"

    @property
    def value(self) -> dict[str, Any]:
        """All fields of the entry, decoded anew."""
        decoded: dict[str, Any] = json.loads(self.line)[1]
        return decoded

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EntryItem):
            return NotImplemented
        return self.line == other.line and self.kind == other.kind and self.key == other.key

    def __hash__(self) -> int:
        return hash((self.kind, self.key))

    def __repr__(self) -> str:
        return f"EntryItem({self.address!r})"


def _meta_of(key: str, row: LookupRow, value: Mapping[str, Any]) -> RegistryMeta:
    return RegistryMeta(
        key,
        row.name,
        tuple(row.aliases),
        _text(value.get("description")),
        _text(value.get("summary")),
        row.priority,
        row.source,
        tuple(row.required_caps or ()),
        (row.status,) if row.status else (),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def check_capabilities(items: Iterable[EntryItem], vocabulary: Vocabulary) -> None:
    """Refuse words that the vocabulary does not declare, all of them at once.

    Raises:
        UnknownCapabilityError: there are some.
    """
    if not vocabulary.declared:
        return
    unknown = [
        (item.address, word) for item in items for word in item.meta.required_caps if word not in vocabulary
    ]
    if unknown:
        raise UnknownCapabilityError(unknown, tuple(vocabulary))


def shared_spaces(kinds: Iterable[KindInfo]) -> dict[str, str]:
    """Kind → the domain that it shares with other kinds, for kinds that share their ids with others."""
    by_space: dict[str, list[str]] = {}
    names = set()
    for kind in kinds:
        names.add(kind.name)
        if kind.space and kind.space != kind.name:
            by_space.setdefault(kind.space, []).append(kind.name)
    return {
        name: space
        for space, members in by_space.items()
        for name in members
        if len(members) > 1 and space not in names
    }


def build_db(loaded: ServedWorkspace) -> RegistryDb:
    """One domain a kind, and one a shared id space with the items of all its kinds.

    Raises:
        RegistryError: duplicate ids, a name that shadows an id, an unknown capability.
    """
    with collector_off():
        check_capabilities(loaded.items, loaded.vocabulary)
        spaces = shared_spaces(loaded.kinds)
        domains = {kind.name for kind in loaded.kinds} | set(spaces.values())
        builder = RegistryDbBuilder(domains=sorted(domains))
        # With the entries they belong to, so that a reload swaps both at once.
        settings = settings_tables(loaded.vocabulary, loaded.environments, loaded.event_types, loaded.servers)
        for table, rows in settings.items():
            for row in rows:
                builder.side(table, row)
        for item in loaded.items:
            builder.register(item.kind, item)
            space = spaces.get(item.kind)
            if space is not None:
                builder.register(space, item)
        return builder.build()
