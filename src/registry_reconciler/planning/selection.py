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
        self._exclude = Patterns(options.exclude, exact)
        self._groups = groups

    def has(self, *addresses: str) -> bool:
        """Whether an entry with these addresses is meant, by one of them or of what moves with it."""
        together = {*addresses}.union(*(self._groups.get(address, ()) for address in addresses))
        if self._target is not None and not any(address in self._target for address in together):
            return False
        return not any(address in self._exclude for address in together)
