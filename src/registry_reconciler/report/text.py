"""The plan in a terminal: readable at 80 columns, without colour, with 3 changes and with 3,000.

Changes are grouped by kind, problems by cause; :mod:`registry_reconciler.report.model` says what is folded, nothing
with ``full``. What it looks like on a terminal is a matter of the pen (:mod:`registry_reconciler.report.pen`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from registry_reconciler.base.escape import runner_safe, visible
from registry_reconciler.base.first_few import first_few
from registry_reconciler.model.change import Action, Change, Drift, FieldChange, Reason
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import Location
from registry_reconciler.model.output import PREFIX
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import (
    Commands,
    change_origin,
    drift_location,
    next_commands,
    problem_location,
    related_location,
)
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.report.model import (
    Cause,
    Folded,
    affected,
    by_kind,
    causes,
    folded,
    old_ones,
    other_place,
    set_aside,
    stands,
)
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.pen import PLAIN, Pen
from registry_reconciler.report.values import (
    FIELD_SIGNS,
    columns,
    cut,
    cut_value,
    lines_more,
    one_line,
    show_path,
    show_value,
    shown_fields,
    small_diff,
    wrap,
)
from registry_reconciler.report.words import (
    OUTPUT_SIGNS,
    SIGNS,
    command_line,
    count_changes,
    count_outputs,
    count_problems,
    output_place,
    output_reason,
    plural,
    reason,
    show_location,
    standing,
    what_else,
)

_PROBLEMS_SHOWN = 10
_ERRORS_SHOWN = 50
_HEALS_SHOWN = 5
_OUTPUTS_SHOWN = 20
_DRIFT_SHOWN = 20
_DRIFT_NAMED = 20
_FIELDS_SHOWN = 12
_RELATED_SHOWN = 3
_LINES_SHOWN = 16
_IMPACT_SHOWN = 3


def render(plan: Plan, options: RenderOptions, pen: Pen = PLAIN) -> str:
    """The report. ``check`` leaves changes and drift out, ``drift`` shows drift only."""
    return _Report(plan, options, pen).text()


class _Report:
    """One rendering: the options, and the lines so far."""

    def __init__(self, plan: Plan, options: RenderOptions, pen: Pen) -> None:
        self.plan = plan
        self.options = options
        self.pen = pen
        self.width = max(options.width, 40)
        self.lines: list[str] = []
        undone = (Reason.LIVE_CHANGED, Reason.BOTH_CHANGED)
        self.undone = {change.address for change in plan.changes if change.reason in undone}

    def text(self) -> str:
        command = self.options.command
        if command != "drift":
            self._notices()
        if command not in ("drift", "check"):
            self._changes()
            self._outputs()
            self._heals()
        if command != "check":
            self._drift()
        if command != "drift":
            self._problems()
        self._summary()
        return runner_safe("\n".join(self.lines)) + "\n"

    # Lines. Every text that is not this module's own wording is harmless before it comes here.

    def _add(self, text: str = "", style: str = "", indent: int = 0) -> None:
        shown = self._paint(text, style) if text else ""
        self.lines.append(" " * indent + shown if text else "")

    def _paint(self, text: str, style: str) -> str:
        return self.pen.paint(text, style)

    def _prose(self, text: str, indent: int, style: str = "", first: str = "") -> None:
        """Wrapped text; ``first`` stands before it and the following lines are indented by its width."""
        hang = indent + len(first)
        for number, line in enumerate(wrap(text, self.width - hang)):
            start = " " * indent + first if number == 0 else " " * hang
            self.lines.append(start + self._paint(line, style))

    def _heading(self, title: str, counts: str) -> None:
        self.lines.append(self.pen.heading(title, counts, self.width))

    def _gap(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    # Sections

    def _notices(self) -> None:
        if self.options.base:
            self._prose(f"Compared with {visible(self.options.base)}", 0)
        for notice in self.plan.notices:
            first, *more = notice.message.split("\n")
            self._prose(f"{visible(notice.title)}: {visible(first)}", 0, "warning", "! ")
            for line in more:  # to be copied as it stands
                self._add(visible(line), indent=4)
        self._gap()

    def _changes(self) -> None:
        for kind, changes in by_kind(self.plan.changes).items():
            self._gap()
            self._heading(visible(kind), count_changes(changes))
            for shown in folded(changes, full=self.options.full):
                if isinstance(shown, Folded):
                    self._fold(shown)
                else:
                    self._change(shown.change, brief=shown.brief)
        self._gap()

    def _fold(self, fold: Folded) -> None:
        """Changes that are not shown one by one: their names, or how many."""
        if fold.changes:
            names = ", ".join(visible(change.address) for change in fold.changes)
            more = f" and {fold.unnamed:,} more (--full shows all)" if fold.unnamed else ""
            first = "the same: " if fold.alike else f"also to {fold.action.value}: "
            self._prose(names + more, 2, SIGNS[fold.action], f"{SIGNS[fold.action]} {first}")
        else:
            self._add(f"… and {fold.unnamed:,} more like these (--full shows all)", "dim", 2)

    def _change(self, change: Change, *, brief: bool) -> None:
        sign = SIGNS[change.action]
        address = visible(change.address)
        if change.from_address not in (None, change.address):
            address = f"{visible(change.from_address or '')} → {address}"
        why = f"({reason(change)})"
        head = f"  {self._paint(f'{sign} {address}', sign)}"
        if 4 + columns(address) + 2 + columns(why) <= self.width:
            self.lines.append(f"{head}  {why}")
        else:
            self.lines.append(head)
            self._prose(why, 6)
        if not brief:
            self._places(change)
        fields = shown_fields(change)
        if brief and change.action is Action.CREATE:
            self._in_few_lines(fields)
            return
        # Of an entry that is there already each difference counts; of one that comes or goes its name does.
        keep = len(fields) if self.options.full or change.fields else _FIELDS_SHOWN
        for field in fields[:keep]:
            self._field(field, 6)
        if len(fields) > keep:
            names = ", ".join(show_path(field.path) for field in fields[keep:])
            more = f"… and {plural(len(fields) - keep, 'field')} more (--full shows all): {names}"
            self._prose(cut(more, 3 * self.width), 6, "dim")
        if not brief:
            self._impact(change)

    def _in_few_lines(self, fields: Sequence[FieldChange]) -> None:
        """The values of a new entry one behind the other."""
        room = self.width - 6
        parts = [
            f"{show_path(field.path)}: {cut_value(show_value(field.after), 2 * room)}" for field in fields
        ]
        self._prose(cut(", ".join(parts), 3 * room), 6, "dim")

    def _places(self, change: Change) -> None:
        origin = change_origin(change)
        places = [(visible(change.file), Location(change.file))] if change.file else []
        if origin is not None and origin.path == change.file:
            places = [(show_location(origin), origin)]
        elif origin is not None:
            places.append((f"from {show_location(origin)}", origin))
        beside = columns(" ".join(text for text, _ in places)) + 6 <= self.width
        shown = [self._paint(self.pen.place(text, place), "dim") for text, place in places]
        for line in [" ".join(shown)] if beside and shown else shown:
            self.lines.append(" " * 6 + line)

    def _field(self, field: FieldChange, indent: int) -> None:
        sign = FIELD_SIGNS.get(field.action, "~")
        line = one_line(field, self.width - indent - 2)
        if line is not None:
            self.lines.append(" " * indent + self._paint(sign, sign) + " " + line)
            return
        self.lines.append(" " * indent + self._paint(sign, sign) + f" {show_path(field.path)}:")
        limit = None if self.options.full else _LINES_SHOWN
        diff = small_diff(field)
        for row in islice(diff, limit):
            self._diff_line(row.sign, row.text, indent + 4)
        more = lines_more(diff)
        if more:
            self._add(f"… {more} (--full shows all)", "dim", indent + 4)

    def _diff_line(self, sign: str, text: str, indent: int) -> None:
        room = self.width - indent - 2
        if not self.options.full:
            # Three lines of a terminal tell what a value is; the rest is a matter for --full.
            text = cut_value(text, 3 * room)
        for number, part in enumerate(pieces(text, room)):
            mark = sign if number == 0 else " "
            self.lines.append((" " * indent + self._paint(f"{mark} {part}", sign)).rstrip())

    def _impact(self, change: Change) -> None:
        if not change.impact:
            return
        names, more = affected(change, None if self.options.full else _IMPACT_SHOWN)
        self._prose(", ".join(map(visible, names)) + more, 6, "dim", "affects ")

    def _outputs(self) -> None:
        outputs = self.plan.outputs
        if not outputs:
            return
        self._gap()
        self._heading("Outputs", count_outputs(self.plan))
        keep = len(outputs) if self.options.full else _OUTPUTS_SHOWN
        for output in outputs[:keep]:
            sign = OUTPUT_SIGNS[output.action]
            head = self._paint(f"{sign} {PREFIX}{visible(output.id)}", sign)
            self.lines.append(f"  {head}  ({output_reason(output)})")
            if output.file:
                self._add(output_place(output), "dim", 6)
            lines = output.diff.split("\n") if output.diff else []
            most = len(lines) if self.options.full else _LINES_SHOWN
            for line in lines[:most]:
                if line.startswith("@@"):
                    self._add(line, "dim", 6)
                else:
                    self._diff_line(line[:1], visible(line[1:]), 6)
            if len(lines) > most:
                self._add(f"… {plural(len(lines) - most, 'line')} more (--full shows all)", "dim", 6)
        if len(outputs) > keep:
            self._add(f"… and {len(outputs) - keep:,} more (--full shows all)", "dim", 2)
        self._gap()

    def _heals(self) -> None:
        """What an apply would mend of the state alone."""
        heals = self.plan.heals
        if not heals:
            return
        self._gap()
        self._heading("Only the state", f"{plural(len(heals), 'record')} to mend")
        keep = len(heals) if self.options.full else _HEALS_SHOWN
        for heal in heals[:keep]:
            self._prose(f"{visible(heal.address or heal.fragment)}  ({visible(heal.why)})", 2, "dim", "= ")
        if len(heals) > keep:
            self._add(f"… and {len(heals) - keep:,} more (--full shows all)", "dim", 2)
        self._gap()

    def _drift(self) -> None:
        drifts = self.plan.drift
        if not drifts:
            return
        self._gap()
        self._heading("Edited by hand", _entries(len(drifts)))
        keep = len(drifts) if self.options.full or self.options.command == "drift" else _DRIFT_SHOWN
        for drift in drifts[:keep]:
            self._drifted(drift)
        if len(drifts) > keep:
            names = first_few([visible(drift.address) for drift in drifts[keep:]], _DRIFT_NAMED)
            self._prose(f"{names} (registry drift shows more)", 2, "~", "~ also: ")
        self._gap()

    def _drifted(self, drift: Drift) -> None:
        place = drift_location(drift)
        self.lines.append("  " + self._paint(f"~ {visible(drift.address)}", "~"))
        self._add(self.pen.place(show_location(place), place), "dim", 6)
        if drift.gone:
            self._add("the entry is gone", indent=6)
        # What the plan undoes stands among its changes already, in the other direction.
        if self.options.command == "drift" or drift.address not in self.undone:
            for field in drift.fields:
                self._field(field, 6)

    def _problems(self) -> None:
        self._gap()
        shown = [problem for problem in self.plan.problems if self.options.full or stands(problem)]
        apart: list[Problem] = []
        if not self.options.full and self.options.command != "check":
            shown, apart = set_aside(shown)
        by_code: dict[tuple[Severity, str], list[Cause]] = {}
        for cause in causes(shown, full=self.options.full):
            by_code.setdefault((cause.first.severity, cause.first.code), []).append(cause)
        for (severity, code), some in by_code.items():
            limit = _ERRORS_SHOWN if severity is Severity.ERROR else _PROBLEMS_SHOWN
            keep = len(some) if self.options.full else limit
            for cause in some[:keep]:
                self._problem(cause)
            rest = sum(len(cause.problems) for cause in some[keep:])
            if rest:
                self._add(f"… and {rest:,} more of {code} (--full shows all)", "dim", 2)
        if apart:
            self._prose(old_ones(apart, self.options.base), 0, "dim")
        self._gap()

    def _problem(self, cause: Cause) -> None:
        problem = cause.first
        severity = problem.severity.value
        place = problem_location(problem)
        where = show_location(place)
        head = [problem.code, where]
        if problem.address:
            head.append(visible(problem.address))
        if cause.more:
            head.append(f"and {cause.more:,} more")
        lines = wrap(" ".join(filter(None, head)), self.width - 10)
        lines = [f"{self._paint(severity, severity)} {lines[0]}", *(f"  {line}" for line in lines[1:])]
        self.lines += [line.replace(where, self.pen.place(where, place), 1) for line in lines]
        self._prose(visible(problem.message), 2)
        self.lines += self.pen.source(place, self.width, severity)
        note = standing(problem, self.options.base)
        if note:
            self._prose(f"({note}, does not block)" if _excused(problem) else f"({note})", 2, "dim")
        self._other_places(cause)
        places = cause.related
        shown = places if self.options.full else places[:_RELATED_SHOWN]
        for related in shown:
            where = show_location(related_location(related))
            self._prose(f"{where} {visible(related.message)}".strip(), 2, "", "see ")
        if len(places) > len(shown):
            self._add(f"… and {plural(len(places) - len(shown), 'place')} more (--full shows all)", "dim", 2)
        if cause.mend:
            self._prose(visible(cause.mend), 2, "", "fix: ")
            if problem.fix is not None and problem.fix.safe and problem.fix.edits:
                made = problem.managed or all(
                    edit.path.startswith(f"{DESIRED_FOLDER}/") for edit in problem.fix.edits
                )
                # Of a registry only entries whose truth is live are written to; of others a patch is shown.
                does = "safe; registry fix does it" if made else "safe; registry fix does or shows it"
                self._prose(does, 2, "dim", "     ")

    def _other_places(self, cause: Cause) -> None:
        """Where else one cause shows: the first places, and how many more."""
        for other in cause.others:
            where, address = other_place(other)
            self._prose(f"{where} {visible(address)}{visible(cause.differs(other))}".strip(), 2, "", "also ")
        if cause.unnamed:
            self._add(f"… and {plural(cause.unnamed, 'place')} more (--full shows all)", "dim", 2)

    def _summary(self) -> None:
        command = self.options.command
        self._gap()
        if command == "drift":
            count = len(self.plan.drift)
            self._add(f"Drift: {_entries(count)} edited by hand." if count else "No drift.", "head")
            return
        if command == "check":
            self._prose(f"Check: {count_problems(self.plan) or 'no problems'}.", 0, "head")
        else:
            for line in _summary_lines(self.plan, self.options.base):
                self._prose(line, 0, "head")
        plan_id = None if self.options.base or command == "check" else self.plan.plan_id
        if plan_id and self.plan.applicable and not self.plan.empty:
            self._add(f"Plan id {plan_id}", "dim")
        if command != "apply":  # apply asks, or has been done, or says itself what blocks
            self._next(next_commands(self.plan, plan_id))

    def _next(self, commands: Commands) -> None:
        """In a terminal bare ``apply`` shows and asks: a plan id is nothing to type."""
        for number, words in enumerate(commands[:3]):
            typed = words[:-2] if words[-2:-1] == ("--expect",) else words
            self._add(f"{'Next:' if number == 0 else '     '} {command_line(typed)}")


def _entries(count: int) -> str:
    return plural(count, "entry")


def _summary_lines(plan: Plan, base: str) -> Iterator[str]:
    changes = count_changes(plan.changes) or what_else(plan) or "no changes"
    changes = "; ".join(filter(None, (changes, count_outputs(plan))))
    blocking = len(plan.blocking)
    problems = count_problems(plan)
    yield f"{'Review' if base else 'Plan'}: {changes}{'; ' + problems if problems else ''}."
    if blocking:
        must = "must go first" + ("" if base else "; nothing can be applied")
        yield f"Blocked: {plural(blocking, 'problem')} {must}."
    elif plan.empty:
        yield f"{_entries(plan.unchanged)} as the fragments say, {plan.unmanaged:,} unmanaged."


def pieces(text: str, room: int) -> Iterator[str]:
    """A long line of a value in pieces: a terminal that breaks it would lose the indentation.

    It is broken behind a blank, where there is one in the second half: no word is broken then.
    """
    while columns(text) > room:
        piece = cut(text, room + 1)[:-1] or text[:1]
        blank = piece.rfind(" ") + 1
        if blank > len(piece) // 2 and not text[len(piece)].isspace():
            piece = piece[:blank]
        yield piece
        text = text[len(piece) :]
    yield text


def _excused(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR and not problem.blocking and not problem.aside
