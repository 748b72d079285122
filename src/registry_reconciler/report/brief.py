"""The plan for an agent: the verdict, the next commands, what blocks and how to mend it, then the changes.

What loses something comes first among the changes; what does not fit is cut from the end, and the last line says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from registry_reconciler.base.escape import runner_safe, visible
from registry_reconciler.model.change import Change, FieldChange
from registry_reconciler.model.entry import Location
from registry_reconciler.model.output import PREFIX, OutputChange
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import Commands, change_origin, next_commands, problem_location
from registry_reconciler.model.problem import TextEdit
from registry_reconciler.report.model import (
    Cause,
    ShownChange,
    blockers,
    by_kind,
    causes,
    folded,
    loses,
    old_ones,
    set_aside,
    stands,
)
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.values import (
    FIELD_SIGNS,
    cut,
    cut_value,
    lines_more,
    names_more,
    one_line,
    show_path,
    show_value,
    shown_fields,
    small_diff,
)
from registry_reconciler.report.words import (
    OUTPUT_SIGNS,
    SIGNS,
    Verdict,
    command_line,
    count_changes,
    count_outputs,
    count_problems,
    output_place,
    output_reason,
    reason,
    show_location,
    verdict,
)

DEFAULT_BYTES = 16_000
LEAST_BYTES = 1_000
"""Room for the verdict, the first commands and the line that says what was cut."""

_TEXT_LIMIT = 1_000
_NAME_LIMIT = 200
_LINE_LIMIT = 160
_COMMANDS_SHOWN = 5
_FIELDS_SHOWN = 20
_DIFF_SHOWN = 8
_CUT_ROOM = 160


def render(plan: Plan, options: RenderOptions) -> str:
    """The report, at most ``max_bytes`` long (16,000 by default, never less than 1,000)."""
    limit = DEFAULT_BYTES if options.max_bytes is None else max(options.max_bytes, LEAST_BYTES)
    plan_id = None if options.base or options.command != "plan" else plan.plan_id
    commands = next_commands(plan, plan_id)
    return _fit(
        [runner_safe(item) for item in _items(plan, plan_id, commands, options.command, options.base)], limit
    )


def _items(plan: Plan, plan_id: str | None, commands: Commands, command: str, base: str) -> Iterator[str]:
    """What a reader needs, the most urgent first; an item is shown whole or not at all."""
    yield _verdict(plan, plan_id, command)
    for words in commands[:_COMMANDS_SHOWN]:
        yield f"next: {command_line(words)}"
    for notice in plan.notices:
        first, *more = notice.message.split("\n")
        lines = [f"! {cut(visible(notice.title), _NAME_LIMIT)}: {cut(visible(first), _TEXT_LIMIT)}"]
        yield "\n".join([*lines, *(f"  {cut(visible(line), _LINE_LIMIT)}" for line in more)])
    blocking = blockers(plan)
    for number, cause in enumerate(blocking, 1):
        yield f"blocker {number}/{len(blocking)} {_problem(cause)}{_mend(cause)}"
    if command != "check":
        yield from _changes([change for change in plan.changes if loses(change)])
        yield from _changes([change for change in plan.changes if not loses(change)])
    for output in plan.outputs if command != "check" else ():
        yield _output(output)
    for heal in plan.heals if command != "check" else ():
        yield f"= {visible(heal.address or heal.fragment)}: only the state: {visible(heal.why)}"
    for drift in plan.drift if command != "check" else ():
        gone = "is gone" if drift.gone else ", ".join(show_path(field.path) for field in drift.fields)
        yield f"edited by hand {visible(drift.address)}: {cut(gone, _LINE_LIMIT)}"
    rest = [problem for problem in plan.problems if stands(problem) and not problem.blocking]
    shown, apart = (rest, []) if command == "check" else set_aside(rest)
    for cause in causes(shown):
        yield f"{cause.first.severity.value} {_problem(cause)}"
    if apart:
        yield old_ones(apart, base)


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    for some in by_kind(changes).values():
        for row in folded(some):
            if isinstance(row, ShownChange):
                yield _change(row.change)
                continue
            same = " (the same)" if row.alike else ""
            for change in row.changes:
                address = cut(visible(change.address), _NAME_LIMIT)
                yield f"{SIGNS[change.action]} {change.action.value} {address}{same}"
            if row.unnamed:
                like = "more like these" if row.alike else f"more to {row.action.value}"
                yield f"… {row.unnamed:,} {like}"


def _verdict(plan: Plan, plan_id: str | None, command: str) -> str:
    found = verdict(plan)
    if command == "check" and found is not Verdict.BLOCKED:
        return f"NOTHING BLOCKS; {count_problems(plan) or 'no problems'}"
    counts = [count_changes(plan.changes), count_outputs(plan), count_problems(plan)]
    words = {
        Verdict.BLOCKED: f"BLOCKED by {len(plan.blocking):,}",
        Verdict.CHANGES: "APPLICABLE",
        Verdict.NONE: "NOTHING TO DO",
    }[found]
    shown = "; ".join([words, *filter(None, counts)])
    return shown + (f"; plan {plan_id}" if plan_id and found is Verdict.CHANGES else "")


def _problem(cause: Cause) -> str:
    problem = cause.first
    parts = [
        visible(problem.code),
        _where(problem_location(problem)),
        cut(visible(problem.address), _NAME_LIMIT),
    ]
    head = " ".join(filter(None, parts))
    field = f" at {cut(show_path(problem.path), _LINE_LIMIT)}" if problem.path else ""
    lines = [f"{head}{field}: {cut(visible(problem.message_beside()), _TEXT_LIMIT)}"]
    if cause.more:
        lines.append(f"{cause.more + 1:,} of one cause")
    for other in cause.others:
        address = cut(visible(other.address), _NAME_LIMIT)
        differs = cut(visible(cause.differs(other)), _LINE_LIMIT)
        lines.append(f"also {_where(problem_location(other))} {address}".rstrip() + differs)
    return "\n  ".join(lines)


def _where(location: Location) -> str:
    return cut(show_location(location), _NAME_LIMIT)


def _mend(cause: Cause) -> str:
    """The fix: in words, as a ready command where there is one, and as patches."""
    problem = cause.first
    if problem.fix is None:
        return f"\n  run: registry explain {visible(problem.code)}"
    lines = [f"fix: {cut(visible(cause.mend), _TEXT_LIMIT)}"] if cause.mend else []
    if problem.fix.safe and problem.fix.edits:
        lines.append("run: registry fix")
    elif problem.code == "STA002" and problem.address:
        lines.append(f"run: {command_line(('registry', 'drift', '--accept', problem.address))}")
    elif problem.code == "STA003" and problem.address:
        lines.append(f"run: {command_line(('registry', 'plan', '--adopt', problem.address))}")
    elif problem.fix.edits and not problem.fix.withheld:
        lines.append("run: registry fix --unsafe")
    elif not problem.fix.edits:
        lines.append(f"run: registry explain {visible(problem.code)}")
    for edit in problem.fix.edits:
        lines += _patch(edit)
    return "".join(f"\n  {line}" for line in lines)


def _patch(edit: TextEdit) -> Iterator[str]:
    yield f"patch {visible(edit.path)} bytes {edit.start}-{edit.end}"
    if edit.old:
        yield from (f"  - {cut(visible(line), _LINE_LIMIT)}" for line in edit.old.split("\n"))
    if edit.new:
        yield from (f"  + {cut(visible(line), _LINE_LIMIT)}" for line in edit.new.split("\n"))


def _change(change: Change) -> str:
    address = cut(visible(change.address), _NAME_LIMIT)
    if change.from_address not in (None, change.address):
        address = f"{cut(visible(change.from_address or ''), _NAME_LIMIT)} → {address}"
    origin = change_origin(change)
    where = f" {_where(origin)}" if origin else ""
    lines = [
        f"{SIGNS[change.action]} {change.action.value} {address} ({cut(reason(change), _NAME_LIMIT)}){where}"
    ]
    fields = shown_fields(change)
    for field in fields[:_FIELDS_SHOWN]:
        sign = FIELD_SIGNS.get(field.action, "~")
        line = one_line(field, _LINE_LIMIT)
        if line is None and field.action == "update":
            lines += [f"    {sign} {cut(show_path(field.path), _LINE_LIMIT)}:", *_differing(field)]
            continue
        if line is None:
            value = field.before if field.action == "delete" else field.after
            line = f"{cut(show_path(field.path), _LINE_LIMIT)}: {cut_value(show_value(value), _LINE_LIMIT)}"
        lines.append(f"    {sign} {line}")
    if len(fields) > _FIELDS_SHOWN:
        rest = fields[_FIELDS_SHOWN:]
        lines.append(f"    … {len(rest):,} more fields: {cut(names_more(rest), 3 * _LINE_LIMIT)}")
    return "\n".join(lines)


def _differing(field: FieldChange) -> Iterator[str]:
    """The lines of a long value that differ."""
    diff = small_diff(field)
    for line in islice(diff, _DIFF_SHOWN):
        yield f"      {line.sign} {cut_value(line.text, _LINE_LIMIT)}".rstrip()
    more = lines_more(diff)
    if more:
        yield f"      … {more}"


def _output(output: OutputChange) -> str:
    name = f"{PREFIX}{cut(visible(output.id), _NAME_LIMIT)}"
    where = f" {cut(output_place(output), _NAME_LIMIT)}" if output.file else ""
    lines = [f"{OUTPUT_SIGNS[output.action]} {output.action.value} {name} ({output_reason(output)}){where}"]
    diff = output.diff.split("\n") if output.diff else []
    lines += [f"    {cut(visible(line), _LINE_LIMIT)}" for line in diff[:_FIELDS_SHOWN]]
    if len(diff) > _FIELDS_SHOWN:
        lines.append(f"    … {len(diff) - _FIELDS_SHOWN:,} more lines")
    return "\n".join(lines)


def _fit(items: list[str], limit: int) -> str:
    """As many items from the start as fit, and how many do not."""
    sizes = [len(item.encode()) + 1 for item in items]
    if sum(sizes) <= limit:
        return "\n".join(items) + "\n"
    room = limit - _CUT_ROOM
    keep = 0
    for size in sizes:
        room -= size
        if room < 0:
            break
        keep += 1
    rest = len(items) - keep
    note = f"cut: {rest:,} more; --max-bytes gives more room, --format json shows all"
    return "\n".join([*items[:keep], note]) + "\n"
