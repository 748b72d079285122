"""``registry diff``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.commands.plan import exit_code
from registry_reconciler.cli.options import DetailedExitCode, NoCheck, Reporting
from registry_reconciler.cli.plans import ReportExtras, report_plan

EXAMPLE = """\
  registry diff v1.0 v1.1

  Compared with v1.0 (1f2e3d4c5b6a)

  route: 1 to update
    ~ route/api.errors  (its fragment changed)
        ~ topic: "errors" → "faults"
        affects ability_high/docs.refresh
  Review: 1 to update.
"""


def command(
    old: Annotated[str, typer.Argument(metavar="REV", help="A revision of git, or A..B or A...B as in git.")],
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="[REV]",
            help="The revision to compare with it; the working tree by default.",
            show_default=False,
        ),
    ] = None,
    detailed_exitcode: DetailedExitCode = False,
    no_check: NoCheck = False,
    *,
    reporting: Reporting,
) -> int:
    """Compare what two revisions say should be registered.

    Shows the entries and fields that differ, problems that are introduced, fixed or were there
    before, and the entries that depend on a changed one. 'registry plan --base REV' compares the
    working tree with the commit where it left REV.
    """
    from registry_reconciler.queries.review import review_revisions, review_since

    call = reporting.call("diff")
    workspace = call.workspace()
    if new is None and "..." in old:
        since, _, new = old.partition("...")
        review = review_since(workspace, since or "HEAD", new or "HEAD", no_check=no_check)
    else:
        if new is None and ".." in old:
            old, new = (part or "HEAD" for part in old.split("..", 1))
        review = review_revisions(workspace, old, new, no_check=no_check)
    shown = ReportExtras(exit_code(review.plan, detailed_exitcode), base=review.base, extra=review.extra)
    report_plan(call, review.plan, shown, workspace.root)
    return shown.exit
