"""The outputs of a workspace with their state, for ``registry outputs``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.model.entry import Json
from registry_reconciler.model.output import OutputAction

if TYPE_CHECKING:
    from registry_reconciler.model.problem import Problem
    from registry_reconciler.outputs.definitions import Output
    from registry_reconciler.planning.pipeline import Planning

STATES = {
    OutputAction.CREATE: "missing",
    OutputAction.UPDATE: "stale",
    OutputAction.ADOPT: "current",
    OutputAction.EDITED: "edited",
    OutputAction.LEFT: "stale",
}
_NOT_RENDERED = {"OUT002": "broken", "OUT003": "no place", "OUT004": "no place", "OUT006": "broken"}


class OutputState(Struct, frozen=True):
    """One output as it is.

    Attributes:
        state: ``current``, ``stale``, ``missing``, ``edited``, ``broken``, ``no place`` or ``not rendered``.
        why: of one that is not rendered, what stands against it.
    """

    output: Output
    state: str
    why: str = ""

    def to_json(self) -> dict[str, Json]:
        """As the command's JSON has it."""
        return {
            "id": self.output.id,
            "file": self.output.file,
            "region": self.output.region or None,
            "at": self.output.at or None,
            "state": self.state,
            "why": self.why,
            "template": self.output.spec.get("template"),
            "each": self.output.spec.get("each"),
            "shipped": bool(self.output.page),
        }


def output_states(planning: Planning) -> Iterator[OutputState]:
    """Every output, in the order of ``outputs.yaml``; those that ship with the product last."""
    changes = {output.id: output for output in planning.plan.outputs}
    for output in planning.outputs:
        change = changes.get(output.id)
        fault = next((problem for problem in planning.plan.problems if _is_about(problem, output.id)), None)
        if change is not None:
            yield OutputState(output, STATES[change.action])
        elif fault is not None:
            yield OutputState(output, _NOT_RENDERED.get(fault.code, "not rendered"), fault.message)
        else:
            yield OutputState(output, "current")


def _is_about(problem: Problem, name: str) -> bool:
    if problem.code not in (*_NOT_RENDERED, "OUT007"):
        return False
    return problem.identity_extra.split(" ")[0] == name
