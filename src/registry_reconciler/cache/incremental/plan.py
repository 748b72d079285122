"""Plans that use what is remembered, and remember: the answer is that of a plan of the whole, which is the fallback.

``Workspace.quick_planning`` (for ``plan`` and ``check``) and ``Workspace.apply`` come in by :func:`quick_plan`. That
loads the memory and asks :func:`plan_of_part`, which loads the part (``partial_load.load_part``) and runs the
ordinary pipeline on it. Where either says :class:`FullPlanRequired`,
:func:`~registry_reconciler.planning.pipeline.make_plan` plans everything, and :func:`remember` keeps what it showed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.base.collector import collector_off
from registry_reconciler.base.progress import step
from registry_reconciler.cache.fingerprint import Moment
from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.output_records import OutputRecords
from registry_reconciler.files.tree import Contradicted, DiskTree, Recorder
from registry_reconciler.model.fleet_view import CATALOG_INPUT, names_catalogue
from registry_reconciler.model.plan import CachePolicy, PlanOptions
from registry_reconciler.planning.pipeline import Planning

if TYPE_CHECKING:
    from registry_reconciler.cache.fingerprint import Signature
    from registry_reconciler.cache.incremental.changed_files import Files
    from registry_reconciler.cache.incremental.memory import WorkspaceMemory
    from registry_reconciler.formats.base import Reader
    from registry_reconciler.formats.yaml.read.reader import ChunkReader
    from registry_reconciler.model.fleet_view import FleetSource
    from registry_reconciler.outputs.sources import Records

LEAST = 2_000
"""Workspaces with fewer entries are planned whole as fast, and not remembered."""


class RememberedWorkspace(Struct):
    """What is remembered of a workspace, for a command that plans twice: read and taken apart once."""

    known: tuple[WorkspaceMemory, dict[str, Signature]] | None = None


def quick_plan(
    root: Path,
    options: PlanOptions,
    how: CachePolicy = CachePolicy(),  # noqa: B008
    reader: Reader | None = None,
    fleet: FleetSource | None = None,
    kept: RememberedWorkspace | None = None,
) -> tuple[Planning, bool]:
    """A plan, and whether it was made from a part: then only its :attr:`~.planning.Planning.plan` is of the whole.

    Args:
        reader: knows what was parsed for an earlier plan of the whole.
        fleet: tells what the other repositories have. What was judged by that is neither remembered nor told by what
            is: a publication may change all of it.
        kept: keeps what is remembered for the next plan, or has it from the last one.
    """
    from registry_reconciler.planning.pipeline import make_plan

    since = Moment.now()
    usual = options == PlanOptions()
    planning = None
    if usual and how.read:
        planning = _of_part(root, options, fleet, kept or RememberedWorkspace(), contents=how.contents)
    if planning is not None:
        return planning, True
    planning = make_plan(DiskTree(root), options, reader, OutputRecords(root), fleet=fleet)
    if how.write:
        remember(root, planning, since)
    return planning, False


def _of_part(
    root: Path, options: PlanOptions, fleet: FleetSource | None, kept: RememberedWorkspace, *, contents: bool
) -> Planning | None:
    from registry_reconciler.cache.incremental import store

    real = os.path.realpath(root)
    with collector_off():
        step("reading")
        known = kept.known = kept.known or store.load(real)
        if known is None:
            return None
        from registry_reconciler.cache.incremental.changed_files import Files

        memory, signatures = known
        try:
            return plan_of_part(
                memory,
                Files(real, Recorder(DiskTree(root)), signatures),
                options,
                OutputRecords(root),
                across=names_catalogue(fleet),
                contents=contents,
            )
        except FullPlanRequired:
            return None


def plan_of_part(
    memory: WorkspaceMemory,
    files: Files,
    options: PlanOptions,
    records: Records | None = None,
    earlier: ChunkReader | None = None,
    *,
    across: bool = False,
    contents: bool = True,
) -> Planning:
    """A plan from what is remembered and what may have changed.

    Args:
        records: knows what outputs were made of before; of one that is made anew, all entries that it reads are loaded.
        earlier: read other texts before; the answer is the same without it.
        across: a catalogue tells what other repositories have, which all entries are judged by.
        contents: all files of the plan are to have theirs; else only the digests of some are known.

    Raises:
        FullPlanRequired: that is not enough.
    """
    from registry_reconciler.cache.incremental.partial_load import load_part
    from registry_reconciler.formats.unread import UnreadNeeded
    from registry_reconciler.planning.old_places import changed_places
    from registry_reconciler.planning.pipeline import plan_loaded

    try:
        part = load_part(memory, files, earlier, contents=contents)
        if across and any(kind.looks_across for kind in part.loaded.kinds.values()):
            raise FullPlanRequired("references into other repositories are judged as a whole")
        if any(True for _ in changed_places(part.loaded.state, part.loaded.kinds)):
            raise FullPlanRequired("entries are carried to another place")
        planning = plan_loaded(part.loaded, options, part.rest, records)
    except Contradicted as fault:
        raise FullPlanRequired("a file is being edited") from fault
    except UnreadNeeded as fault:
        raise FullPlanRequired(str(fault)) from fault
    if planning.desired.implied or planning.desired.groups:
        raise FullPlanRequired("what moves with what is told by the whole")
    if any(problem.code == "WRT001" for problem in planning.plan.problems):
        raise FullPlanRequired("a file that was read in part does not come out as planned")
    if any(problem.code == "FRG010" for problem in planning.plan.problems):
        raise FullPlanRequired("which name is meant is told by all names")
    return planning


def remember(root: Path, planning: Planning, since: Moment) -> bool:
    """Keep what a plan of the whole showed, if that is worth it; whether it was kept.

    Args:
        since: before the plan was begun.
    """
    if planning.loaded.disk is not None or CATALOG_INPUT in planning.plan.inputs:
        return False
    if planning.plan.options != PlanOptions() or len(planning.loaded.live.entries) < LEAST:
        return False
    from registry_reconciler.cache.incremental import store
    from registry_reconciler.cache.incremental.changed_files import signatures_of
    from registry_reconciler.cache.incremental.full_plan import memory_of

    real = os.path.realpath(root)
    if store.place_of(real) is None:
        return False
    try:
        with collector_off():
            memory = memory_of(planning)
    except FullPlanRequired:
        return False
    return store.save(real, memory, signatures_of(real, memory.digests, since), since)
