"""``registry fleet exec``."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import Call, answer
from registry_reconciler.cli.fleet import FleetFile, Only, chosen, manifest_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.cli.output import say
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.fleet.execute import Executed, Order

EXAMPLE = """\
  registry fleet exec --only 'shop*' -- registry fix REF002

  blocked      shop-web  REF001 desired/docs.yaml:13: There is no ability_low 'captur'.
  changed      shop      registry-fix-ref002-1d2c3b4a at 9f8e7d6c5b4a: 3 entries, 2 files
  unchanged    shop-pos
  3 repositories: 1 blocked, 1 changed, 1 unchanged. Nothing was pushed: --push does it.
"""

_PATIENCE = 600.0


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- registry COMMAND", help="What is done in each repository.", show_default=False
        ),
    ] = None,
    file: FleetFile = None,
    only: Only = None,
    branch: Annotated[
        str,
        typer.Option(
            "--branch", metavar="NAME", help="The branch to commit on; by default one named by the command."
        ),
    ] = "",
    message: Annotated[
        str, typer.Option("--message", "-m", metavar="TEXT", help="The message of the commits.")
    ] = "",
    push: Annotated[
        bool, typer.Option("--push", help="Push the branches to origin, also those made before.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Commit nothing: only say what would be.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            max=1000,
            help="So many repositories at a time; by default one for each core.",
        ),
    ] = None,
    task_seconds: Annotated[
        float,
        typer.Option("--task-seconds", metavar="N", min=0.1, help="A command that takes longer is ended."),
    ] = _PATIENCE,
    *,
    shared: Shared,
) -> int:
    """Make the same change in many repositories, each on a branch of its own.

    The command runs in a work tree beside each repository: no checkout is touched. What it
    changed is planned, applied and committed. Nothing is pushed without --push. Interrupted
    at any time, the same call goes on where it was, and does nothing twice.
    """
    from registry_reconciler.cli.parser import paths_in
    from registry_reconciler.fleet.execute import execute
    from registry_reconciler.fleet.execute.command import order_of, with_paths

    call = shared.call("fleet exec")
    if not task_seconds < 1e6:  # "nan" is a number to the parser
        raise UsageFailure("--task-seconds takes a number of seconds")
    if branch and not branch.strip():
        raise UsageFailure("--branch takes the name of a branch")
    repositories = chosen(manifest_of(call, file), only)
    order = order_of(
        words or (), branch=branch, message=message, push=push, dry_run=dry_run, seconds=task_seconds
    )
    order = with_paths(order, paths_in(order.verb, order.words[len(order.verb.split()) :]))
    selection = [] if shared.root is None else ["--root", str(shared.root)]
    selection += [] if file is None else ["--file", str(file)]
    selection += [word for pattern in only or () for word in ("--only", pattern)]
    found: list[Executed] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for done in execute(repositories, order, workers=workers):
            found.append(done)
            _progress(call, done, len(found), len(repositories))
    except KeyboardInterrupt:
        say(
            f"registry fleet exec: interrupted; {len(repositories) - len(found):,} repositories are left, and the "
            "same call goes on with them"
        )
        return _answered(call, order, selection, found, exit=130)
    finally:
        signal.signal(signal.SIGINT, before)
    return _answered(call, order, selection, found)


def _progress(call: Call, done: Executed, number: int, of: int) -> None:
    """A line on a terminal's standard error as each comes: the report is in order, and comes last."""
    from registry_reconciler.cli.output import stderr_is_terminal

    if stderr_is_terminal() and call.format == "text":
        say(f"[{number:,}/{of:,}] {visible(done.name)}: {done.outcome}")


def _answered(
    call: Call, order: Order, selection: Sequence[str], found: Sequence[Executed], exit: int | None = None
) -> int:
    from registry_reconciler.fleet.execute.repository import BLOCKED, FAILED, OUTCOMES

    rows = sorted(found, key=lambda done: (OUTCOMES.index(done.outcome), done.name))
    outcomes = {done.outcome for done in rows}
    if exit is None:
        exit = 1 if FAILED in outcomes else 3 if BLOCKED in outcomes else 0
    width = max((len(visible(done.name)) for done in rows), default=0)
    lines = [line for done in rows for line in _lines(done, width)]
    counts = [(sum(done.outcome == outcome for done in rows), outcome) for outcome in OUTCOMES]
    counted = ", ".join(f"{count:,} {outcome}" for count, outcome in counts if count) or "nothing was done"
    pushed = sum(done.pushed for done in rows)
    word = "repository" if len(rows) == 1 else "repositories"
    waits = any(done.commit and not done.pushed for done in rows) and not order.dry_run
    if pushed or order.dry_run:
        end = f"{pushed:,} pushed." if pushed else "Nothing was committed."
    else:
        end = "Nothing was pushed" + (": --push does it." if waits and not order.push else ".")
    lines.append(f"{len(rows):,} {word}: {counted}. {end}")
    body: dict[str, Json] = {"repositories": [_to_json(done) for done in rows], "dry_run": order.dry_run}
    next_ = _pushing(order, selection) if waits else []
    return answer(call, "\n".join(lines) + "\n", body, exit=exit, next=next_)


def _pushing(order: Order, selection: Sequence[str]) -> list[list[str]]:
    """The same call, and it pushes: of the same repositories, from the same branch.

    None where values stand in the command: one may be a secret, and a report repeats none.
    """
    if order.shown != order.words:
        return []
    named = ["--branch", order.branch] if order.branch else []
    named += ["--message", order.message] if order.message else []
    return [["registry", "fleet", "exec", *selection, *named, "--push", "--", "registry", *order.words]]


def _lines(done: Executed, width: int) -> list[str]:
    what = [f"{visible(done.branch)} at {done.commit[:12]}"] if done.commit else []
    if done.files:
        entries = f"{done.changes:,} {'entry' if done.changes == 1 else 'entries'}, " if done.changes else ""
        what.append(f"{entries}{len(done.files):,} file{'' if len(done.files) == 1 else 's'}")
    what += ["pushed"] if done.pushed else []
    what += [visible(done.why)] if done.why else []
    head = f"{done.outcome:12} {visible(done.name):{width}}  {': '.join(what)}".rstrip()
    return [head, *(f"{'':12} {'':{width}}  note: {visible(note)}" for note in done.notes)]


def _to_json(done: Executed) -> dict[str, Json]:
    return {
        "name": done.name,
        "outcome": done.outcome.replace(" ", "_"),
        "why": done.why or None,
        "branch": done.branch or None,
        "commit": done.commit or None,
        "base": done.base or None,
        "repository": done.where or None,
        "changes": done.changes,
        "files": list(done.files),
        "pushed": done.pushed,
        "notes": list(done.notes),
    }
