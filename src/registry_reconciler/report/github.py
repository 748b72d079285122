"""Annotations of a GitHub workflow run: one command a line, read by the runner from the step's output.

A step may show ten annotations of a level; what is beyond that would vanish without a word. So the worst ten
are written, the rest is counted, and the verdict is a plain line in the log.
"""

from __future__ import annotations

from registry_reconciler.base.escape import runner_safe, visible, workflow, workflow_property
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import problem_location
from registry_reconciler.model.problem import Severity, Status
from registry_reconciler.report.model import Cause, causes, other_place, stands
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.values import cut
from registry_reconciler.report.words import (
    Verdict,
    count_problems,
    plural,
    summary_line,
    verdict,
)

LIMIT = 10
"""Annotations of one level that a step may have."""

_MESSAGE_LIMIT = 4_000
_NAME_LIMIT = 200
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render(plan: Plan, options: RenderOptions) -> str:
    """The commands, errors first, what blocks before the rest; a notice counts what was left out."""
    lines: list[str] = []
    left: list[str] = []
    for severity, level in _LEVELS.items():
        some = causes(
            problem for problem in plan.problems if problem.severity is severity and stands(problem)
        )
        some.sort(
            key=lambda cause: (
                not cause.first.blocking,
                cause.first.status is Status.PRE_EXISTING,
            )
        )
        lines += [_annotation(level, cause, options) for cause in some[:LIMIT]]
        if len(some) > LIMIT:
            left.append(plural(sum(len(cause.problems) for cause in some[LIMIT:]), level))
    if left:
        rest = workflow(f"{' and '.join(left)} more are not annotated: registry {options.command} shows all.")
        lines.append(f"::notice title=registry::{rest}")
    return "\n".join([*lines, _verdict(plan, options)]) + "\n"


def _annotation(level: str, cause: Cause, options: RenderOptions) -> str:
    problem = cause.first
    location = problem_location(problem)
    steps = [step for step in f"{options.path_prefix}/{location.path}".split("/") if step not in ("", ".")]
    properties = []
    if location.path:
        properties.append(f"file={workflow_property('/'.join(steps))}")
        if location.line:
            properties.append(f"line={location.line}")
            if location.column:
                properties.append(f"col={location.column}")
    address = f" {cut(visible(problem.address), _NAME_LIMIT)}" if problem.address else ""
    properties.append(f"title={workflow_property(problem.code + address)}")
    text = problem.message
    for other in cause.others:
        text += f"\nAlso {' '.join(filter(None, other_place(other)))}"
    if cause.unnamed:
        text += f"\n… and {plural(cause.unnamed, 'place')} more"
    if cause.mend:
        text += f"\nFix: {cause.mend}"
    return f"::{level} {','.join(properties)}::{workflow(cut(text, _MESSAGE_LIMIT))}"


def _verdict(plan: Plan, options: RenderOptions) -> str:
    found = verdict(plan)
    if found is Verdict.BLOCKED:
        words = f"blocked by {plural(len(plan.blocking), 'problem')}"
    elif options.command == "check":
        words = "nothing blocks"
    else:
        words = summary_line(plan) or "no changes"
    problems = count_problems(plan)
    return runner_safe(f"registry {visible(options.command)}: {words}{'; ' + problems if problems else ''}.")
