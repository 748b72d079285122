"""What changed schemas do to today's entries: today's files, judged with the schemas of a revision and of today.

Both are plans of the whole workspace, so that everything a schema file decides counts: types and required fields,
references, unique values, and where entries stand.
"""

from __future__ import annotations

from contextlib import closing

from msgspec import Struct

from registry_reconciler.files.git import RevisionTree, commit_of
from registry_reconciler.files.tree import DiskTree, MemoryTree, Tree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.kind import SCHEMA_FOLDER
from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.planning.pipeline import Planning, make_plan
from registry_reconciler.workspace import Workspace

_OF_APPLYING = frozenset({"STA001", "STA002", "STA003", "STA005", "BRK001", "BRK002"})


class SchemaCheck(Struct, frozen=True):
    """What the schemas of the working tree say otherwise than those of a revision.

    Attributes:
        changed: the schema files that differ, that came, or that are gone.
        found: what is newly found; ``settled``: what is found no more.
    """

    base: str
    changed: tuple[str, ...]
    found: tuple[Problem, ...]
    settled: tuple[Problem, ...]
    planning: Planning


def schema_check(workspace: Workspace, revision: str = "HEAD") -> SchemaCheck:
    """Judge today's files with the schemas of a revision, and with those of the working tree.

    Raises:
        UsageFailure: there is no such revision.
        GitFailure: there is no git, or no repository.
        LockHeld, InterruptedApply: as for a plan.
    """
    commit = commit_of(workspace.root, revision)
    new = workspace.planning()
    disk = DiskTree(workspace.root)
    with closing(RevisionTree(workspace.root, commit)) as tree:
        glob = f"{SCHEMA_FOLDER}/**/*"
        paths = sorted({*find(tree, glob), *find(disk, glob)})
        try:
            before = {path: _read(tree, path) for path in paths}
        finally:
            tree.refuse_missing()
    changed = tuple(path for path in paths if _read(disk, path) != before[path])
    if not changed:
        return SchemaCheck(commit, (), (), (), new)
    old = make_plan(MemoryTree(before, disk))
    known, here = _standing(old), _standing(new)
    return SchemaCheck(
        commit,
        changed,
        tuple(problem for identity, problem in here.items() if identity not in known),
        tuple(problem for identity, problem in known.items() if identity not in here),
        new,
    )


def _read(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except UnreadablePath as why:
        raise UnreadablePath(f"{path}: {why}") from why


def _standing(planning: Planning) -> dict[object, Problem]:
    return {
        problem.identity: problem
        for problem in planning.plan.problems
        if problem.status is not Status.FIXED
        and problem.suppressed is None
        and problem.code not in _OF_APPLYING
    }
