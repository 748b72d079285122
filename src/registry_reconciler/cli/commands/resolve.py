"""``registry resolve``."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, warn
from registry_reconciler.cli.options import Full, Shared

EXAMPLE = """\
  registry resolve

  Settled 1 file that git had left in conflict:
    .system/registry/state/payments-1f2e3d4c5b6a.state
  Next: registry plan
"""


if TYPE_CHECKING:
    from registry_reconciler.editing.resolve_conflicts import Resolved


def command(
    *,
    full: Full = False,
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
    lines = list(_done_lines(done, full))
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


def _done_lines(done: Resolved, full: bool) -> Iterator[str]:
    """What was done: the conflicts that are settled, and apart from them what was written besides."""
    from registry_reconciler.report.words import plural, some_of_each_folder

    along = sorted({*done.written} - {*done.settled})
    if done.settled:
        yield f"Settled {plural(len(done.settled), 'file')} that git had left in conflict:"
        yield from some_of_each_folder(sorted(done.settled), full=full)
    if not along:
        if not done.settled and not done.open:
            yield "Nothing to resolve."
        return
    if done.settled:
        yield f"Wrote {plural(len(along), 'file')} besides, so that everything fits together:"
    elif done.open:
        yield f"Merged {plural(len(along), 'file')} as far as it can be told:"
    else:
        yield f"No conflict. Repaired {plural(len(along), 'file')} of state, history and outputs that did not fit:"
    yield from some_of_each_folder(along, full=full)
