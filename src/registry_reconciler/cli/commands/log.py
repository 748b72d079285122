"""``registry log``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.apply.history import HistoryRecord
from registry_reconciler.base.escape import visible
from registry_reconciler.cli.addresses import require_known
from registry_reconciler.cli.common import answer, planning_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.config import HISTORY_FOLDER
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.apply.former_addresses import Followed
    from registry_reconciler.workspace import Workspace

EXAMPLE = """\
  registry log route/api.errors

  2026-11-20T09:12:44Z  ada  plan sha256:0a1b2c3d4e5f
    ~ route/api.errors  topic
"""

_SIGNS = {"create": "+", "update": "~", "delete": "-", "move": ">", "adopt": "=", "forget": "="}
_BEGINNINGS = ("create", "adopt")
_SHOWN = 20
_UNSHALLOW = ("git", "fetch", "--unshallow")
_FETCH = ("git", "log", "--stat", "--", HISTORY_FOLDER)
"""What a partial clone lacks is fetched by whatever looks at it."""


def command(
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]",
            help="Only applies that changed this entry, under former addresses too.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", metavar="N", min=1, help="Show at most so many applies, the newest first."),
    ] = _SHOWN,
    *,
    shared: Shared,
) -> int:
    """Show what was applied, when, by whom and by which plan. Older applies than the history keeps come from git.

    Of an entry that was renamed, what was applied under its former addresses is shown too.
    """
    from registry_reconciler.apply.history_in_git import is_cut_short, is_unfetched

    call = shared.call("log")
    workspace = call.workspace()
    found, looked_at, faults = _applies(workspace, address, limit + 1)
    if address is not None and not found and not faults:
        require_known(planning_of(workspace), [address], wild=False)
    shown = found[:limit]
    more = len(found) > len(shown)
    cut_short = not more and is_cut_short(workspace.root)
    unfetched = not more and is_unfetched(workspace.root)
    lines = [line for followed in shown for line in _lines(followed)]
    lines += ["… and older ones (--limit shows more)"] if more else []
    lines += [] if found else [f"No apply{f' changed {visible(address)}' if address else ''}."]
    untold = [] if address is None or more or cut_short or unfetched else list(_untold(shown, looked_at))
    lines += ["Older commits were not fetched: git fetch --unshallow"] if cut_short else []
    lines += [f"Older applies were not fetched: git log --stat -- {HISTORY_FOLDER}"] if unfetched else []
    next = [*([_UNSHALLOW] if cut_short else []), *([_FETCH] if unfetched else [])]
    lines += untold
    lines += [f"Cannot be read: {visible(fault)}" for fault in faults]
    body: dict[str, Json] = {
        "applies": [_to_json(followed.apply) for followed in shown],
        "count": len(shown),
        "more": more,
        "untold": list(untold),
    }
    errors = [{"code": "unreadable", "message": fault} for fault in faults]
    return answer(call, "\n".join(lines) + "\n", body, exit=1 if faults else 0, next=next, errors=errors)


def _applies(
    workspace: Workspace, address: str | None, most: int
) -> tuple[list[Followed], list[HistoryRecord], list[str]]:
    """The newest applies, of those of one entry or of all; each that was looked at; what cannot be read."""
    from registry_reconciler.apply import reader
    from registry_reconciler.apply.former_addresses import Followed, follow
    from registry_reconciler.apply.history import read
    from registry_reconciler.apply.history_in_git import older
    from registry_reconciler.apply.writable import Writable
    from registry_reconciler.files.tree import DiskTree

    def of_entry(applies: Iterable[HistoryRecord]) -> list[Followed]:
        noted = _noted(applies, looked_at)
        if address is not None:
            return list(islice(follow(noted, address), most))
        return [Followed(apply, tuple(apply.changes)) for apply in islice(noted, most)]

    with reader(workspace.root, workspace.lock_timeout, may_write=Writable(workspace.root)):
        kept, faults = read(DiskTree(workspace.root))
    looked_at: list[HistoryRecord] = []
    found = of_entry(kept)
    if len(found) < most:
        looked_at = []
        from_git = older(workspace.root, {entry.path for entry in kept})
        # A revert takes a file out of the history that is newer than those that stay.
        found = of_entry(merge(kept, from_git, key=lambda entry: (entry.time, entry.path), reverse=True))
    return found, looked_at, faults


def _noted(applies: Iterable[HistoryRecord], looked_at: list[HistoryRecord]) -> Iterator[HistoryRecord]:
    """The same applies; those that were looked at are in a list then."""
    for apply in applies:
        looked_at.append(apply)
        yield apply


def _untold(shown: Sequence[Followed], looked_at: Sequence[HistoryRecord]) -> Iterator[str]:
    """What the history does not say of an entry."""
    counted = sum(not apply.changes and "counts" in apply.data for apply in looked_at)
    if counted:
        which = (
            "1 apply kept its counts only: whether it"
            if counted == 1
            else f"{counted:,} applies kept counts only: whether they"
        )
        yield f"{which} changed it is not known."
    first = shown[-1].changes[-1] if shown else {}
    if first and first.get("action") not in _BEGINNINGS:
        name = first.get("from") or first.get("address")
        yield f"How {visible(str(name))} came into the registries is not in the history."


def _lines(followed: Followed) -> list[str]:
    entry = followed.apply
    plan = visible(str(entry.data.get("plan", "")))[:19]
    lines = [f"{visible(entry.time)}  {visible(str(entry.data.get('who', '')))}  plan {plan}"]
    for change in followed.changes:
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


def _to_json(entry: HistoryRecord) -> dict[str, Json]:
    return {"file": entry.path, **{name: value for name, value in entry.data.items() if name != "unlike"}}
