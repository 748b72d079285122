"""Today's problems → the baseline: what is accepted, what is new in it, and what has been fixed since."""

from __future__ import annotations

from msgspec import Struct

from registry_reconciler.apply import FileOp, Receipt
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.model.baseline import Known, known_of, render_baseline
from registry_reconciler.model.config import BASELINE_PATH
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.problem import Problem, Severity, Status
from registry_reconciler.planning.pipeline import Planning, make_plan
from registry_reconciler.workspace import Workspace


class NewBaseline(Struct, frozen=True):
    """What a new baseline holds.

    Attributes:
        problems: the errors and warnings that it accepts.
        new: what the old baseline did not know.
        fixed: what the old baseline knew and is there no more.
        structural: errors that no baseline can accept.
    """

    problems: tuple[Problem, ...]
    new: tuple[Known, ...]
    fixed: tuple[Known, ...]
    structural: tuple[Problem, ...]


def build_baseline(planning: Planning) -> NewBaseline:
    """The baseline of a plan's problems. Those that a fragment allows need none; records never block."""
    standing = [
        problem
        for problem in planning.plan.problems
        if problem.status is not Status.FIXED and problem.severity is not Severity.RECORD
    ]
    # Drift is no state of things to live with: it is accepted or reverted, entry by entry.
    problems = tuple(
        problem for problem in standing if problem.baselinable and _open(problem) and problem.code != "STA001"
    )
    known = {known_of(problem) for problem in problems}
    old = planning.loaded.baseline.known
    return NewBaseline(
        problems=problems,
        new=tuple(sorted(known - old, key=_order)),
        fixed=tuple(sorted(old - known, key=_order)),
        structural=tuple(
            problem for problem in standing if not problem.baselinable and problem.severity is Severity.ERROR
        ),
    )


def _open(problem: Problem) -> bool:
    return problem.suppressed is None or problem.suppressed == "baselined"


def _order(known: Known) -> tuple[str, str, str]:
    return known[0], known[1], repr(known[2])


def write_baseline(workspace: Workspace) -> tuple[NewBaseline, Receipt]:
    """Write the baseline of the workspace as it is now.

    Raises:
        LockHeld, StalePlan, WriteFailure: as :meth:`~registry_reconciler.workspace.Workspace.apply`.
    """
    with workspace.write_session("registry baseline") as session:
        tree = DiskTree(workspace.root)
        planning = make_plan(tree, PlanOptions(), fleet=workspace.fleet)
        accepted = build_baseline(planning)
        old = tree.read(BASELINE_PATH)
        before = None if old is None else digest_bytes(old)
        op = FileOp(BASELINE_PATH, before, render_baseline(accepted.problems))
        receipt = session.commit([op], inputs=planning.plan.inputs)
    return accepted, receipt
