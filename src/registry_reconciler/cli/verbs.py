"""What the verbs share (``set``, ``rename``, ``rm``, ``edit``): plan the edit, show it, ask, write, and say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import Call, answer, warn
from registry_reconciler.cli.options import DryRun, NoCheck
from registry_reconciler.cli.plans import plan_as_text
from registry_reconciler.cli.waiting import waiting
from registry_reconciler.errors import Blocked, Declined, UsageFailure
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import PlanOptions

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Amendment, Draft
    from registry_reconciler.model.plan import Plan
    from registry_reconciler.workspace import Workspace

Apply = Annotated[bool, typer.Option("--apply", help="Apply the edit too, in the same step.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="With --apply: do not ask.")]


class Going(Struct, frozen=True):
    """How far a verb goes."""

    apply: Apply = False
    yes: Yes = False
    dry_run: DryRun = False
    no_check: NoCheck = False

    def require(self) -> None:
        """Raise where the options contradict each other."""
        if self.dry_run and self.apply:
            raise UsageFailure("--dry-run writes nothing, and --apply writes: leave one of them out.")


def carry_out(call: Call, draft: Draft, going: Going, words: Sequence[str]) -> int:
    """Do what a verb asks for, and answer.

    Args:
        words: the verb and its arguments as typed, to say how to go on.
    """
    going.require()
    workspace = call.workspace()
    try:
        amendment = _done(call, workspace, draft, going)
    except Blocked as blocked:
        if blocked.plan is None:
            raise
        return _blocked(call, blocked, blocked.plan)
    if going.dry_run:
        return _foreseen(call, amendment, words)
    return _written(call, workspace, amendment, applied=going.apply)


def _done(call: Call, workspace: Workspace, draft: Draft, going: Going) -> Amendment:
    from registry_reconciler.cli.output import put, stdin_is_terminal
    from registry_reconciler.editing.amend import foresee, preview, write_and_apply, write_fragments
    from registry_reconciler.files.tree import DiskTree

    options = PlanOptions(no_check=going.no_check)
    command = f"registry {call.command}"
    with waiting():
        if going.dry_run:
            return preview(DiskTree(workspace.root), draft, options)
        if not going.apply:
            return write_fragments(workspace, draft, command=command, options=options)
        if going.yes or not stdin_is_terminal() or call.format != "text":
            return write_and_apply(workspace, draft, options, command=command)
        foreseen, _ = foresee(DiskTree(workspace.root), draft, options)
    plan = foreseen.plan
    assert plan is not None
    if not plan.applicable:
        raise Blocked("nothing was written", plan=plan)
    if plan.empty and not foreseen.edits:
        return foreseen
    put("".join(_edited_diff(foreseen)) + plan_as_text(call, plan, "apply"))
    from registry_reconciler.cli.asking import answered_yes

    if not answered_yes(plan):
        raise Declined("nothing was written: the answer was no")
    return write_and_apply(workspace, draft, options, command=command, expect=plan.plan_id)


def _written(call: Call, workspace: Workspace, amendment: Amendment, *, applied: bool) -> int:
    from registry_reconciler.model.plan_json import next_commands

    plan = amendment.plan
    assert plan is not None
    rest = plan if applied else _rest(workspace, amendment, plan)
    next_ = () if applied else next_commands(rest, rest.plan_id)
    text = "".join(_text(call, amendment, plan, rest, applied=applied))
    warn((*amendment.warnings, *amendment.notes))
    return answer(call, text, _body(call, amendment, plan, applied=applied), next=next_)


def _text(call: Call, amendment: Amendment, plan: Plan, rest: Plan, *, applied: bool) -> Iterator[str]:
    if not amendment.written:
        yield "Nothing to do: it is so already.\n"
        return
    if applied:
        yield plan_as_text(call, plan, "apply")
        yield "Applied:\n"
    else:
        yield "".join(_edited_diff(amendment))
        live = _only_live(amendment, plan)
        yield plan_as_text(call, live, "apply") if live.changes else ""
    yield from (f"  wrote {visible(path)}\n" for path in amendment.written)
    if not applied and (amendment.edits or rest.changes):
        yield "\n" + plan_as_text(call, rest, "plan")


def _foreseen(call: Call, amendment: Amendment, words: Sequence[str]) -> int:
    plan = amendment.plan
    assert plan is not None
    blocks = any(problem.blocking for problem in amendment.introduced)
    warn(amendment.notes)
    if not amendment.edits and not plan.changes:
        return answer(call, "Nothing to do: it is so already.\n", _body(call, amendment, plan, applied=False))
    text = "".join(_edited_diff(amendment)) + plan_as_text(call, plan, "apply")
    text += "Nothing was written: --dry-run.\n"
    body = _body(call, amendment, plan, applied=False)
    next_ = [] if blocks else [["registry", *words]]
    return answer(call, text, body, exit=3 if blocks else 0, next=next_)


def _blocked(call: Call, blocked: Blocked, plan: Plan) -> int:
    from registry_reconciler.model.plan_json import error_to_json, next_commands

    text = plan_as_text(call, plan, "apply") + "Nothing was written.\n"
    body = {**_plan_body(call, plan), "applied": False, "written": []}
    explains = [
        next_command for next_command in next_commands(plan, None) if next_command[1] in ("explain", "adopt")
    ]
    return answer(call, text, body, exit=3, next=explains, errors=[error_to_json(blocked)])


def _live_addresses(amendment: Amendment) -> frozenset[str]:
    return frozenset(entry.address for entry in amendment.live)


def _rest(workspace: Workspace, amendment: Amendment, plan: Plan) -> Plan:
    """What is left to be applied, and no more: entries whose truth is live are written already."""
    from msgspec.structs import replace

    mine = _live_addresses(amendment)
    names = tuple(change.address for change in plan.changes if change.address not in mine)
    options = replace(plan.options, target=names)
    if amendment.live and names:
        return workspace.planning(options).plan
    return replace(
        plan, options=options, files=plan.files if names else (), changes=plan.changes if names else ()
    )


def _only_live(amendment: Amendment, plan: Plan) -> Plan:
    from msgspec.structs import replace

    mine = _live_addresses(amendment)
    return replace(
        plan,
        changes=tuple(change for change in plan.changes if change.address in mine),
        problems=(),
        notices=(),
        drift=(),
    )


def _edited_diff(amendment: Amendment) -> Iterator[str]:
    """What the edit does to fragments, as a diff; secrets are masked."""
    from registry_reconciler.base.text_diff import unified
    from registry_reconciler.planning.masked_text import Hider

    loaded = amendment.loaded
    if loaded is None or not amendment.edits:
        return
    hider = Hider(loaded)
    for edit in amendment.edits:
        source = loaded.fragments.files.get(edit.path)
        old = source.data if source is not None and source.data is not None else b""
        yield unified(edit.path, hider.without(edit.path, old), hider.without(edit.path, edit.content))


def _body(call: Call, amendment: Amendment, plan: Plan, *, applied: bool) -> dict[str, Json]:
    done = applied and bool(amendment.written)
    return {
        **_plan_body(call, plan),
        "diff": "".join(_edited_diff(amendment)),
        "notes": list(amendment.notes),
        "applied": done,
        "written": list(amendment.written),
    }


def _plan_body(call: Call, plan: Plan) -> dict[str, Json]:
    """The plan as far as it says what the edit does: an answer that an agent reads to the end."""
    from registry_reconciler.model.plan_json import plan_to_json

    data = plan_to_json(plan, command=call.command)
    return {name: data[name] for name in ("plan_id", "summary", "changes", "problems")}
