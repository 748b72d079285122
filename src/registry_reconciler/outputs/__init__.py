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
    from registry_reconciler.outputs.beside import ReadyProcess
    from registry_reconciler.outputs.definitions import Output
    from registry_reconciler.outputs.sources import Records
    from registry_reconciler.outputs.stage import Derived, Deriving
    from registry_reconciler.rules.entry_set import EntrySet

__all__ = ["Derived", "Deriving", "Output", "ReadyProcess", "Records", "begin", "ready_process"]


def ready_process(records: Records | None) -> ReadyProcess:
    """What begins the process that renders as soon as it is certain that it is needed."""
    from registry_reconciler.outputs.beside import ReadyProcess

    return ReadyProcess(records)


def begin(
    loaded: Loaded,
    entry_set: EntrySet,
    changes: Sequence[Change],
    tree: Tree,
    options: PlanOptions,
    records: Records | None = None,
    ready: ReadyProcess | None = None,
) -> Deriving:
    """Begin with everything that a plan does about outputs.

    Args:
        entry_set: the entries as they would be.
        changes: of entries, as they are written.
        tree: the files as they would be, without the outputs.
        records: knows what outputs were made of before.
        ready: has the process that renders, where it was begun before.
    """
    from registry_reconciler.outputs import stage

    return stage.begin(loaded, entry_set, changes, tree, options, records, ready)
