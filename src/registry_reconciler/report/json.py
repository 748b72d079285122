"""The plan as the public JSON; :mod:`registry_reconciler.model.plan_json` knows its fields."""

from __future__ import annotations

from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import dumps, plan_to_json
from registry_reconciler.report.options import RenderOptions


def render(plan: Plan, options: RenderOptions) -> str:
    """The JSON of the contract. Never folded or cut: only ``command`` and ``base`` matter."""
    return dumps(plan_to_json(plan, command=options.command, base=options.base))
