"""``registry fix``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import Call, answer, planning_of, warn
from registry_reconciler.cli.options import Diff, Shared
from registry_reconciler.cli.verbs import Going, carry_out
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.editing.verbs.set_fields import Assignment
    from registry_reconciler.model.problem import Problem, TextEdit
    from registry_reconciler.planning.choose_fixes import Fixing
    from registry_reconciler.planning.pipeline import Planning

EXAMPLE = """\
  registry fix --diff

  --- a/desired/route.yaml
  +++ b/desired/route.yaml
  @@ -3,3 +3,3 @@
  -    module_id: payments
  +    module_id: payments.api
  Would fix 1 problem:
    desired/route.yaml:4:16 REF002 route/api.errors
"""


def command(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE]...", help="Only problems with these codes.")
    ] = None,
    diff: Diff = False,
    unsafe: Annotated[
        bool,
        typer.Option("--unsafe", help="Also apply fixes that guess what was meant ('Did you mean ...')."),
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Set a field in every entry that has a problem with CODE, or, without CODE, that lacks the field.",
        ),
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="For agents: one line for each problem, and no patches.")
    ] = False,
    *,
    shared: Shared,
) -> int:
    """Apply the safe fixes to fragments, and show the others as patches.

    A safe fix never changes the key of an entry. For a kind with truth: live the registry file
    itself is fixed.
    """
    from registry_reconciler.editing.amend import write_fragments
    from registry_reconciler.editing.verbs import fixing_entries
    from registry_reconciler.model.plan_json import problem_to_json
    from registry_reconciler.planning.choose_fixes import choose_fixes

    call = shared.call("fix")
    codes = [code.upper() for code in codes or ()]
    if set_:
        return _set_everywhere(call, codes, set_, Going(dry_run=diff))
    workspace = call.workspace()
    planning = planning_of(workspace)
    fixing = choose_fixes(planning, codes, unsafe=unsafe)
    written: tuple[str, ...] = ()
    if fixing.fixed and not diff:
        draft = fixing_entries(fixing.edits, fixing.live)
        amendment = write_fragments(workspace, draft, command="registry fix")
        written = amendment.written
        warn(amendment.warnings)
    body: dict[str, Json] = {
        "fixed": [problem_to_json(problem) for problem in fixing.fixed],
        "patches": [
            {"problem": problem_to_json(problem), "diff": _patch(planning, edits)}
            for problem, edits in fixing.patches
        ],
        "manual": [problem_to_json(problem) for problem in fixing.manual],
        "later": [problem_to_json(problem) for problem in fixing.later],
        "written": list(written),
    }
    if diff:
        body["diff"] = _diff(planning, fixing)
    typed = ["registry", "fix", *codes, *(["--unsafe"] if unsafe else [])]
    next_ = [typed] if fixing.later or (diff and fixing.fixed) else [["registry", "plan"]]
    if not unsafe and fixing.patches:
        next_.append(["registry", "fix", *codes, "--unsafe", "--diff"])
    text = _brief(fixing, diff) if brief else _text(planning, fixing, diff)
    return answer(call, text, body, next=next_)


def _set_everywhere(call: Call, codes: Sequence[str], fields: Sequence[str], going: Going) -> int:
    """One field for many: every entry that has a problem with one of the codes."""
    from registry_reconciler.editing.verbs import parse_assignments, setting_everywhere
    from registry_reconciler.planning.choose_fixes import standing_of

    assignments = parse_assignments(fields)
    if not codes:
        return _set_where_asked(call, assignments, fields, going)
    problems = standing_of(planning_of(call.workspace()), codes)
    addresses = sorted({problem.address for problem in problems if problem.address})
    if not addresses:
        return answer(
            call, f"No entry has a problem {' or '.join(codes)}.\n", {"applied": False, "written": []}
        )
    words = ["fix", *codes, *(word for field in fields for word in ("--set", field))]
    return carry_out(call, setting_everywhere(addresses, assignments), going, words)


def _set_where_asked(
    call: Call, assignments: Sequence[Assignment], fields: Sequence[str], going: Going
) -> int:
    """One field for all entries that lack it, or that have a problem with it; no other is touched."""
    from registry_reconciler.editing.verbs.mend_fields import concerned, mending

    found = concerned(planning_of(call.workspace()).plan.problems, assignments)
    if not found:
        return answer(call, "No entry has a problem with that.\n", {"applied": False, "written": []})
    words = ["fix", *(word for field in fields for word in ("--set", field))]
    return carry_out(
        call, mending([(problem.address, changes) for problem, changes in found.items()]), going, words
    )


def _brief(fixing: Fixing, dry: bool) -> str:
    lines = [f"{'would fix' if dry else 'fixed'} {_count(len(fixing.fixed))}"]
    lines += [_line(problem) for problem in fixing.fixed[:_BRIEF_SHOWN]]
    rest = [*fixing.later, *(problem for problem, _ in fixing.patches), *fixing.manual]
    lines += [f"left {_count(len(rest))}"] if rest else []
    for problem in rest[:_BRIEF_SHOWN]:
        lines += [f"{_line(problem)} {_cut(visible(problem.message_beside()))}"]
    more = max(len(fixing.fixed) - _BRIEF_SHOWN, 0) + max(len(rest) - _BRIEF_SHOWN, 0)
    lines += [f"... and {more:,} more"] if more else []
    blocked = dry or any(problem.blocking for problem in rest)
    again = "fix" if fixing.later and not dry else "plan"
    lines.append(f"next: registry {again if blocked or fixing.later else 'apply --yes'} --brief")
    return "\n".join(lines) + "\n"


def _cut(text: str) -> str:
    return text if len(text) <= _BRIEF_WIDTH else text[: _BRIEF_WIDTH - 1] + "…"


_BRIEF_SHOWN = 10
_BRIEF_WIDTH = 120


def _diff(planning: Planning, fixing: Fixing) -> str:
    files = planning.loaded.files
    changed = ((edit.path, files[edit.path].data or b"", edit.content) for edit in fixing.edits)
    from registry_reconciler.planning.fixes import edits_for

    live = [edit for problem in fixing.live for edit in edits_for(planning, problem)]
    return "".join(_unified(planning, *change) for change in changed) + (
        _patch(planning, tuple(live)) if live else ""
    )


def _unified(planning: Planning, path: str, old: bytes, new: bytes) -> str:
    from registry_reconciler.base.text_diff import unified
    from registry_reconciler.planning.masked_text import Hider

    hider = Hider(planning.loaded)
    return unified(path, hider.without(path, old), hider.without(path, new))


def _patch(planning: Planning, edits: tuple[TextEdit, ...]) -> str:
    from registry_reconciler.planning.fixes import apply_edits

    by_file: dict[str, list[TextEdit]] = {}
    for edit in edits:
        by_file.setdefault(edit.path, []).append(edit)
    parts = []
    for path, mine in sorted(by_file.items()):
        old = planning.loaded.files[path].data or b""
        parts.append(_unified(planning, path, old, apply_edits(old, mine)))
    return "".join(parts)


def _text(planning: Planning, fixing: Fixing, dry: bool) -> str:
    lines: list[str] = []
    if fixing.fixed:
        lines += _diff(planning, fixing).splitlines() if dry else []
        lines.append(f"{'Would fix' if dry else 'Fixed'} {_count(len(fixing.fixed))}:")
        lines += [_line(problem) for problem in fixing.fixed]
    else:
        lines.append("No problem has a fix that is safe to make here.")
    if fixing.later:
        lines.append(
            f"For the next run, since another fix is made in the same place, {_count(len(fixing.later))}:"
        )
        lines += [_line(problem) for problem in fixing.later]
    if fixing.patches:
        lines.append(f"A person has to look at {_count(len(fixing.patches))}:")
        for problem, edits in fixing.patches:
            lines += [_line(problem), *_advice(problem), *_patch(planning, edits).splitlines()]
    if fixing.manual:
        lines.append(f"To be done by hand, {_count(len(fixing.manual))}:")
        for problem in fixing.manual:
            lines += [_line(problem), *_advice(problem)]
    return "\n".join(lines) + "\n"


def _count(number: int) -> str:
    return f"{number:,} problem{'' if number == 1 else 's'}"


def _line(problem: Problem) -> str:
    return f"  {visible(problem.where())} {problem.code} {visible(problem.address)}".rstrip()


def _advice(problem: Problem) -> list[str]:
    lines = [f"    {visible(problem.message_beside())}"]
    if problem.fix is not None:
        lines.append(f"    fix: {visible(problem.fix.description)}")
    return lines
