"""What templates see of a registry: entries with their fields, and lists of them. Only in the process that renders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from registry_reconciler.outputs.limits import ReadsSecret

RESERVED = ("key", "address", "place", "values")
"""Names that mean the entry itself; a field of that name is reached through ``values``."""


class Path(str):
    """The file of an entry: its text is the path."""

    __slots__ = ("address",)
    address: str


class Entry:
    """One entry: its fields by name, and ``key``, ``address``, ``place``, ``values``."""

    __slots__ = ("_file", "address", "key", "kind", "values")
    guarded: frozenset[str] = frozenset()
    """The kinds with secret fields: their values are never given as a whole."""

    def __init__(self, kind: str, key: str, address: str, place: str, values: dict[str, Any]) -> None:
        self.kind = kind
        self.key = key
        self.address = address
        self._file = place
        self.values = values

    @property
    def place(self) -> Path:
        """The file that it is in."""
        place = Path(self._file)
        place.address = self.address
        return place

    def has(self, name: object) -> bool:
        """Whether there is such a field."""
        return name in RESERVED or (isinstance(name, str) and name in self.values)

    def lookup(self, name: str) -> Any:
        """A field; raises :class:`KeyError`."""
        if name in RESERVED:
            return self.whole() if name == "values" else getattr(self, name)
        return self.values[name]

    def whole(self) -> dict[str, Any]:
        """All values."""
        if self.kind in Entry.guarded:
            raise ReadsSecret(f"it reads all values of {self.kind}, and some are marked x-secret")
        return self.values

    def __getitem__(self, name: str) -> Any:
        return self.lookup(name)

    def __contains__(self, name: object) -> bool:
        return self.has(name)

    def __str__(self) -> str:
        return self.address

    def __repr__(self) -> str:
        return f"<{self.address}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)

    def __lt__(self, other: Entry) -> bool:
        return self.key < other.key


class EntryList(list[Entry]):
    """The entries of a kind, by key; one is looked up by its key: ``entries.skill["pdf"]``."""

    kind = ""

    def by_key(self, key: str) -> Entry | None:
        """The entry with a key."""
        return next((entry for entry in self if entry.key == key), None)


class Entries:
    """All kinds: each is asked for when a template first names it."""

    def __init__(self, source: Any, kinds: tuple[str, ...]) -> None:
        self._source = source
        self.kinds = kinds

    def of(self, kind: str) -> EntryList:
        """The entries of a kind; raises :class:`KeyError`."""
        if kind not in self.kinds:
            raise KeyError(kind)
        found: EntryList = self._source(kind)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)

    def __contains__(self, kind: object) -> bool:
        return kind in self.kinds

    def __repr__(self) -> str:
        return "<entries>"


def all_kinds(kinds: tuple[str, ...]) -> str:
    """That ``entries`` is no value itself."""
    example = f", e.g. entries.{kinds[0]}" if kinds else ""
    return f"'entries' stands for all kinds, and is no value itself: name one of them{example}"


class Omit:
    """Leaves a field out: ``{{ homepage | default(omit) }}``."""

    def __repr__(self) -> str:
        return "omit"


OMIT = Omit()
