"""``registry log``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from registry_reconciler.apply.history import Entry
from registry_reconciler.base.escape import visible
from registry_reconciler.cli.addresses import require_known
from registry_reconciler.cli.common import answer, planning_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.config import HISTORY_FOLDER
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry log route/api.errors

  2026-11-20T09:12:44Z  ada  plan sha256:0a1b2c3d4e5f
    ~ route/api.errors  topic
"""

_SIGNS = {"create": "+", "update": "~", "delete": "-", "move": ">", "adopt": "=", "forget": "="}
_SHOWN = 20
_UNSHALLOW = ("git", "fetch", "--unshallow")
_FETCH = ("git", "log", "--stat", "--", HISTORY_FOLDER)
"""What a partial clone lacks is fetched by whatever looks at it."""


def command(
    address: Annotated[
        str | None,
        typer.Argument(metavar="[ADDRESS]", help="Only applies that changed this entry.", show_default=False),
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", metavar="N", min=1, help="Show at most so many applies, the newest first."),
    ] = _SHOWN,
    *,
    shared: Shared,
) -> int:
    """Show what was applied, when, by whom and by which plan. Older applies than the history keeps come from git."""
    from registry_reconciler.apply import reader
    from registry_reconciler.apply.history import read
    from registry_reconciler.apply.history_in_git import is_cut_short, is_unfetched
    from registry_reconciler.apply.writable import Writable
    from registry_reconciler.files.tree import DiskTree

    call = shared.call("log")
    workspace = call.workspace()
    with reader(workspace.root, workspace.lock_timeout, may_write=Writable(workspace.root)):
        found, faults = read(DiskTree(workspace.root))
    known = {entry.path for entry in found}
    found = [entry for entry in found if address is None or entry.concerns(address)]
    if len(found) <= limit:
        from itertools import islice

        from registry_reconciler.apply.history_in_git import older

        more = (entry for entry in older(workspace.root, known) if address is None or entry.concerns(address))
        found += islice(more, limit + 1)
        # A revert takes a file out of the history that is newer than those that stay.
        found.sort(key=lambda entry: (entry.time, entry.path), reverse=True)
    if address is not None and not found and not faults:
        require_known(planning_of(workspace), [address], wild=False)
    shown = found[:limit]
    lines = [line for entry in shown for line in _lines(entry, address)]
    if len(found) > len(shown):
        lines.append("… and older ones (--limit shows more)")
    lines += [] if found else [f"No apply{f' changed {visible(address)}' if address else ''}."]
    next: list[Sequence[str]] = []
    if len(found) == len(shown) and is_cut_short(workspace.root):
        next.append(_UNSHALLOW)
        lines.append("Older commits were not fetched: git fetch --unshallow")
    if len(found) == len(shown) and is_unfetched(workspace.root):
        next.append(_FETCH)
        lines.append(f"Older applies were not fetched: git log --stat -- {HISTORY_FOLDER}")
    lines += [f"Cannot be read: {visible(fault)}" for fault in faults]
    body: dict[str, Json] = {"applies": [_to_json(entry) for entry in shown], "count": len(shown)}
    body["more"] = len(found) > len(shown)
    errors = [{"code": "unreadable", "message": fault} for fault in faults]
    return answer(call, "\n".join(lines) + "\n", body, exit=1 if faults else 0, next=next, errors=errors)


def _lines(entry: Entry, address: str | None) -> list[str]:
    plan = visible(str(entry.data.get("plan", "")))[:19]
    lines = [f"{visible(entry.time)}  {visible(str(entry.data.get('who', '')))}  plan {plan}"]
    for change in entry.changes:
        if address is not None and address not in (change.get("address"), change.get("from")):
            continue
        action, source = str(change.get("action")), change.get("from")
        head = f"  {_SIGNS.get(action, ' ')} {visible(str(change.get('address')))}"
        head += f"  from {visible(str(source))}" if source else ""
        fields = change.get("fields")
        names = ", ".join(visible(str(name)) for name in fields) if isinstance(fields, list) else ""
        lines.append(head + (f"  {names}" if names else ""))
    counts = entry.data.get("counts")
    if not entry.changes and isinstance(counts, dict):
        lines.append("  " + ", ".join(f"{count} to {visible(str(name))}" for name, count in counts.items()))
    healed = entry.data.get("healed")
    if not entry.changes and not isinstance(counts, dict) and isinstance(healed, int) and healed:
        lines.append(f"  the state alone: {healed:,} record{'' if healed == 1 else 's'}")
    return lines


def _to_json(entry: Entry) -> dict[str, Json]:
    return {"file": entry.path, **{name: value for name, value in entry.data.items() if name != "unlike"}}
