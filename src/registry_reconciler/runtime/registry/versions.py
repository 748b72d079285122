"""Tables that many snapshots share: each sees them as they were at its own version.

One writer adds under a lock; any number of readers look without one. A word has a chain of cells, the newest
first, and a reader takes the first that is not newer than itself. So a registration costs what it changes, not
what is there already.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

Cell: TypeAlias = tuple[int, Any, Any]
"""The version that wrote it, what it wrote, and the cell before."""

Cells: TypeAlias = dict[str, Cell]

ABSENT: Any = object()
"""Nothing was ever written here, as far as a version knows."""


def seen(cells: Cells, word: str, version: int) -> Any:
    """What a word leads to at a version, or :data:`ABSENT`."""
    cell = cells.get(word)
    while cell is not None:
        if cell[0] <= version:
            return cell[1]
        cell = cell[2]
    return ABSENT


def flat(cells: Cells, version: int) -> dict[str, Any]:
    """All words with what they lead to at a version."""
    # The list is made in one step, so that a writer meanwhile disturbs nobody.
    found = ((word, seen(cells, word, version)) for word in list(cells))
    return {word: value for word, value in found if value is not ABSENT}


NAMES = ("ids", "names", "aliases", "hidden", "shadowed", "claimed", "delta", "generations", "past")


class Tables:
    """The tables of an overlay. ``registrations`` only grows; a version knows how many of them are its own.

    Attributes:
        ids: id → the extra that holds it.
        names, aliases: word → the extras that claim it.
        hidden: id → the item of the index that an extra took the id from.
        shadowed: id → pairs of those that contest it, the earlier first.
        claimed: word → all that contest an id and claim the word, whether or not they hold it.
        delta: word → what it leads to, where the overlay says it; ``None``: to nothing.
        generations: id → the number of its holder, where that is not 0.
        past: id → the numbers of its holders so far.
        tip: the newest version in it; only who continues that one may write here.
    """

    __slots__ = (*NAMES, "registrations", "tip")

    def __init__(self, tip: int = 0) -> None:
        self.ids: Cells = {}
        self.names: Cells = {}
        self.aliases: Cells = {}
        self.hidden: Cells = {}
        self.shadowed: Cells = {}
        self.claimed: Cells = {}
        self.delta: Cells = {}
        self.generations: Cells = {}
        self.past: Cells = {}
        self.registrations: list[Any] = []
        self.tip = tip

    def at(self, version: int, registrations: int) -> Tables:
        """Tables of their own that begin as these are at a version."""
        other = Tables(version)
        for name in NAMES:
            setattr(other, name, plain(flat(getattr(self, name), version), version))
        other.registrations = self.registrations[:registrations]
        return other


def plain(values: dict[str, Any], version: int) -> Cells:
    """Cells that say these values from a version on."""
    return {word: (version, value, None) for word, value in values.items()}


class VersionWriter:
    """Writes one version into tables, and takes it back where it is not to be."""

    def __init__(self, tables: Tables, version: int) -> None:
        self.tables = tables
        self.version = version
        self._before = tables.tip
        self._count = len(tables.registrations)
        self._journal: list[tuple[Cells, str, Cell | None]] = []
        tables.tip = version

    def set(self, cells: Cells, word: str, value: Any) -> None:
        """What a word leads to from this version on."""
        cell = cells.get(word)
        self._journal.append((cells, word, cell))
        before = cell[2] if cell is not None and cell[0] == self.version else cell
        cells[word] = (self.version, value, before)

    def get(self, cells: Cells, word: str) -> Any:
        """What a word leads to now, or :data:`ABSENT`."""
        return seen(cells, word, self.version)

    def some(self, cells: Cells, word: str) -> tuple[Any, ...]:
        """A row of values, empty where there is none."""
        found = seen(cells, word, self.version)
        return () if found is ABSENT else found

    def add(self, cells: Cells, words: Iterable[str], item: Any) -> None:
        """Put an item at the end of the rows of some words."""
        for word in words:
            self.set(cells, word, (*self.some(cells, word), item))

    def take_back(self) -> None:
        """Leave the tables as they were."""
        for cells, word, cell in reversed(self._journal):
            if cell is None:
                del cells[word]
            else:
                cells[word] = cell
        del self.tables.registrations[self._count :]
        self.tables.tip = self._before
