"""What a plan that looks at a part of a workspace has to know of the rest of it.

A whole plan has no rest: :data:`NOTHING_UNLOADED`. A plan of a part
(:mod:`registry_reconciler.cache.incremental`) loads only entries that
may have changed and those that they touch; everything else it knows from here, as it was when all of it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

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


class Unloaded(Struct, frozen=True):
    """The rest of a workspace.

    Attributes:
        unchanged, unmanaged: how many entries of either sort were not compared.
        managed: how many managed ones there are among them, by kind.
        context: entries that were not compared and that rules may look at.
        judged: the addresses whose problems count; ``None``: all. Of an entry that is only looked at, nothing is said.
        elsewhere: answers about what was not loaded; ``None`` where everything was.
    """

    unchanged: int = 0
    unmanaged: int = 0
    managed: Mapping[str, int] = field(default_factory=dict)
    context: tuple[Entry, ...] = ()
    judged: frozenset[str] | None = None
    elsewhere: Elsewhere | None = None


NOTHING_UNLOADED = Unloaded()
"""Everything was loaded."""
