"""What a workspace gives to the run time: rows, and the items that are made of them.

A row is plain data that the planning side produced once (:mod:`registry_reconciler.runtime.planning`) or
that a prepared index gives back (:mod:`registry_reconciler.runtime.prepared`). The two cannot be told apart
afterwards.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from registry_reconciler.runtime.capabilities import Vocabulary
from registry_reconciler.runtime.db import RegistryDb, RegistryDbBuilder
from registry_reconciler.runtime.errors import UnknownCapabilityError
from registry_reconciler.runtime.meta import RegistryMeta

VOCABULARY = "registry.vocabulary"
ENVIRONMENTS = "registry.environments"
"""Side tables of a workspace's database."""


class _Tables(Protocol):
    def table(self, name: str) -> tuple[Any, ...]: ...


def vocabulary_in(db: _Tables) -> Vocabulary:
    """The capabilities that a database was built with; where it says nothing, any word is known."""
    for found in db.table(VOCABULARY):
        if isinstance(found, Vocabulary):
            return found
    return Vocabulary()


def environments_in(db: _Tables) -> tuple[str, ...] | None:
    """The environments that a database was built with; ``None`` where any word is known."""
    for found in db.table(ENVIRONMENTS):
        return tuple(found)
    return None


class Row(NamedTuple):
    """One entry. ``required_caps`` is ``None`` where the entry says nothing, which is not an empty list."""

    kind: str
    key: str
    name: str
    aliases: Sequence[str]
    priority: int
    source: str
    required_caps: Sequence[str] | None
    status: str
    description: str
    summary: str


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
class Loaded:
    """A workspace as it was read.

    Attributes:
        rows: one for each live entry.
        texts: the JSON text of each entry, in the same order.
        environments: the declared ones; ``None`` where the workspace declares none, and then any word is
            known.
    """

    kinds: tuple[KindInfo, ...]
    rows: Sequence[Row]
    texts: Sequence[bytes]
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    environments: tuple[str, ...] | None = None


class EntryItem:
    """A live entry as an item of its kind's registry. Immutable: every :attr:`value` is a copy of its own."""

    __slots__ = ("_text", "kind", "meta", "stated_caps")

    def __init__(self, row: Row, text: bytes) -> None:
        self.kind = row.kind
        self.stated_caps = row.required_caps is not None
        self._text = text
        self.meta = RegistryMeta(
            row.key,
            row.name,
            tuple(row.aliases),
            row.description,
            row.summary,
            row.priority,
            row.source,  # type: ignore[arg-type]  # RegistryMeta itself refuses another word
            tuple(row.required_caps or ()),
            (row.status,) if row.status else (),
        )

    @property
    def key(self) -> str:
        """The entry's key: the id."""
        return self.meta.id

    @property
    def address(self) -> str:
        """``kind/key``."""
        return f"{self.kind}/{self.meta.id}"

    @property
    def value(self) -> dict[str, Any]:
        """All fields of the entry, decoded anew."""
        decoded: dict[str, Any] = json.loads(self._text)
        return decoded

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EntryItem):
            return NotImplemented
        return self.kind == other.kind and self._text == other._text and self.meta == other.meta

    def __hash__(self) -> int:
        return hash((self.kind, self.meta.id))

    def __repr__(self) -> str:
        return f"EntryItem({self.address!r})"


def encode_value(value: Mapping[str, Any]) -> bytes:
    """The JSON text of an entry, its fields in their order. No line break occurs in it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


@contextmanager
def collector_off() -> Iterator[None]:
    """Hold the garbage collector while many objects are made that all stay: it would walk them again and
    again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def items_of(loaded: Loaded) -> Iterator[EntryItem]:
    """One item for each row.

    Raises:
        RegistryError: a row's source is no known word.
    """
    for row, text in zip(loaded.rows, loaded.texts, strict=True):
        yield EntryItem(row, text)


def check_capabilities(items: Iterable[EntryItem], vocabulary: Vocabulary) -> None:
    """Refuse words that the vocabulary does not declare, all of them at once."""
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


def build_db(loaded: Loaded) -> RegistryDb:
    """One domain a kind, and one a shared id space with the items of all its kinds.

    Raises:
        RegistryError: duplicate ids, a name that shadows an id, an unknown capability.
    """
    with collector_off():
        items = list(items_of(loaded))
        check_capabilities(items, loaded.vocabulary)
        spaces = shared_spaces(loaded.kinds)
        domains = {kind.name for kind in loaded.kinds} | set(spaces.values())
        builder = RegistryDbBuilder(domains=sorted(domains))
        # With the entries they belong to, so that a reload swaps both at once.
        builder.side(VOCABULARY, loaded.vocabulary)
        if loaded.environments is not None:
            builder.side(ENVIRONMENTS, loaded.environments)
        for item in items:
            builder.register(item.kind, item)
            space = spaces.get(item.kind)
            if space is not None:
                builder.register(space, item)
        return builder.build()
