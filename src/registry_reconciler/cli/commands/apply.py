"""``registry apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from registry_reconciler.cli.addresses import require_known
from registry_reconciler.cli.asking import answered_yes
from registry_reconciler.cli.common import Call, quick_planning_of, warn
from registry_reconciler.cli.options import Brief, Catalog, PlanScope, Reporting
from registry_reconciler.cli.output import put, say, stdin_is_terminal
from registry_reconciler.cli.plans import ReportExtras, report_plan
from registry_reconciler.cli.waiting import waiting
from registry_reconciler.errors import Blocked, CannotAsk, Declined, InterruptedApply, UsageFailure
from registry_reconciler.model.plan import Plan, PlanOptions

if TYPE_CHECKING:
    from registry_reconciler.apply import RecoverResult
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.report.saved_plan import SavedPlan
    from registry_reconciler.workspace import ApplyResult, Workspace

EXAMPLE = """\
  registry apply --yes

  route: 1 to update
    ~ route/api.errors  (its fragment changed)
        modules/routes/api.yaml from desired/docs.yaml:12:5
        ~ topic: "errors" → "faults"

  Plan: 1 to update.
  Applied: 1 to update.
    wrote .system/registry/history/20261120T091244031542Z-0a1b2c3d4e5f.json
    wrote .system/registry/state/docs-0d9f6a3c51be.state
    wrote modules/routes/api.yaml
"""


def command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A plan that 'registry plan --out' saved.", show_default=False),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect", metavar="PLAN_ID", help="Apply only if the plan has this id, without asking."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    brief: Brief = False,
    catalog: Catalog = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Compare with ruamel.yaml, jsonschema and deepdiff first; write nothing if one of them disagrees.",
        ),
    ] = False,
    *,
    selection: PlanScope,
    reporting: Reporting,
) -> int:
    """Make the registries what the fragments say: all of it or nothing.

    Plans, shows the plan, asks, and applies. With FILE or --expect it applies exactly what
    was reviewed, or nothing.
    """
    call = replace(reporting.brief_call("apply", brief), catalog=catalog)
    options = selection.options()
    saved = _saved(file, options, expect) if file is not None else None
    workspace = call.workspace()
    applying = _Applying(call, workspace, verify=verify)
    if saved is not None:
        return applying.saved(saved)
    if expect is not None:
        return applying.expected(options, expect)
    return applying.asked(options, yes)


def _saved(file: Path, options: PlanOptions, expect: str | None) -> SavedPlan:
    from registry_reconciler.cli.named import read_named
    from registry_reconciler.report.saved_plan import read_saved_plan

    if options != PlanOptions() or expect is not None:
        raise UsageFailure("a saved plan has its own options: leave the others out, or plan again")
    make = (("registry", "plan", "--out", str(file)),)
    return read_saved_plan(read_named(file, make=make))


def _require_catalogue(saved: SavedPlan, plan: Plan) -> None:
    """What was judged against a catalogue is not applied without one: nobody would see what is missing there now."""
    from registry_reconciler.model.fleet_view import CATALOG_INPUT

    if CATALOG_INPUT in saved.inputs and CATALOG_INPUT not in plan.inputs:
        raise UsageFailure(
            "the saved plan was judged against a catalogue of the fleet: name it again, with --catalog URL"
        )


class _Applying:
    """One apply: where it reports to, and what it found to recover."""

    def __init__(self, call: Call, workspace: Workspace, *, verify: bool) -> None:
        self.call = call
        self.verify = verify
        self.workspace = workspace
        self.recovered: RecoverResult | None = None

    def saved(self, saved: SavedPlan) -> int:
        """Apply the plan that a file names, made anew and found the same."""
        from registry_reconciler.report.saved_plan import require_same

        planning = self._planning(saved.options)
        _require_catalogue(saved, planning.plan)
        require_same(saved, planning.plan)
        return (
            self._blocked(planning.plan) if not planning.plan.applicable else self._carry_out(planning.plan)
        )

    def expected(self, options: PlanOptions, plan_id: str | None) -> int:
        """Plan and apply under one lock, if the plan has this id."""
        shown_plans: list[Plan] = []
        try:
            with waiting() as line:

                def show(plan: Plan) -> None:
                    # Before anything is written; again only where somebody edited a file in between.
                    if self.call.format == "text" and (
                        not shown_plans or shown_plans[-1].plan_id != plan.plan_id
                    ):
                        shown_plans.append(plan)
                        line.clear()
                        self._report(plan, ReportExtras(0))

                result = self.workspace.apply_now(options, expect=plan_id, show=show, verify=self.verify)
        except Blocked as blocked:
            if blocked.plan is None:
                raise
            return self._blocked(blocked.plan)
        return self._done(result, shown=bool(shown_plans))

    def asked(self, options: PlanOptions, yes: bool) -> int:
        """Plan, show, ask, apply."""
        if yes and not (options.target or options.exclude or options.adopt or options.overwrite):
            # Nobody looks at the plan before it is made under the lock, and no pattern has to be known.
            return self.expected(options, None)
        planning = self._planning(options)
        require_known(planning, (*options.target, *options.exclude, *options.adopt, *options.overwrite))
        plan = planning.plan
        if not plan.applicable:
            return self._blocked(plan)
        if plan.empty:
            return self._carry_out(plan)
        if yes:
            if self.call.format == "text":
                self._report(plan, ReportExtras(0))
            return self._carry_out(plan, shown=True)
        if not stdin_is_terminal():
            return self._cannot_ask(plan)
        if self.call.format == "text":
            self._report(plan, ReportExtras(0))
        if not answered_yes(plan):
            raise Declined("nothing was written: the answer was no")
        return self._carry_out(plan, shown=True)

    def _planning(self, options: PlanOptions) -> Planning:
        try:
            return quick_planning_of(self.workspace, options)
        except InterruptedApply:
            # An apply is about to take the lock anyway; others are told to run `registry recover`.
            self.recovered = self.workspace.recover()
            return quick_planning_of(self.workspace, options)

    def _carry_out(self, plan: Plan, *, shown: bool = False) -> int:
        with waiting():
            result = self.workspace.apply(plan, verify=self.verify)
        return self._done(result, shown=shown)

    def _report(self, plan: Plan, shown: ReportExtras) -> None:
        report_plan(self.call, plan, shown, self.workspace.root)

    def _blocked(self, plan: Plan) -> int:
        failure = Blocked(f"nothing was written: {len(plan.blocking):,} blocking", plan=plan)
        self._report(plan, ReportExtras(3, errors=[_error(failure)], extra=_applied(None, self.recovered)))
        return 3

    def _cannot_ask(self, plan: Plan) -> int:
        expect = ("registry", "apply", *_typed(plan.options), "--expect", plan.plan_id)
        failure = CannotAsk(
            "nothing was written: a question has to be asked, and there is no terminal. "
            "Add --yes, or --expect with the id of the plan that was reviewed"
        )
        extra = _applied(None, self.recovered)
        self._report(
            plan, ReportExtras(failure.exit_code, errors=[_error(failure)], next=[expect], extra=extra)
        )
        say(f"registry apply: {failure.message}")
        return failure.exit_code

    def _done(self, result: ApplyResult, *, shown: bool = False) -> int:
        recovered = result.recovered or self.recovered
        if self.call.format != "text" or not shown:
            self._report(result.plan, ReportExtras(0, next=[], extra=_applied(result, recovered)))
        if self.call.format in ("text", "brief"):
            put("\n".join(_receipt(self.call, result, recovered)) + "\n")
        warn(result.warnings)
        return 0


def _receipt(call: Call, result: ApplyResult, recovered: RecoverResult | None) -> list[str]:
    from registry_reconciler.report.words import summary_line, written_lines

    lines = [_recovery(recovered)] if recovered is not None else []
    if not result.written:
        return [*lines, "Nothing to do: nothing was written."]
    what = summary_line(result.plan)
    if call.format == "brief":
        files = f"{len(result.written):,} file{'' if len(result.written) == 1 else 's'}"
        return [*lines, f"applied: {what}; wrote {files}"]
    return [*lines, f"Applied: {what}.", *written_lines(result.written, full=call.full)]


def _recovery(result: RecoverResult) -> str:
    word = "finished" if result.direction == "forward" else "undone"
    return f"An interrupted apply was found first and {word}."


def _applied(result: ApplyResult | None, recovered: RecoverResult | None) -> dict[str, object]:
    from registry_reconciler.cli.commands.recover import result_to_json

    return {
        "written": list(result.written) if result else [],
        "warnings": list(result.warnings) if result else [],
        "recovered": result_to_json(recovered) if recovered else None,
    }


def _error(failure: Blocked | CannotAsk) -> dict[str, object]:
    from registry_reconciler.model.plan_json import error_to_json

    return error_to_json(failure)


def _typed(options: PlanOptions) -> tuple[str, ...]:
    from registry_reconciler.model.plan_json import option_arguments

    return option_arguments(options)
