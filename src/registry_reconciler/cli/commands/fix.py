"""``registry fix``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import Call, answer, planning_of, warn
from registry_reconciler.cli.options import Diff, Shared
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.model.problem import Problem, TextEdit
    from registry_reconciler.planning.fixes import Fixing
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
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Give this value to all entries that have a problem with the field, or lack it; repeatable.",
        ),
    ] = None,
    diff: Diff = False,
    *,
    shared: Shared,
) -> int:
    """Apply the fixes that are safe, to fragments only; show the others as patches.

    With --set nothing else is fixed: a field that a schema asks for newly gets one value everywhere.
    """
    if set_:
        return _set(shared.call("fix"), set_, codes or (), dry=diff)
    from registry_reconciler.editing.amend import write_fragments
    from registry_reconciler.model.plan_json import problem_to_json
    from registry_reconciler.planning.fixes import choose_fixes

    call = shared.call("fix")
    workspace = call.workspace()
    planning = planning_of(call, workspace)
    fixing = choose_fixes(planning, codes or ())
    written: tuple[str, ...] = ()
    if fixing.edits and not diff:
        amendment = write_fragments(workspace, lambda _loaded: fixing.edits, command="registry fix")
        written = amendment.written
        warn(amendment.warnings)
    body: dict[str, Json] = {
        "fixed": [problem_to_json(one) for one in fixing.fixed],
        "patches": [
            {"problem": problem_to_json(one), "diff": _patch(planning, edits)}
            for one, edits in fixing.patches
        ],
        "manual": [problem_to_json(one) for one in fixing.manual],
        "written": list(written),
    }
    if diff:
        body["diff"] = _diff(planning, fixing)
    next_ = [["registry", "fix"]] if diff and fixing.edits else [["registry", "plan"]]
    return answer(call, _text(planning, fixing, diff), body, next=next_)


def _set(call: Call, words: list[str], codes: Sequence[str], *, dry: bool) -> int:
    from registry_reconciler.editing.amend import preview, write_fragments
    from registry_reconciler.editing.verbs.mend_fields import concerned, mending
    from registry_reconciler.editing.verbs.set_fields import parse_assignments
    from registry_reconciler.files.tree import DiskTree
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.model.plan_json import problem_to_json

    workspace = call.workspace()
    found = concerned(planning_of(call, workspace).plan.problems, parse_assignments(words), codes)
    left: list[str] = []
    draft = mending([(one.address, assignment) for one, assignment in found.items()], left)
    if dry or not found:
        written: tuple[str, ...] = ()
        if found:
            preview(DiskTree(workspace.root), draft, PlanOptions())
    else:
        amendment = write_fragments(workspace, draft, command="registry fix", options=PlanOptions())
        written = amendment.written
        warn(amendment.warnings)
    fixed = [one for one in found if one.address not in left]
    lines = [f"{'Would fix' if dry else 'Fixed'} {_count(len(fixed))}:", *map(_line, fixed)] if fixed else []
    if not found:
        lines.append("No entry has a problem with that.")
    if left:
        lines += [
            "Nobody manages these; adopt them first, or edit their registries:",
            *(f"  {visible(one)}" for one in left),
        ]
    body: dict[str, Json] = {
        "fixed": [problem_to_json(one) for one in fixed],
        "patches": [],
        "manual": [],
        "left": left,
        "written": list(written),
    }
    return answer(call, "\n".join(lines) + "\n", body, next=[["registry", "plan"]])


def _diff(planning: Planning, fixing: Fixing) -> str:
    files = planning.loaded.fragments.files
    changed = ((edit.path, files[edit.path].data or b"", edit.content) for edit in fixing.edits)
    return "".join(_unified(planning, *one) for one in changed)


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
        lines += [_line(one) for one in fixing.fixed]
    else:
        lines.append("No problem has a fix that is safe to make here.")
    if fixing.patches:
        lines.append(f"A person has to look at {_count(len(fixing.patches))}:")
        for one, edits in fixing.patches:
            lines += [_line(one), *_advice(one), *_patch(planning, edits).splitlines()]
    if fixing.manual:
        lines.append(f"To be done by hand, {_count(len(fixing.manual))}:")
        for one in fixing.manual:
            lines += [_line(one), *_advice(one)]
    return "\n".join(lines) + "\n"


def _count(number: int) -> str:
    return f"{number:,} problem{'' if number == 1 else 's'}"


def _line(problem: Problem) -> str:
    where = problem.location
    place = f"{where.path}:{where.line}:{where.column}" if where else problem.place.file
    return f"  {visible(place)} {problem.code} {visible(problem.address)}".rstrip()


def _advice(problem: Problem) -> list[str]:
    lines = [f"    {visible(problem.message)}"]
    if problem.fix is not None:
        lines.append(f"    fix: {visible(problem.fix.description)}")
    return lines
