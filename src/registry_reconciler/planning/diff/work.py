"""The values of a diff in the making: what it asks, what it has found, and one address in its three witnesses."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from registry_reconciler.base.globs import Patterns
from registry_reconciler.loading.fragments import Fragments
from registry_reconciler.loading.left_behind import LeftBehind
from registry_reconciler.loading.registries import Live
from registry_reconciler.loading.state import State, StateEntry
from registry_reconciler.model.change import Change, Drift, Heal
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import DesiredEntry, Json, LiveEntry
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.problem import Problem
from registry_reconciler.planning.resolve import Desired


class Diff(Struct, frozen=True):
    """What would change, before anything is judged.

    Attributes:
        changes: in address order; without the file of new entries, which the writing stage knows.
        unchanged: addresses of managed entries that stay as they are.
        unmanaged: how many live entries nobody manages.
        heals: entries of which only what is remembered does not fit.
    """

    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    problems: tuple[Problem, ...]
    unchanged: int
    unmanaged: int
    heals: tuple[Heal, ...] = ()


class DiffWork(Struct):
    """What a diff asks, and what it has found so far.

    Attributes:
        left_behind: tells of entries that only files call managed which ``git checkout .`` left behind.
    """

    kinds: Mapping[str, Kind]
    config: Config
    desired: Desired
    live: Live
    state: State
    options: PlanOptions
    fragments: Fragments
    left_behind: LeftBehind
    clashing: frozenset[str]
    relocated: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    patterns: dict[str, Patterns] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchanged: int = 0
    unmanaged: int = 0
    heals: list[Heal] = field(default_factory=list)
    kept: Patterns | None = None

    def patterns_of(self, option: str) -> Patterns:
        """The patterns of an option, made once."""
        if option not in self.patterns:
            self.patterns[option] = Patterns(getattr(self.options, option), self.exact)
        return self.patterns[option]

    def overwritten(self, address: str) -> bool:
        """Whether the plan is told to write over what stands there."""
        return address in self.patterns_of("overwrite")

    def adopted(self, address: str) -> bool:
        """Whether the plan is told to take an entry over."""
        return address in self.patterns_of("adopt")

    def applied(self, state: StateEntry, kind: str, value: dict[str, Json]) -> bool:
        """Whether a value is one that was applied."""
        return state.says(self.kinds.get(kind), value)

    def heal(self, address: str, state: StateEntry, why: str) -> None:
        """Only what is remembered of an entry changes."""
        self.heals.append(Heal(address, state.fragment, why))

    def was_protected(self, address: str) -> bool:
        """Whether an entry was protected when it was last applied."""
        if self.kept is None:
            self.kept = Patterns(sorted(self.state.protects), self.exact)
        return address in self.kept


class ThreeWay(Struct, frozen=True):
    """One address with its three witnesses; after a move, ``live`` and ``state`` are those of the old address."""

    address: str
    desired: DesiredEntry | None
    state: StateEntry | None
    live: LiveEntry | None
    source: str | None = None
