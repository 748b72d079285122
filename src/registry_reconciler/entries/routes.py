"""Routes: which documents and abilities a task leads to."""

from __future__ import annotations

from registry_reconciler.entries.common import Added, PathLike, add_entry, check_entry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.problem import Problem


def add_route(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update a route. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("route", entry, root=root, fragment=fragment, check=check)


def check_route_addition_consistency(new_entry: Json, *, root: PathLike | None = None) -> list[Problem]:
    """The problems that a route would bring. See :func:`~registry_reconciler.entries.common.check_entry`."""
    return check_entry("route", new_entry, root=root)
