"""What the verbs share (``set``, ``rename``, ``rm``, ``edit``): plan the edit, show it, ask, write, and say so."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from registry_reconciler.base.first_few import first_few
from registry_reconciler.cli.common import Call, answer, warn
from registry_reconciler.cli.options import DryRun, NoCheck
from registry_reconciler.cli.plans import plan_as_text
from registry_reconciler.cli.waiting import waiting
from registry_reconciler.errors import Blocked, Declined, UsageFailure
from registry_reconciler.model.change import Action
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

    def asks(self, call: Call) -> bool:
        """Whether a person has to say yes before anything is applied."""
        from registry_reconciler.cli.output import stdin_is_terminal

        return self.apply and not self.yes and call.format == "text" and stdin_is_terminal()


def carry_out(
    call: Call, draft: Draft, going: Going, words: Sequence[str], *, allow_mass_delete: bool = False
) -> int:
    """Do what a verb asks for, and answer.

    Args:
        words: the verb and its arguments as typed, to say how to go on.
        allow_mass_delete: as ``apply`` has it, for the plan that follows.
    """
    going.require()
    workspace = call.workspace()
    try:
        options = PlanOptions(no_check=going.no_check, allow_mass_delete=allow_mass_delete)
        amendment = _done(call, workspace, draft, going, options)
    except Blocked as blocked:
        if blocked.plan is None:
            raise
        return _blocked(call, blocked, blocked.plan)
    if going.dry_run:
        return foreseen(call, amendment, words)
    return _written(call, workspace, amendment, applied=going.apply)


def _done(call: Call, workspace: Workspace, draft: Draft, going: Going, options: PlanOptions) -> Amendment:
    from registry_reconciler.editing.amend import foresee, preview, write_and_apply, write_fragments
    from registry_reconciler.files.tree import DiskTree

    command = f"registry {call.command}"
    with waiting():
        if going.dry_run:
            return preview(DiskTree(workspace.root), draft, options)
        if not going.apply:
            return write_fragments(workspace, draft, command=command, options=options)
        if not going.asks(call):
            return write_and_apply(workspace, draft, options, command=command)
        amendment, _ = foresee(DiskTree(workspace.root), draft, options)
    plan = amendment.plan
    assert plan is not None
    if not plan.applicable:
        raise Blocked("nothing was written", plan=plan)
    if plan.empty and not amendment.edits:
        return amendment
    ask(call, amendment, plan)
    return write_and_apply(workspace, draft, options, command=command, expect=plan.plan_id)


def ask(call: Call, amendment: Amendment, plan: Plan) -> None:
    """Show what would be done, and ask. Raises :class:`~registry_reconciler.errors.Declined` at a no."""
    from registry_reconciler.cli.asking import answered_yes
    from registry_reconciler.cli.output import put

    put("".join(_edited_diff(amendment)) + plan_as_text(call, plan, "apply"))
    if not answered_yes(plan):
        raise Declined("nothing was written: the answer was no")


def _left_behind(root: Path, amendment: Amendment, plan: Plan) -> list[str]:
    """What stays in the folder of an entry whose file went from there: a skill is often more than one file."""
    from registry_reconciler.layouts import LAYOUTS

    notes = []
    loaded = amendment.loaded
    for change in plan.changes:
        kind = loaded.kinds.get(change.kind) if loaded is not None else None
        if kind is None or not LAYOUTS[kind.layout].one_a_file or change.live is None:
            continue
        moved = change.action is Action.MOVE and change.file != change.live.file
        if not moved and change.action is not Action.DELETE:
            continue
        folder, _, name = change.live.file.rpartition("/")
        if "{" not in kind.file.text.rpartition("/")[0].rpartition("/")[2]:
            continue
        try:
            rest = sorted(item for item in os.listdir(root / folder) if item != name)
        except OSError:
            continue
        if rest:
            shown = first_few(rest, 3)
            to = (
                f"git mv {quote(folder)}/* {quote(change.file.rpartition('/')[0])}/"
                if moved
                else f"git rm -r {quote(folder)}"
            )
            notes.append(
                f"{folder}/ still holds {shown}: not of the registry, so it stays. If it belongs along: {to}"
            )
    return notes


def _written(call: Call, workspace: Workspace, amendment: Amendment, *, applied: bool) -> int:
    from registry_reconciler.model.plan_json import next_commands

    plan = amendment.plan
    assert plan is not None
    rest = plan if applied else _rest(workspace, amendment, plan)
    next_ = () if applied else next_commands(rest, rest.plan_id)
    text = "".join(_text(call, amendment, plan, rest, applied=applied))
    warn((*amendment.warnings, *amendment.notes, *_left_behind(workspace.root, amendment, plan)))
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
    from registry_reconciler.report.words import written_lines

    yield from (f"{line}\n" for line in written_lines(amendment.written, full=call.full))
    if not applied and (amendment.edits or rest.changes):
        yield "\n" + plan_as_text(call, rest, "plan")


def foreseen(call: Call, amendment: Amendment, words: Sequence[str]) -> int:
    """The answer of ``--dry-run``."""
    from registry_reconciler.cli.typed_secrets import holds_secret

    plan = amendment.plan
    assert plan is not None
    blocks = any(problem.blocking for problem in amendment.introduced)
    warn((*amendment.notes, *_left_behind(call.workspace().root, amendment, plan)))
    if not amendment.edits and not plan.changes and not blocks:
        return answer(call, "Nothing to do: it is so already.\n", _body(call, amendment, plan, applied=False))
    text = "".join(_edited_diff(amendment)) + plan_as_text(call, plan, "apply")
    body = _body(call, amendment, plan, applied=False)
    secret = not blocks and holds_secret(amendment, words)
    next_ = [] if blocks or secret else [["registry", *words]]
    text += "Nothing was written: --dry-run.\n" + next_lines(next_)
    text += "Next: the same without --dry-run; it is not repeated, as it says a secret.\n" if secret else ""
    return answer(call, text, body, exit=3 if blocks else 0, next=next_)


def _blocked(call: Call, blocked: Blocked, plan: Plan) -> int:
    from registry_reconciler.model.plan_json import error_to_json, next_commands

    body = {**_plan_body(call, plan), "applied": False, "written": []}
    explains = [
        next_command for next_command in next_commands(plan, None) if next_command[1] in ("explain", "adopt")
    ]
    text = plan_as_text(call, plan, "apply") + "Nothing was written.\n" + next_lines(explains)
    return answer(call, text, body, exit=3, next=explains, errors=[error_to_json(blocked)])


def next_lines(commands: Sequence[Sequence[str]]) -> str:
    """What to type next, a line each."""
    from registry_reconciler.report.words import command_line

    return "".join(
        ("      " if number else "Next: ") + command_line(command) + "\n"
        for number, command in enumerate(commands[:3])
    )


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
