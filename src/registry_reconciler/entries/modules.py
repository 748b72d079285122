"""Modules: their types, instances, maturity and interfaces."""

from __future__ import annotations

from registry_reconciler.entries.common import Added, PathLike, add_entry, check_entry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.problem import Problem


def add_module_type(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update a module type. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("module_type", entry, root=root, fragment=fragment, check=check)


def add_module_instance(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update a module. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("module_instance", entry, root=root, fragment=fragment, check=check)


def add_module_maturity(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update a module's maturity. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("module_maturity", entry, root=root, fragment=fragment, check=check)


def add_module_interface(
    entry: dict[str, Json], *, root: PathLike | None = None, fragment: str = "", check: bool = True
) -> Added:
    """Add or update an interface of a module. See :func:`~registry_reconciler.entries.common.add_entry`."""
    return add_entry("module_interface", entry, root=root, fragment=fragment, check=check)


def check_module_instance_consistency(new_entry: Json, *, root: PathLike | None = None) -> list[Problem]:
    """The problems that a module would bring. See :func:`~registry_reconciler.entries.common.check_entry`."""
    return check_entry("module_instance", new_entry, root=root)
