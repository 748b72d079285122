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

    Fragments and registries come first: resolve them by hand, or take one side of each with git. What is remembered
    is then settled by entry and field, from the three sides that git has, and what does not fit is mended.
    """
    from registry_reconciler.editing.resolve_conflicts import resolve_conflicts

    call = shared.call("resolve")
    done = resolve_conflicts(call.workspace())
    warn(done.warnings)
    count = len(done.settled)
    if count:
        lines = [f"Settled {count:,} file{'s' if count != 1 else ''} that git had left in conflict."]
    elif done.written:
        lines = ["No conflict. What did not fit is mended."]
    else:
        lines = ["Nothing to resolve."]
    lines += [f"  {visible(path)}" for path in sorted({*done.settled, *done.written})]
    next = [["registry", "plan"]] if done.settled or done.written else []
    lines += ["Next: registry plan"] if next else []
    body = {"settled": list(done.settled), "written": list(done.written)}
    return answer(call, "\n".join(lines) + "\n", body, next=next)
