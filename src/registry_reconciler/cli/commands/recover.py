"""``registry recover``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, warn
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.apply import RecoverResult

EXAMPLE = """\
  registry recover

  Finished an interrupted apply.
    modules/routes/api.yaml
"""

_HEADS = {
    "nothing": "Nothing to recover.",
    "forward": "Finished an interrupted apply.",
    "back": "Undid an interrupted apply: everything is as before it.",
}


def command(
    *,
    shared: Shared,
) -> int:
    """Finish or undo an interrupted apply. Harmless when there is none."""
    call = shared.call("recover")
    result = call.workspace().recover()
    warn(result.warnings)
    next = [] if result.direction == "nothing" else [["registry", "plan"]]
    return answer(call, "\n".join(_lines(result)) + "\n", {"recovered": result_to_json(result)}, next=next)


def _lines(result: RecoverResult) -> list[str]:
    lines = [_HEADS[result.direction], *(f"  {visible(path)}" for path in result.files)]
    lines += [f"  left as it was edited by hand: {visible(path)}" for path in result.conflicts]
    return lines + [f"  kept for you: {visible(path)}" for path in result.kept]


def result_to_json(result: RecoverResult) -> dict[str, Json]:
    """What recovery did, as the JSON of ``recover`` and ``apply`` shows it."""
    return {
        "direction": result.direction,
        "files": list(result.files),
        "conflicts": list(result.conflicts),
        "kept": list(result.kept),
        "warnings": list(result.warnings),
    }
