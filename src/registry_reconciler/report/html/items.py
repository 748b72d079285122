"""The items of a report as pieces of a page, each with its details and in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.base.first_few import first_few
from registry_reconciler.model.change import Change, Drift, FieldChange, Heal
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.model.entry import Location
from registry_reconciler.model.output import PREFIX, OutputChange
from registry_reconciler.model.plan import FileChange, Notice, Plan
from registry_reconciler.model.plan_json import (
    change_origin,
    drift_location,
    problem_location,
    related_location,
)
from registry_reconciler.model.problem import Problem, TextEdit
from registry_reconciler.report.html.fields import DifferenceRow, field_view, file_rows, paired
from registry_reconciler.report.links import link_target
from registry_reconciler.report.markdown_fit import SectionItem, size
from registry_reconciler.report.model import Cause, ShownChange, affected, by_kind, folded
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.values import DiffLine, names_more, show_path, shown_fields
from registry_reconciler.report.words import (
    OUTPUT_SIGNS,
    SIGNS,
    command_line,
    output_place,
    output_reason,
    reason,
    show_location,
    standing,
)

if TYPE_CHECKING:
    from registry_reconciler.report.outline import ReportPart

MOST_SHOWN = 10_000
"""So many changes are shown one by one; of more, those that are alike are folded as in every other report."""

_OPEN = 30
"""A report of no more changes is unfolded from the start."""

_FIELDS_SHOWN = 60
_FIELDS_NAMED = 8
_IMPACT_SHOWN = 20
_IMPACT_OF_MANY = 5
_MANY = 1_000
"""In a report of more changes each names fewer of those that it affects."""

_RELATED_SHOWN = 10
_EDITS_SHOWN = 10
_LINES_SHOWN = 200
_FILE_ROWS = 400
_ALL_FILE_ROWS = 6_000
_SOURCE_WIDTH = 200

_Place = tuple[str, str]
"""What is shown of a place, and its address at the host, or ""."""


class ItemRenderer:
    """Draws the items of one report."""

    def __init__(self, plan: Plan, options: RenderOptions) -> None:
        from registry_reconciler.web import macros

        self._page = macros(Path(__file__).parent, "items.html.j2")
        self._options = options
        self._full = options.full or len(plan.changes) <= MOST_SHOWN
        self._open = len(plan.changes) <= _OPEN
        self._impact = _IMPACT_SHOWN if len(plan.changes) <= _MANY else _IMPACT_OF_MANY
        self.detail_bytes = 0
        """So much may be spent on the fields of changes; those behind it name their fields only."""

    def drawn(self, part: ReportPart) -> Iterator[SectionItem]:
        """The items of a part, in its order."""
        draw: Mapping[str, Callable[[Sequence[Any]], Iterator[SectionItem]]] = {
            "notices": self._notices,
            "problems": self._problems,
            "changes": self._changes,
            "outputs": self._outputs,
            "heals": self._heals,
            "drift": self._drift,
        }
        return draw[part.holds](part.items)

    # Changes

    def _changes(self, changes: Sequence[Change]) -> Iterator[SectionItem]:
        for some in by_kind(changes).values():
            for row in folded(some, full=self._full):
                if isinstance(row, ShownChange):
                    yield self._change(row.change)
                    continue
                for change in row.changes:
                    like = "the same" if row.alike else ""
                    short = self._brief(change, like)
                    yield SectionItem(short, short)
                if row.unnamed:
                    words = "like these" if row.alike else f"to {row.action.value}"
                    more = str(self._page.more(f"{row.unnamed:,} more {words}"))
                    yield SectionItem(more, more, row.unnamed)

    def _change(self, change: Change) -> SectionItem:
        fields = shown_fields(change)
        short = self._brief(change, _named(fields))
        if self.detail_bytes <= 0:  # they would be cut again
            return SectionItem(short, short, is_cut=True)
        origin = change_origin(change)
        places = [("from", self._place(origin))] if origin is not None else []
        if change.live is not None and change.live.file != change.file:
            places.append(("now in", self._place(Location(change.live.file))))
        if change.file and (origin is None or change.file != origin.path):
            places.append(("in", self._place(Location(change.file))))
        names, more = affected(change, self._impact)
        long = str(
            self._page.change(
                **_named_change(change),
                reason=reason(change),
                places=places,
                impact=names,
                impact_more=more,
                fields=self._fields(fields),
                more_fields=names_more(fields[_FIELDS_SHOWN:]),
                is_open=self._open,
            )
        )
        self.detail_bytes -= size(long)
        return SectionItem(long, short)

    def _brief(self, change: Change, more: str) -> str:
        return str(self._page.brief_change(**_named_change(change), more=more))

    def _fields(self, fields: Sequence[FieldChange]) -> list[Any]:
        return [field_view(field) for field in fields[: None if self._options.full else _FIELDS_SHOWN]]

    # Problems

    def _problems(self, found: Sequence[Cause]) -> Iterator[SectionItem]:
        return map(self._problem, found)

    def _problem(self, cause: Cause) -> SectionItem:
        problem = cause.first
        fix = problem.fix
        named = {
            "code": problem.code,
            "severity": problem.severity.value,
            "kind": problem.address.partition("/")[0],
            "address": problem.address,
            "place": self._place(problem_location(problem)),
            "more": cause.more,
            "message": problem.message_beside(),
            "note": standing(problem, self._options.base),
        }
        long = self._page.problem(
            **named,
            title=problem.title,
            field=show_path(problem.path) if problem.path else "",
            source=self._source(problem),
            others=[self._other(cause, other) for other in cause.others],
            unnamed=cause.unnamed,
            fix=cause.mend if fix is not None else "",
            is_safe=fix is not None and fix.safe and bool(fix.edits),
            edits=[_edit_view(edit) for edit in (fix.edits[:_EDITS_SHOWN] if fix is not None else ())],
            related=[
                (self._place(related_location(related)), related.message)
                for related in cause.related[:_RELATED_SHOWN]
            ],
            explain=command_line(["registry", "explain", problem.code]),
        )
        return SectionItem(str(long), str(self._page.brief_problem(**named)), len(cause.problems))

    def _other(self, cause: Cause, other: Problem) -> tuple[_Place, str, str]:
        return self._place(problem_location(other)), other.address, cause.differs(other)

    def _source(self, problem: Problem) -> Any:
        sources = self._options.sources
        excerpt = sources.at(problem_location(problem), _SOURCE_WIDTH) if sources is not None else None
        if excerpt is None:
            return None
        *above, (number, line) = excerpt.lines
        end = excerpt.start + excerpt.length
        return above, number, (line[: excerpt.start], line[excerpt.start : end], line[end:])

    # The rest

    def _notices(self, notices: Sequence[Notice]) -> Iterator[SectionItem]:
        for notice in notices:
            first, *more = notice.message.split("\n")
            yield SectionItem(
                str(self._page.notice(notice.title, first, more)),
                str(self._page.notice(notice.title, first, [])),
            )

    def _outputs(self, outputs: Sequence[OutputChange]) -> Iterator[SectionItem]:
        for output in outputs:
            lines = output.diff.split("\n") if output.diff else []
            rows = list(paired(map(_of_unified, lines[:_LINES_SHOWN])))
            named = {
                "name": PREFIX + output.id,
                "action": output.action.value,
                "sign": OUTPUT_SIGNS[output.action],
                "reason": output_reason(output),
                "where": output_place(output) if output.file else "",
            }
            long = self._page.output(
                **named, rows=rows, more=max(len(lines) - _LINES_SHOWN, 0), is_open=self._open
            )
            yield SectionItem(str(long), str(self._page.output(**named, rows=[], more=0, is_open=False)))

    def _heals(self, heals: Sequence[Heal]) -> Iterator[SectionItem]:
        for heal in heals:
            text = str(self._page.heal(heal.address or heal.fragment, heal.why))
            yield SectionItem(text, text)

    def _drift(self, drifts: Sequence[Drift]) -> Iterator[SectionItem]:
        for drift in drifts:
            named = {
                "address": drift.address,
                "kind": drift.address.partition("/")[0],
                "gone": drift.gone,
                "place": self._place(drift_location(drift)),
            }
            commands = [
                command_line(["registry", "drift", option, drift.address])
                for option in ("--accept", "--revert")
            ]
            long = self._page.drift(
                **named,
                fields=self._fields(drift.fields),
                origins=self._options.origins.get(drift.address, ()),
                commands=commands,
            )
            yield SectionItem(str(long), str(self._page.brief_drift(**named, more=_named(drift.fields))))

    def files(self, plan: Plan) -> Iterator[SectionItem]:
        """Every file that an apply would write, with the lines that come and go."""
        left = _ALL_FILE_ROWS
        for file in sorted(plan.files, key=_registries_first):
            view = self._file(plan, file, min(left, _FILE_ROWS))
            left -= len(view["rows"])
            short = str(self._page.written_file(**{**view, "rows": [], "is_open": False}))
            yield SectionItem(str(self._page.written_file(**view)), short)

    def _file(self, plan: Plan, file: FileChange, most: int) -> dict[str, Any]:
        """One file; of what the state remembers, which is digests, no line is worth a look."""
        view: dict[str, Any] = {
            "place": self._place(Location(file.path)),
            "what": "comes" if file.before is None else "goes" if file.after is None else "changes",
            "rows": [],
            "come": 0,
            "gone": 0,
            "why_not": "",
            "is_open": self._open and len(plan.files) <= _OPEN,
        }
        if file.path.startswith(f"{STATE_FOLDER}/"):
            return {**view, "why_not": "What is remembered of the last apply: digests, no values."}
        if file.path in plan.withheld:
            return {**view, "why_not": "It holds secrets, so its text is not shown."}
        before = b"" if file.before is None else self._before(file)
        if before is None or (file.after is not None and file.content is None):
            return {**view, "why_not": "Its text is not at hand here."}
        rows, come, gone = file_rows(before, file.content or b"", most)
        return {**view, "rows": rows, "come": come, "gone": gone}

    def _before(self, file: FileChange) -> bytes | None:
        sources = self._options.sources
        return sources.before(file.path, file.before or "") if sources is not None else None

    def _place(self, location: Location) -> _Place:
        location = Location(location.path, location.line)
        return show_location(location), link_target(location, self._options)


def _named_change(change: Change) -> dict[str, Any]:
    source = change.from_address if change.from_address not in (None, change.address) else None
    return {
        "sign": SIGNS[change.action],
        "action": change.action.value,
        "kind": change.kind,
        "address": change.address,
        "source": source,
    }


def _named(fields: Sequence[FieldChange]) -> str:
    return first_few([show_path(field.path) for field in fields], _FIELDS_NAMED)


def _edit_view(edit: TextEdit) -> tuple[str, list[DifferenceRow]]:
    lines = [DiffLine("-", visible(line)) for line in edit.old.split("\n") if edit.old]
    lines += [DiffLine("+", visible(line)) for line in edit.new.split("\n") if edit.new]
    return visible(edit.path), list(paired(lines))


def _of_unified(line: str) -> DiffLine:
    """A line of a unified difference; what names the files and the lines stands as it is."""
    if line.startswith(("+++", "---")) or line[:1] not in ("+", "-"):
        return DiffLine(" ", visible(line[1:] if line.startswith(" ") else line))
    return DiffLine(line[0], visible(line[1:]))


def _registries_first(file: FileChange) -> tuple[bool, str]:
    return file.path.startswith(f"{STATE_FOLDER}/"), file.path
