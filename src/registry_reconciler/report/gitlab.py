"""Problems as GitLab's code quality report, which its merge requests show beside the lines.

A fingerprint is that of SARIF: of what a problem is about, never of a line. What is accepted is left out, since the
format has no word for it.
"""

from __future__ import annotations

from registry_reconciler.base.escape import visible
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import dumps, problem_location
from registry_reconciler.model.problem import Problem, Severity, Status, listed
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.sarif import fingerprint
from registry_reconciler.report.values import file_from_git

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.RECORD: "info"}


def render(plan: Plan, options: RenderOptions) -> str:
    """A list of problems, of those that block first; paths are from the git root."""
    stand = (
        problem
        for problem in plan.problems
        if problem.status is not Status.FIXED and problem.suppressed is None
    )
    seen: dict[str, int] = {}
    return dumps([_row(problem, options.path_prefix, seen) for problem in listed(stand)])


def _row(problem: Problem, path_prefix: str, seen: dict[str, int]) -> Json:
    location = problem_location(problem)
    text = visible(problem.message)
    if problem.fix is not None and problem.fix.description:
        text += f" Fix: {visible(problem.fix.description)}"
    return {
        "description": text,
        "check_name": problem.code,
        "fingerprint": fingerprint(problem, seen),
        "severity": "blocker" if problem.blocking else _SEVERITIES[problem.severity],
        "location": {
            "path": file_from_git(location.path, path_prefix) or ".",
            "lines": {"begin": max(location.line, 1)},
        },
    }
