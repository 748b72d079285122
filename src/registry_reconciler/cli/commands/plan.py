"""``registry plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from registry_reconciler.cli.addresses import require_known
from registry_reconciler.cli.common import Call, quick_planning_of
from registry_reconciler.cli.ending import keep_until_the_end
from registry_reconciler.cli.options import Brief, Catalog, DetailedExitCode, NoCache, PlanScope, Reporting
from registry_reconciler.cli.output import write_file
from registry_reconciler.cli.plans import ReportExtras, report_plan
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.plan import Plan, PlanOptions

EXAMPLE = """\
  registry plan --target 'route/*' --report json=plan.json

  route: 1 to update
    ~ route/api.errors  (its fragment changed)
        modules/routes/api.yaml from desired/docs.yaml:12:5
        ~ topic: "errors" → "faults"

  Plan: 1 to update.
  Next: registry apply --target 'route/*'
"""


def command(
    selection: PlanScope,
    detailed_exitcode: DetailedExitCode = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan, for 'registry apply FILE'.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base", metavar="REV", help="Review: compare with the commit where this branch left REV."
        ),
    ] = None,
    brief: Brief = False,
    catalog: Catalog = None,
    *,
    reporting: Reporting,
    no_cache: NoCache = False,
) -> int:
    """Show what apply would do, and every problem.

    Writes nothing. PATTERN is an address (kind/key) or a glob (route/api.*).
    """
    if brief and reporting.format != "text":
        raise UsageFailure("--brief and --format cannot be combined: leave one of them out")
    call = replace(reporting.call("plan", brief=brief), catalog=catalog)
    options = selection.options()
    if base is not None:
        return _review(call, options, base, out, detailed_exitcode)
    workspace = call.workspace()
    planning = quick_planning_of(workspace, options, cached=not no_cache, contents=call.shows_files)
    keep_until_the_end(planning)
    require_known(planning, (*options.target, *options.exclude, *options.adopt, *options.overwrite))
    plan = planning.plan
    if out is not None:
        from registry_reconciler.report.saved_plan import saved_plan

        write_file(out, saved_plan(plan))
    shown = ReportExtras(exit_code(plan, detailed_exitcode))
    report_plan(call, plan, shown, workspace.root)
    return shown.exit


def exit_code(plan: Plan, detailed: bool) -> int:
    """What blocks comes before that there is something to do."""
    return plan.exit_code or (2 if detailed and plan.pending else 0)


def _review(
    call: Call,
    options: PlanOptions,
    base: str,
    out: Path | None,
    detailed: bool,
) -> int:
    from registry_reconciler.queries.review import review_base

    if out is not None:
        raise UsageFailure(
            "a review cannot be applied, so --out has nothing to save: leave out --base or --out"
        )
    if options.target or options.exclude or options.adopt or options.overwrite:
        raise UsageFailure(
            "--base compares everything: leave out --target, --exclude, --adopt and --overwrite"
        )
    workspace = call.workspace()
    review = review_base(workspace, base, no_check=options.no_check)
    shown = ReportExtras(exit_code(review.plan, detailed), base=review.base, extra=review.extra)
    report_plan(call, review.plan, shown, workspace.root)
    return shown.exit
