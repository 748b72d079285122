"""Outputs: files, regions and values that are derived from the registries.

This is the door for planning. What renders (Jinja2) is imported by a process of its own, and only when there is
something to render; that process imports its own modules of this package and nothing else of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry_reconciler.files.tree import Tree
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.change import Change
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.outputs.definitions import Output
    from registry_reconciler.outputs.sources import Records
    from registry_reconciler.outputs.stage import Derived
    from registry_reconciler.rules.entry_set import EntrySet

__all__ = ["Derived", "Output", "Records", "derive"]


def derive(
    loaded: Loaded,
    entry_set: EntrySet,
    changes: Sequence[Change],
    tree: Tree,
    options: PlanOptions,
    records: Records | None = None,
) -> Derived:
    """What a plan does about outputs: see :func:`registry_reconciler.outputs.stage.derive`."""
    from registry_reconciler.outputs import stage

    return stage.derive(loaded, entry_set, changes, tree, options, records)
