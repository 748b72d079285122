"""Small workspaces in memory, for every test that needs one: files by path, their plan, and what an apply leaves.

A test that needs a disk, git or the command has ``Box`` in ``tests/cli/helper.py``; one that reads a long example makes
it beside itself and hands the files to what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.pipeline import Planning, make_plan, written_files
from registry_reconciler.schema.packaged import builtin_schemas

Files = dict[str, bytes | None]
"""A workspace: bytes by path; ``None``: the file is not there."""

SCHEMAS = ".system/registry/schemas"


def builtin_files() -> Files:
    """The schema files of the built-in kinds."""
    return {f"{SCHEMAS}/{kind}.schema.yaml": data for kind, data in builtin_schemas().items()}


def planning_of(files: Mapping[str, bytes | None], options: PlanOptions | None = None) -> Planning:
    """The plan of a workspace, with all that was loaded for it."""
    return make_plan(MemoryTree(files), options or PlanOptions())


def plan_of(files: Mapping[str, bytes | None], options: PlanOptions | None = None) -> Plan:
    """The plan of a workspace."""
    return planning_of(files, options).plan


def after(files: Mapping[str, bytes | None], plan: Plan) -> Files:
    """The workspace once a plan was applied, which must be possible."""
    assert plan.applicable, [(problem.code, problem.message) for problem in plan.blocking]
    return {**files, **written_files(plan)}
