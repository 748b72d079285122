"""``registry outputs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, apply_or_ways_out, planning_of
from registry_reconciler.cli.options import Shared

if TYPE_CHECKING:
    from registry_reconciler.queries.outputs import OutputState

EXAMPLE = """\
  registry outputs

  skills-table  stale    README.md region skills
  marketplace   current  .claude-plugin/marketplace.json at plugins
  2 outputs: 1 stale.
  Next: registry apply
"""


def command(*, shared: Shared) -> int:
    """List the outputs derived from the registries, and whether they are current.

    'registry outputs new FILE' proposes outputs for a file.
    """
    from registry_reconciler.model.output import PREFIX
    from registry_reconciler.queries.outputs import output_states
    from registry_reconciler.report.words import command_line

    call = shared.call("outputs")
    planning = planning_of(call.workspace())
    states = list(output_states(planning))
    next: list[list[str]] = []
    edited = [state.output.id for state in states if state.state == "edited"]
    if any(state.state in ("stale", "missing") for state in states):
        next += apply_or_ways_out(planning.plan)
    if edited and planning.plan.applicable:
        next.append(
            ["registry", "apply", *(word for name in edited[:20] for word in ("--overwrite", PREFIX + name))]
        )
    if any(state.state in ("broken", "no place", "not rendered") for state in states):
        next.append(["registry", "check"])
    lines = list(_lines(states))
    lines += [("Next: " if not number else "      ") + command_line(step) for number, step in enumerate(next)]
    body = {"outputs": [state.to_json() for state in states]}
    return answer(call, "\n".join(lines) + "\n", body, next=next)


def _lines(states: list[OutputState]) -> list[str]:
    from registry_reconciler.report.words import plural

    if not states:
        return ["No outputs. 'registry outputs new FILE' proposes one."]
    names = max(len(visible(state.output.id)) for state in states)
    words = max(len(state.state) for state in states)
    lines = []
    for shown in states:
        where = visible(shown.output.file)
        where += f" region {visible(shown.output.region)}" if shown.output.region else ""
        where += f" at {visible(shown.output.at)}" if shown.output.at else ""
        lines.append(f"{visible(shown.output.id):{names}}  {shown.state:{words}}  {where}")
        if shown.why:
            lines.append(f"    {visible(shown.why)}")
    counts: dict[str, int] = {}
    for shown in states:
        if shown.state != "current":
            counts[shown.state] = counts.get(shown.state, 0) + 1
    rest = ", ".join(f"{count} {state}" for state, count in counts.items()) or "all current"
    return [*lines, f"{plural(len(states), 'output')}: {rest}."]
