"""``registry check``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from msgspec.structs import replace

from registry_reconciler.cli.common import quick_planning_of
from registry_reconciler.cli.ending import keep_until_the_end
from registry_reconciler.cli.options import Brief, Catalog, NoCache, Reporting
from registry_reconciler.cli.plans import ReportExtras, report_plan
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.problem import Severity

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
        typer.Argument(
            metavar="[FILES]...",
            help="Ignored; pre-commit passes the files that changed.",
            show_default=False,
        ),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning"],
        typer.Option("--fail-on", help="Exit 3 if there is a problem of this severity or above."),
    ] = "error",
    brief: Brief = False,
    catalog: Catalog = None,
    *,
    reporting: Reporting,
    no_cache: NoCache = False,
) -> int:
    """Show problems only, of the whole workspace as it would be after apply."""
    del files  # One change can break an entry in any other file.
    call = replace(reporting.brief_call("check", brief), catalog=catalog)
    workspace = call.workspace()
    planning = quick_planning_of(workspace, cached=not no_cache, contents=call.shows_files)
    keep_until_the_end(planning)
    plan = planning.plan.checked()
    shown = ReportExtras(exit_code(plan, fail_on))
    report_plan(call, plan, shown, workspace.root)
    return shown.exit


def exit_code(plan: Plan, fail_on: str) -> int:
    """3 when something stands that is at least as bad as ``fail_on``."""
    warned = fail_on == "warning" and plan.count_problems(Severity.WARNING)
    unread = any(problem.aside for problem in plan.problems)
    return 3 if warned or unread else plan.exit_code
