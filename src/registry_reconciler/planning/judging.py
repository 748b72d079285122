"""Judging a plan in two steps: without the files that outputs write, and with them.

The first step needs nothing of the outputs, so they may be rendered meanwhile. Where nothing that rules asked of the
files has another answer with the outputs over them, it is the second step as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from registry_reconciler.files.tracking import TrackingTree
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.fleet_view import CATALOG_INPUT, FleetLost
from registry_reconciler.planning.check import (
    EntrySets,
    Judged,
    compare,
    judge,
    rules_to_judge_by,
    with_status,
)

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.problem import Problem
    from registry_reconciler.rules.base import Rule


class Judging:
    """What the rules say of the two entry sets of one plan.

    Attributes:
        entry_sets: what they are judged by.
    """

    def __init__(
        self, loaded: Loaded, entry_sets: EntrySets, own: Sequence[Rule], *, no_check: bool = False
    ) -> None:
        self._loaded = loaded
        self._no_check = no_check
        self._rules = rules_to_judge_by(own, no_check=no_check)
        self._tracked = TrackingTree(entry_sets.after.tree)
        after = replace(entry_sets.after, tree=self._tracked)
        before = after if entry_sets.before is entry_sets.after else entry_sets.before
        self.entry_sets = EntrySets(before, after, entry_sets.changes)
        self._before: Judged = {}
        self._found: tuple[Problem, ...] = ()

    def judge(self) -> None:
        """Judge the entries as they are, and as they would be, over the files without those of outputs."""
        try:
            self._before = judge(self._loaded, self.entry_sets.before, self._rules)
            self._found = self._compared()
        except FleetLost as lost:
            self._without_fleet(lost)

    def with_files(self, targets: Mapping[str, bytes | None]) -> tuple[Problem, ...]:
        """The problems of both, with the files that outputs write."""
        if not self._tracked.answers_alike_over(targets):
            self.entry_sets = self.entry_sets.over(MemoryTree(targets, self._tracked.tree))
            try:
                self._found = self._compared()
            except FleetLost as lost:
                self._without_fleet(lost)
        return self._found

    def _compared(self) -> tuple[Problem, ...]:
        sets = self.entry_sets
        if sets.before is sets.after:
            return with_status(self._before, self._before)
        after = judge(self._loaded, sets.after, self._rules)
        return compare(sets, self._before, after, self._rules, no_check=self._no_check)

    def _without_fleet(self, lost: FleetLost) -> None:
        """Where the fleet is lost meanwhile, everything is judged without it."""
        self._loaded.recorder.inputs[CATALOG_INPUT] = None
        self.entry_sets = self.entry_sets.with_fleet(lost.instead)
        self._before = judge(self._loaded, self.entry_sets.before, self._rules)
        self._found = self._compared()
