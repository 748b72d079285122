"""``registry resolve``."""

from __future__ import annotations

from shlex import quote

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
    """Settle what a merge, rebase or cherry-pick left in conflict.

    Fragments and registries are merged by entry and field, from the three versions that git has: what both sides
    added is in them, and what both changed keeps its marks, around that field only, and the exit code is 3. Resolve
    those, then run it again. State and history follow, and outputs are made anew. A file that somebody edited since
    is left alone.
    """
    from registry_reconciler.editing.resolve_conflicts import resolve_conflicts

    call = shared.call("resolve")
    done = resolve_conflicts(call.workspace())
    warn(done.warnings)
    count = len(done.settled)
    if count:
        lines = [f"Settled {count:,} file{'s' if count != 1 else ''} that git had left in conflict."]
    elif done.open:
        lines = ["Merged as far as it can be told:"] if done.written else []
    elif done.written:
        lines = ["No conflict. State and history were repaired where they did not fit."]
    else:
        lines = ["Nothing to resolve."]
    lines += [f"  {visible(path)}" for path in sorted({*done.settled, *done.written})]
    if done.open:
        lines += ["Left for you to decide:"]
        lines += [f"  {visible(path)}: {visible(sentence)}" for path, sentence in done.open]
        lines += [f"  {visible(path)}: leave it; it is made from the fragments then" for path in done.waiting]
        next = [["registry", "resolve"]]
        files = " ".join(dict.fromkeys(quote(visible(path)) for path, _ in done.open))
        lines += [f"Edit what is left, git add {files}, then: registry resolve"]
    else:
        next = [["registry", "plan"]] if done.settled or done.written else []
        if done.by_hand:
            lines += [
                "Settled by hand; tell git (git add):",
                *(f"  {visible(path)}" for path in done.by_hand),
            ]
            next = [["git", "add", *done.by_hand], *next]
        lines += ["Next: registry plan"] if next else []
    body = {
        "settled": list(done.settled),
        "written": list(done.written),
        "by_hand": list(done.by_hand),
        "waiting": list(done.waiting),
        "open": [{"path": path, "about": sentence} for path, sentence in done.open],
    }
    return answer(call, "\n".join(lines) + "\n", body, exit=3 if done.open else 0, next=next)
