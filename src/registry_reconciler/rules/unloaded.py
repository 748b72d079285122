"""What a plan that looks at a part of a workspace has to know of the rest of it.

A whole plan has no rest: :data:`NOTHING_UNLOADED`. A plan of a part
(:mod:`registry_reconciler.cache.incremental`) loads only entries that
may have changed and those that they touch; everything else it knows from here, as it was when all of it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from registry_reconciler.model.entry import Location, Place

if TYPE_CHECKING:
    from registry_reconciler.rules.entry_set import Entry


class Elsewhere(Protocol):
    """Answers about entries that were not loaded."""

    def keys(self, kinds: Iterable[str]) -> Iterable[str]:
        """The keys of the entries of some kinds that were not loaded."""

    def referrers(self, address: str) -> Iterable[str]:
        """The addresses of entries that were not loaded and refer to an address."""

    def entry(self, address: str) -> Entry | None:
        """An entry that was not loaded."""

    def of(self, kind: str) -> Iterable[Entry]:
        """All entries of a kind that were not loaded."""

    def having(self, kind: str, field: str, wanted: str) -> Iterable[Entry]:
        """The entries of a kind that were not loaded and have a value in a field, as rules of one's own look it up
        (:func:`~registry_reconciler.expressions.look_ups.indexed`)."""

    def referring(self, kind: str, address: str) -> Iterable[Entry]:
        """The entries of a kind that were not loaded and refer to an address."""


class KnownState(Struct, frozen=True):
    """What an earlier plan made of the state of a fragment that is as it was, with its registries and its state.

    Attributes:
        key: of what that plan put into it and took out of it: with the same, its files come out the same.
        files: those that differ afterwards, each with its digests before and after.
    """

    key: str
    files: tuple[tuple[str, str | None, str | None], ...]


class KnownRegistry(Struct, frozen=True):
    """What an earlier plan made of a registry file that is as it was.

    Attributes:
        before, after: its digests.
        changed: the entries that the plan changed in it, all of them where they stand.
    """

    kind: str
    before: str
    after: str
    changed: frozenset[str]


class Unloaded(Struct, frozen=True):
    """The rest of a workspace.

    Attributes:
        unchanged, unmanaged: how many entries of either sort were not compared.
        managed: how many managed ones there are among them, by kind.
        context: entries that were not compared and that rules may look at.
        judged: the addresses whose problems count; ``None``: all. Of an entry that is only looked at, nothing is said.
        elsewhere: answers about what was not loaded; ``None`` where everything was.
        state: by fragment of which only entries that wait were loaded what its state comes out as.
        left_out: by such a fragment how many of its entries were not loaded.
        beside: by such a fragment the registry files that all of its entries stand in, each with their kind.
        records_fit: whether what is remembered of those is known to fit.
        registries: what registry files come out as, by path, while of the ``pending`` the same are changed in them:
            entries that their fragments say with the text that they had.
        beyond_ascii: of files whether they may have other characters than ASCII, where that is known.
        located: the lines of entries of fragments of which not all was read.
    """

    unchanged: int = 0
    unmanaged: int = 0
    managed: Mapping[str, int] = field(default_factory=dict)
    context: tuple[Entry, ...] = ()
    judged: frozenset[str] | None = None
    elsewhere: Elsewhere | None = None
    state: Mapping[str, KnownState] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    records_fit: bool = True
    registries: Mapping[str, KnownRegistry] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    beyond_ascii: Mapping[str, bool] = field(default_factory=dict)
    located: Mapping[Place, Location] = field(default_factory=dict)


NOTHING_UNLOADED = Unloaded()
"""Everything was loaded."""
