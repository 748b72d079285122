"""``registry diff``."""

from __future__ import annotations

from typing import Annotated

from registry_reconciler.cli.common import (
    LOCK_TIMEOUT,
    Full,
    Label,
    LockTimeout,
    MaxBytes,
    NoCheck,
    NoColor,
    PlanFormat,
    Reports,
    Root,
    Width,
    make_call,
    with_terminal,
)
from registry_reconciler.cli.options import Argument, Option
from registry_reconciler.cli.plan import exit_code
from registry_reconciler.cli.plans import PLAN_FORMATS, Shown, report_plan

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
    old: Annotated[str, Argument(metavar="REV", help="A revision that git knows.")],
    new: Annotated[
        str | None,
        Argument(metavar="[REV]", help="Another one; the working tree by default.", show_default=False),
    ] = None,
    detailed_exitcode: Annotated[
        bool, Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
    no_check: NoCheck = False,
    max_bytes: MaxBytes = None,
    label: Label = "",
    root: Root = None,
    format: PlanFormat = "text",
    report: Reports = None,
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
    width: Width = None,
    full: Full = False,
    no_color: NoColor = False,
) -> int:
    """Compare what two revisions say should be registered.

    Entries and fields, problems introduced, fixed and there already, and who depends on what changed.
    'registry plan --base REV' compares the working tree with the commit where it left REV.
    """
    from registry_reconciler.review import review_revisions

    call = make_call(
        "diff", root=root, format=format, report=report, lock_timeout=lock_timeout, formats=PLAN_FORMATS
    )
    call = with_terminal(call, width, full, no_color)
    workspace = call.workspace()
    review = review_revisions(workspace, old, new, no_check=no_check)
    shown = Shown(exit_code(review.plan, detailed_exitcode), base=review.base, extra=review.extra)
    report_plan(call, review.plan, shown, workspace.root, label=label, max_bytes=max_bytes)
    return shown.exit
