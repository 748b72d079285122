"""Abilities: single operations (low) and what is composed of them (high)."""

from __future__ import annotations

from registry_reconciler.entries.common import Added, PathLike, add_entry, check_entry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.problem import Problem


def add_ability_low(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update a low-level ability. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("ability_low", entry, root=root, fragment=fragment, check=check)


def add_ability_high(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update a high-level ability. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("ability_high", entry, root=root, fragment=fragment, check=check)


def check_ability_addition_consistency(new_entry: Json, *, root: PathLike | None = None) -> list[Problem]:
    """The problems that an ability would bring; low or high is found from the entry.

    See :func:`~registry_reconciler.entries.common.check_entry`.
    """
    return check_entry("abilities", new_entry, root=root)
