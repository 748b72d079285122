"""``registry rule eval``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, planning_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.cli.rules import own_definitions
from registry_reconciler.errors import UsageFailure

if TYPE_CHECKING:
    from registry_reconciler.model.change import Change
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.rules.own.definition import OwnRule

EXAMPLE = """\
  registry rule eval TEAM001 team/alpha

  when   self.status == "active"                    true
           self.status                              active
  check  size(self.members) >= 2 && ...             false
"""

_COLUMN = 60


def command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The rule.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The entry that it judges.")],
    other: Annotated[
        str | None, typer.Argument(metavar="[OTHER]", help="The other entry of a pair.", show_default=False)
    ] = None,
    *,
    shared: Shared,
) -> int:
    """Show what each part of a rule gives for an entry.

    Use it to see why a rule finds a problem, or does not.
    """
    from registry_reconciler.rules.own.trial import steps

    call = shared.call("rule eval")
    planning = planning_of(call.workspace())
    rules, unusable = own_definitions(planning, [code])
    if unusable:
        raise UsageFailure(unusable[0])
    (rule,) = rules
    change = _require(planning, rule, address, other)
    found = steps(rule, planning.loaded.kinds, planning.entry_sets.after, address, other or "", change)
    lines, last = [], ""
    for step in found:
        name = step.field if step.field != last else ""
        last = step.field
        text = "  " * step.depth + " ".join(step.text.split())
        lines.append(f"{name:<7}{visible(text):<{_COLUMN}}  {visible(step.gives)}")
    body = {
        "code": rule.code,
        "address": address,
        "steps": [
            {"field": step.field, "depth": step.depth, "text": step.text, "gives": step.gives}
            for step in found
        ],
    }
    return answer(call, "\n".join(lines) + "\n", body)


def _require(planning: Planning, rule: OwnRule, address: str, other: str | None) -> Change | None:
    """Hold the question to what the rule judges; the change that it is about, if it judges changes."""
    from registry_reconciler.cli.addresses import known_addresses
    from registry_reconciler.model.unknown import unknown_address

    items = planning.entry_sets.after.items
    for subject, kinds in ((address, rule.kinds), (other, (rule.right,))):
        if subject is None:
            continue
        change = next((some for some in planning.plan.changes if some.address == subject), None)
        if subject not in items and not (rule.judges_change and change is not None):
            raise unknown_address(subject, known_addresses(planning))
        if subject.partition("/")[0] not in kinds:
            raise UsageFailure(
                f"{rule.code} judges {' and '.join(rule.kinds)}, and {visible(subject)} is none"
            )
    if rule.right and other is None:
        raise UsageFailure(f"{rule.code} judges pairs: name both entries")
    if not rule.judges_change:
        return None
    found = next((change for change in planning.plan.changes if change.address == address), None)
    if found is None:
        raise UsageFailure(
            f"{rule.code} judges changes, and the plan changes nothing of {visible(address)}",
            next=(("registry", "plan"),),
        )
    return found
