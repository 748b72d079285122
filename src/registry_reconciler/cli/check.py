"""``registry check``."""

from __future__ import annotations

from typing import Annotated, Literal

from registry_reconciler.cli.common import (
    LOCK_TIMEOUT,
    Full,
    Label,
    LockTimeout,
    MaxBytes,
    NoCache,
    NoColor,
    PlanFormat,
    Reports,
    Root,
    Width,
    make_call,
    quick_planning_of,
    with_terminal,
)
from registry_reconciler.cli.ending import keep_until_the_end
from registry_reconciler.cli.options import Argument, Option
from registry_reconciler.cli.plans import PLAN_FORMATS, Shown, report_plan
from registry_reconciler.plan import Plan
from registry_reconciler.problems import Severity

EXAMPLE = """\
  registry check --fail-on warning

  error REF001 desired/docs.yaml:13:16 route/api.errors
    There is no module_instance 'payments.ap'. Did you mean 'payments.api'?
    fix: Correct the id, or declare the entry that is missing.

  Check: 1 error.
"""


def command(
    files: Annotated[
        list[str] | None,
        Argument(
            metavar="[FILES]...", help="Ignored: pre-commit names the files that changed.", show_default=False
        ),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning"],
        Option("--fail-on", help="The least severity that makes it exit 3."),
    ] = "error",
    max_bytes: MaxBytes = None,
    label: Label = "",
    root: Root = None,
    format: PlanFormat = "text",
    report: Reports = None,
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
    width: Width = None,
    full: Full = False,
    no_color: NoColor = False,
    no_cache: NoCache = False,
) -> int:
    """Show problems only, of the whole workspace as it would be after apply."""
    del files  # One change can break an entry in any other file.
    call = make_call(
        "check", root=root, format=format, report=report, lock_timeout=lock_timeout, formats=PLAN_FORMATS
    )
    call = with_terminal(call, width, full, no_color)
    workspace = call.workspace()
    planning = quick_planning_of(call, workspace, cached=not no_cache)
    keep_until_the_end(planning)
    plan = planning.plan
    shown = Shown(exit_code(plan, fail_on))
    report_plan(call, plan, shown, workspace.root, label=label, max_bytes=max_bytes)
    return shown.exit


def exit_code(plan: Plan, fail_on: str) -> int:
    """3 when something stands that is at least as bad as ``fail_on``."""
    warned = fail_on == "warning" and plan.count_problems(Severity.WARNING)
    return 3 if warned else plan.exit_code
