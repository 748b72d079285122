"""What a catalogue tells: states of it, entries that repositories have or had, who refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    pass


class CatalogueSnapshot(Struct, frozen=True):
    """A state of the catalogue.

    Attributes:
        id: the same for the same publications, in whatever catalogue.
        published: when the newest of them came, in seconds since 1970; 0 where there is none.
        repositories: how many there are.
    """

    id: str
    published: int
    repositories: int


class KnownEntry(Struct, frozen=True, order=True):
    """An entry that some repository has, or had.

    Attributes:
        commit: the newest publication of the repository that has it.
        path, line: where it stands there.
        until: of an entry that is there no more: the last published commit that had it.
        number: of its row.
    """

    repository: str
    address: str
    commit: str
    path: str
    line: int
    name: str = ""
    status: str = ""
    until: str = ""
    number: int = 0

    @property
    def kind(self) -> str:
        """Of the address."""
        return self.address.partition("/")[0]

    @property
    def key(self) -> str:
        """Of the address."""
        return self.address.partition("/")[2]

    @property
    def deprecated(self) -> bool:
        """Whether its repository says so."""
        return self.status == "deprecated"


class Referrer(Struct, frozen=True, order=True):
    """A reference to an address.

    Attributes:
        in_fleet: it may lead into any repository; else into its own.
    """

    repository: str
    address: str
    field: str
    path: str
    line: int
    commit: str
    in_fleet: bool
    kinds: tuple[str, ...] = ()
    key: str = ""


class RepositoryRow(Struct, frozen=True):
    """A repository with its newest publication."""

    name: str
    commit: str
    time: int
    published: int
    entries: int
    links: int
    problems: int
    number: int
