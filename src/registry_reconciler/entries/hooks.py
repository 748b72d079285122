"""Hooks: what runs when something happens."""

from __future__ import annotations

from registry_reconciler.entries.common import Added, PathLike, add_entry, check_entry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.problem import Problem


def add_hook(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update a hook. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("hook", entry, root=root, fragment=fragment, check=check)


def check_hook_addition_consistency(new_entry: Json, *, root: PathLike | None = None) -> list[Problem]:
    """The problems that a hook would bring. See :func:`~registry_reconciler.entries.common.check_entry`."""
    return check_entry("hook", new_entry, root=root)
