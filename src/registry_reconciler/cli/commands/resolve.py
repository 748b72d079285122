"""``registry resolve``."""

from __future__ import annotations

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, warn
from registry_reconciler.cli.options import Shared

EXAMPLE = """\
  registry resolve

  Settled 1 file that git had left in conflict.
    .system/registry/state/payments-1f2e3d4c5b6a.state
  Next: registry plan
"""


def command(
    *,
    shared: Shared,
) -> int:
    """Settle state and history after a merge that left conflicts.

    First resolve fragments and registries, by hand or by taking one side of each with git. The state and the history
    are then merged by entry and field from the three versions that git has, and repaired where they do not fit.
    """
    from registry_reconciler.editing.resolve_conflicts import resolve_conflicts

    call = shared.call("resolve")
    done = resolve_conflicts(call.workspace())
    warn(done.warnings)
    count = len(done.settled)
    if count:
        lines = [f"Settled {count:,} file{'s' if count != 1 else ''} that git had left in conflict."]
    elif done.written:
        lines = ["No conflict. State and history were repaired where they did not fit."]
    else:
        lines = ["Nothing to resolve."]
    lines += [f"  {visible(path)}" for path in sorted({*done.settled, *done.written})]
    next = [["registry", "plan"]] if done.settled or done.written else []
    lines += ["Next: registry plan"] if next else []
    body = {"settled": list(done.settled), "written": list(done.written)}
    return answer(call, "\n".join(lines) + "\n", body, next=next)
