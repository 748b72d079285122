"""What ``--target`` and ``--exclude`` ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from registry_reconciler.base.globs import Patterns
from registry_reconciler.model.plan import PlanOptions


class Selection:
    """Which entries a plan is asked for: those that it targets, without those that it excludes."""

    def __init__(
        self, options: PlanOptions, exact: frozenset[str], groups: Mapping[str, Collection[str]]
    ) -> None:
        """``exact``: addresses that look like globs; ``groups``: of an address, those of what moves with it."""
        self._target = Patterns(options.target, exact) if options.target else None
        self._exclude = Patterns(options.exclude, exact) if options.exclude else None
        self._groups = groups
        self._known: dict[tuple[int, int], bool] = {}

    def has(self, *addresses: str) -> bool:
        """Whether an entry with these addresses is meant, by one of them or of what moves with it."""
        if self._target is not None and not self._names(self._target, addresses):
            return False
        return self._exclude is None or not self._names(self._exclude, addresses)

    def _names(self, patterns: Patterns, addresses: Collection[str]) -> bool:
        """Whether patterns mean one of some addresses or of what moves with them."""
        if any(address in patterns for address in addresses):
            return True
        return any(
            self._names_group(patterns, self._groups[address])
            for address in addresses
            if address in self._groups
        )

    def _names_group(self, patterns: Patterns, group: Collection[str]) -> bool:
        """As :meth:`_names`, of a group. All of its members have the same one, and it is asked about once."""
        key = id(patterns), id(group)
        if key not in self._known:
            self._known[key] = any(address in patterns for address in group)
        return self._known[key]
