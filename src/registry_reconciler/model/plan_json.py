"""The public JSON of a plan.

The JSON is converted from the plan, never a dump of internals; ``registry schema plan`` prints its schema.
Minor versions only add. No time, host or absolute path is in it, and its order is fixed: the same inputs give
the same bytes on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.base.escape import json_text
from registry_reconciler.errors import RegistryFailure, StalePlan
from registry_reconciler.model import written
from registry_reconciler.model.change import Action, Change, Drift, FieldChange, Heal
from registry_reconciler.model.entry import Json, Location, Missing
from registry_reconciler.model.output import OutputChange
from registry_reconciler.model.problem import Fix, Problem, Related, Severity, Status, listed, sort_key
from registry_reconciler.model.redact import WITHHELD

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan, PlanOptions

FORMAT_VERSION = "1.0"

Commands = tuple[tuple[str, ...], ...]
"""Ready commands, each a list of arguments."""

_MAX_NEXT = 10
_MAX_ADDRESSES = 50


def dumps(data: Json) -> str:
    """JSON text for people and machines: indented by two, keys in the order given, a line end at the end.

    Characters that cannot be seen are written ``\\uXXXX``.
    """
    return json_text(written.dumps(data, indent=2)) + "\n"


def envelope(
    command: str,
    exit: int,
    errors: Iterable[Mapping[str, Json]] = (),
    next: Iterable[Sequence[str]] = (),
    **body: Json,
) -> dict[str, Json]:
    """What the JSON of every command has around its own fields, also when the command fails."""
    return {
        "format_version": FORMAT_VERSION,
        "command": command,
        "exit": exit,
        **body,
        "errors": [dict(error) for error in errors],
        "next": [list(command) for command in next],
    }


def error_to_json(failure: RegistryFailure) -> dict[str, Json]:
    """A failure as an item of ``errors``: ``code`` is constant for its class."""
    data: dict[str, Json] = {"code": failure.code, "message": failure.message}
    if isinstance(failure, StalePlan) and failure.entries:
        data["entries"] = list(failure.entries)
    return data


def plan_to_json(
    plan: Plan,
    *,
    command: str = "plan",
    exit: int | None = None,
    errors: Iterable[Mapping[str, Json]] = (),
    next: Iterable[Sequence[str]] | None = None,
    base: str = "",
) -> dict[str, Json]:
    """The public JSON of a plan.

    Args:
        command: the command that reports.
        exit: its exit code; the plan's own (0 or 3) where it is not given.
        errors: failures, as :func:`error_to_json` gives them.
        next: ready commands; those of :func:`next_commands` where it is not given.
        base: the revision compared with, for a review: then there is no plan id and nothing to apply.
    """
    plan_id = None if base else plan.plan_id
    body: dict[str, Json] = {"plan_id": plan_id, "root": "."}
    problems = sorted(plan.problems, key=sort_key)
    shown = list(listed(problems))
    if base:
        body["base"] = base
    return envelope(
        command,
        plan.exit_code if exit is None else exit,
        errors,
        next_commands(plan, plan_id if command == "plan" else None) if next is None else next,
        **body,
        options=plan.options.to_json(),
        summary=_summary(plan),
        notices=[{"title": notice.title, "message": notice.message} for notice in plan.notices],
        changes=[_change(change) for change in sorted(plan.changes, key=lambda change: change.address)],
        outputs=[_output(output) for output in plan.outputs],
        drift=[_drift(drift) for drift in sorted(plan.drift, key=lambda drift: drift.address)],
        problems=[problem_to_json(problem) for problem in shown],
        **({"problems_not_listed": len(problems) - len(shown)} if len(problems) > len(shown) else {}),
        **({"heals": list(map(_heal, plan.heals))} if plan.heals else {}),
        files=[
            {
                "path": file.path,
                "before": _shown_digest(plan, file.path, file.before),
                "after": _shown_digest(plan, file.path, file.after),
            }
            for file in sorted(plan.files, key=lambda file: file.path)
        ],
        inputs=plan_inputs(plan),
    )


def plan_inputs(plan: Plan) -> dict[str, Json]:
    """The digests of what the plan was computed from; those of files that hold secrets are withheld."""
    return {path: _shown_digest(plan, path, digest) for path, digest in sorted(plan.inputs.items())}


def _shown_digest(plan: Plan, path: str, digest: str | None) -> str | None:
    """A digest as it may leave the workspace."""
    return WITHHELD if path in plan.withheld and digest and digest.startswith("sha256:") else digest


def _summary(plan: Plan) -> dict[str, Json]:
    return {
        **{action.value: plan.count(action) for action in Action},
        "unchanged": plan.unchanged,
        "unmanaged": plan.unmanaged,
        **{severity.value: plan.count_problems(severity) for severity in Severity},
        "suppressed": sum(
            problem.suppressed is not None and problem.status is not Status.FIXED for problem in plan.problems
        ),
        "outputs": plan.count_outputs(),
        "applicable": plan.applicable,
    }


def _output(output: OutputChange) -> dict[str, Json]:
    return {
        "id": output.id,
        "file": output.file,
        "region": output.region or None,
        "at": output.at or None,
        "action": output.action.value,
        "diff": output.diff,
    }


def _heal(heal: Heal) -> dict[str, Json]:
    return {"address": heal.address, "fragment": heal.fragment, "why": heal.why}


def field_to_json(change: FieldChange) -> dict[str, Json]:
    """A part that is not there has no key: ``null`` is a value of its own."""
    data: dict[str, Json] = {"path": list(change.path), "action": change.action}
    if not isinstance(change.before, Missing):
        data["before"] = change.before
    if not isinstance(change.after, Missing):
        data["after"] = change.after
    return data


def location_to_json(location: Location) -> dict[str, Json]:
    """A place as the JSON of every command shows it."""
    return {"path": location.path, "line": location.line, "column": location.column}


def change_origin(change: Change) -> Location | None:
    """Where the fragment says so: with line and column when they were looked up, else the file alone."""
    if change.origin_location is not None:
        return change.origin_location
    return Location(change.origin.file) if change.origin is not None else None


def _change(change: Change) -> dict[str, Json]:
    origin = change_origin(change)
    return {
        "address": change.address,
        "kind": change.kind,
        "key": change.key,
        "action": change.action.value,
        "from": change.from_address,
        "reason": change.reason.value,
        "file": change.file,
        "origin": None if origin is None else location_to_json(origin),
        "fields": [field_to_json(field) for field in change.fields],
        "before": change.before,
        "after": change.after,
        "impact": list(change.impact),
        **_not_named(change),
        "note": change.note,
    }


def _not_named(change: Change) -> dict[str, Json]:
    """How many depend on an entry, where not all of them are named."""
    if change.impact_total <= len(change.impact) and change.impact_counted:
        return {}
    return {"impact_total" if change.impact_counted else "impact_at_least": change.impact_total}


def drift_location(drift: Drift) -> Location:
    """Where a drifted entry stands; without a line when it is gone or was not looked up."""
    return drift.location or Location(drift.place.file or drift.file)


def _drift(drift: Drift) -> dict[str, Json]:
    location = drift_location(drift)
    return {
        "address": drift.address,
        "fields": [field_to_json(field) for field in drift.fields],
        "file": drift.file,
        "line": location.line,
        "column": location.column,
        "gone": drift.gone,
        "applied_known": drift.applied_known,
    }


def problem_location(problem: Problem) -> Location:
    """Where a problem is; without line and column when they were not looked up."""
    return problem.location or Location(problem.place.file)


def related_location(related: Related) -> Location:
    """Where the other place of a problem is."""
    return related.location or Location(related.place.file)


def problem_to_json(problem: Problem) -> dict[str, Json]:
    """A problem as every command's JSON shows it."""
    return {
        "code": problem.code,
        "title": problem.title,
        "severity": problem.severity.value,
        "status": problem.status.value,
        "suppressed": problem.suppressed,
        "blocking": problem.blocking,
        "group": problem.group,
        "message": problem.message,
        "address": problem.address,
        "path": list(problem.path),
        "location": location_to_json(problem_location(problem)),
        "related": [
            {"message": related.message, "location": location_to_json(related_location(related))}
            for related in problem.related
        ],
        "fix": None if problem.fix is None else _fix(problem.fix),
    }


def _fix(fix: Fix) -> dict[str, Json]:
    return {
        "description": fix.description,
        "safe": fix.safe,
        "edits": [
            {
                "path": edit.path,
                "sha256": edit.sha256,
                "start": edit.start,
                "end": edit.end,
                "old": edit.old,
                "new": edit.new,
            }
            for edit in fix.edits
        ],
    }


def option_arguments(options: PlanOptions) -> tuple[str, ...]:
    """The options of a plan as they are typed."""
    words: list[str] = []
    for name, values in (
        ("--target", options.target),
        ("--exclude", options.exclude),
        ("--adopt", options.adopt),
        ("--overwrite", options.overwrite),
    ):
        for value in values:
            words += [name, value]
    if options.allow_mass_delete:
        words.append("--allow-mass-delete")
    if options.no_check:
        words.append("--no-check")
    if options.leave_outputs:
        words.append("--leave-outputs")
    return tuple(words)


def next_commands(plan: Plan, plan_id: str | None) -> Commands:
    """The commands that lead on from here; ``plan_id`` is ``None`` for what cannot be applied.

    An applicable plan with something to do: apply exactly it. A blocked one: what takes the blocking problems
    away, the fixes that need no thought first. Nothing to do: nothing, but where an output was edited by hand.
    """
    if plan.applicable:
        if plan_id is None:
            return ()
        if plan.empty:
            return (("registry", "drift"),) if plan.pending else ()
        return (("registry", "apply", *option_arguments(plan.options), "--expect", plan_id),)
    return _ways_out(plan)[:_MAX_NEXT]


def _ways_out(plan: Plan) -> Commands:
    """Blocked: fix, accept, adopt, explain, in this order and each once."""
    blocking = plan.blocking
    fixes: list[tuple[str, ...]] = []
    if any(_fixes_itself(problem) for problem in blocking):
        fixes.append(("registry", "fix"))
    accepts: list[tuple[str, ...]] = []
    explains: list[tuple[str, ...]] = []
    adopts: list[str] = []
    for problem in blocking:
        if problem.code in ("STA001", "STA002") and problem.address:
            accepts.append(("registry", "drift", "--accept", problem.address))
        elif problem.code == "STA003" and problem.address:
            # One command for all: a plan that adopts only one of them is still blocked by the others.
            adopts.append(problem.address)
        elif not _fixes_itself(problem):
            explains.append(("registry", "explain", problem.code))
    options = option_arguments(plan.options)
    flags = [word for address in dict.fromkeys(adopts) for word in ("--adopt", address)]
    adopt = [("registry", "plan", *options, *flags[: 2 * _MAX_ADDRESSES])] if flags else []
    return tuple(dict.fromkeys([*fixes, *accepts[: _MAX_NEXT - 3], *adopt, *explains]))


def _fixes_itself(problem: Problem) -> bool:
    """Whether ``registry fix`` takes a problem away."""
    fix = problem.fix
    return fix is not None and fix.safe and bool(fix.edits or fix.withheld)
