"""The jobs ``plan``, ``check`` and ``drift``: a plan of one repository, as plain data.

A commit is planned over its tree, without a checkout; a folder under the reader's lock, as ``registry plan`` does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.errors import NoWorkspace
from registry_reconciler.files.root import SCHEMAS
from registry_reconciler.fleet.run.jobs import SEEN
from registry_reconciler.fleet.sources import RepositorySource, opened

if TYPE_CHECKING:
    from registry_reconciler.model.fleet_view import FleetSource
    from registry_reconciler.model.plan import Plan, PlanOptions
    from registry_reconciler.model.problem import Problem
    from registry_reconciler.planning.pipeline import Planning

MOST_PROBLEMS = 2_000
MOST_CHANGES = 2_000
"""So many of one repository are told one by one; all are counted."""


def plan(description: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """What an apply would do in a repository, and every problem."""
    return _result(opened(description), options)


def check(description: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """The problems of a repository, as ``registry check`` has them."""
    return _result(opened(description), options, checks=True)


def drift(description: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """What was edited by hand in a repository."""
    return _result(opened(description), options)


def _result(source: RepositorySource, options: dict[str, Any], *, checks: bool = False) -> dict[str, Any]:
    from registry_reconciler.fleet.across.check import described_by, source_of
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.queries.unseen import unseen

    others = source_of(options, source.name)
    planning = planning_of(source, PlanOptions(no_check=bool(options.get("no_check"))), others)
    plan = planning.plan.checked() if checks else planning.plan
    recorder = planning.loaded.recorder
    inputs = recorder.inputs if others is None else _files(recorder.inputs)
    return {
        **_counts(plan),
        "unseen": list(unseen(planning.plan)),
        "plan_id": plan.plan_id,
        "changes": [
            {
                "address": change.address,
                "action": change.action.value,
                "reason": change.reason.value,
                "from": change.from_address,
                "file": change.file,
            }
            for change in plan.changes[:MOST_CHANGES]
        ],
        "drift": [
            {"address": drifted.address, "file": drifted.file, "line": _line(drifted), "gone": drifted.gone}
            for drifted in plan.drift[:MOST_CHANGES]
        ],
        "edited_outputs": [{"id": output.id, "file": output.file} for output in plan.edited_outputs],
        "problems": list(_plain(plan.problems)),
        **described_by(planning, options),
        **({} if source.commit else {SEEN: {"inputs": inputs, "folders": recorder.folders}}),
    }


def _files(inputs: Mapping[str, str | None]) -> dict[str, str | None]:
    """Those inputs that lie in the folder. What the others told is an option, so it counts already."""
    from registry_reconciler.model.fleet_view import CATALOG_INPUT

    return {path: digest for path, digest in inputs.items() if path != CATALOG_INPUT}


def planning_of(source: RepositorySource, options: PlanOptions, fleet: FleetSource | None = None) -> Planning:
    """The plan of a source. Raises :class:`NoWorkspace`, and what a plan of a folder raises.

    Args:
        fleet: tells what the other repositories have.
    """
    from registry_reconciler.planning.pipeline import make_plan
    from registry_reconciler.workspace import Workspace

    with source.open_tree() as tree:
        if tree.kind(SCHEMAS) != "dir":
            raise NoWorkspace(f"it is no workspace: it has no {SCHEMAS}/ at its root")
        if source.commit is None:
            return Workspace(Path(source.folder), fleet=fleet).planning(options)
        return make_plan(tree, options, fleet=fleet)


def _counts(plan: Plan) -> dict[str, Any]:
    from registry_reconciler.model.change import Action
    from registry_reconciler.model.problem import Severity

    return {
        "blocking": len(plan.blocking),
        "aside": any(problem.aside for problem in plan.problems),
        "pending": plan.pending,
        "summary": {
            **{action.value: plan.count(action) for action in Action},
            "unchanged": plan.unchanged,
            "unmanaged": plan.unmanaged,
            "outputs": plan.count_outputs(),
            "drift": len(plan.drift) + len(plan.edited_outputs),
            **{severity.value: plan.count_problems(severity) for severity in Severity},
        },
    }


def _line(drifted: Any) -> int:
    return drifted.location.line if drifted.location is not None else 0


def _plain(problems: Iterable[Problem]) -> Iterable[dict[str, Any]]:
    from msgspec import to_builtins
    from msgspec.structs import replace

    from registry_reconciler.model.problem import listed, sort_key

    for number, problem in enumerate(listed(sorted(problems, key=sort_key))):
        if number >= MOST_PROBLEMS:
            return
        # What a rule knows of values that could be put there is not told: they may be secret.
        fix = replace(problem.fix, replacements=()) if problem.fix is not None else None
        yield to_builtins(replace(problem, fix=fix, cause=problem.cause_text))
