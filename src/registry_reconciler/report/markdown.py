"""The plan as Markdown for a comment on a pull request, or for a job summary.

The order is that of a reader in a hurry: a hidden marker (for a sticky comment), the verdict, what got weaker
or may do more, what blocks, then the changes and the rest. Every value is escaped
(:mod:`registry_reconciler.base.escape`).

What goes comes before all other changes, so it is the last of them that is cut where room is short
(:mod:`registry_reconciler.report.markdown_fit`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from registry_reconciler.base.escape import code, fence, html, markdown, runner_safe, visible
from registry_reconciler.model.change import Change, Drift, FieldChange, Heal
from registry_reconciler.model.entry import Location
from registry_reconciler.model.output import PREFIX, OutputChange
from registry_reconciler.model.plan import Notice, Plan
from registry_reconciler.model.plan_json import (
    change_origin,
    drift_location,
    next_commands,
    problem_location,
    related_location,
)
from registry_reconciler.report.links import link_target
from registry_reconciler.report.markdown_fit import ReportSection, SectionItem, fit, size
from registry_reconciler.report.model import Cause, ShownChange, affected, by_kind, folded
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.outline import (
    ReportPart,
    brakes,
    count_words,
    outline,
    title_words,
    verdict_words,
)
from registry_reconciler.report.values import (
    FIELD_SIGNS,
    cut,
    cut_value,
    lines_more,
    names_more,
    one_line,
    show_path,
    shown_fields,
    small_diff,
)
from registry_reconciler.report.words import (
    command_line,
    lead_words,
    output_reason,
    plural,
    reason,
    show_location,
    standing,
)

COMMENT_BYTES = 65_000
"""A comment on GitHub takes 65,536 characters."""
SUMMARY_BYTES = 1_000_000
"""A job summary takes 1 MiB a step; the rest is left to what else the step writes."""
_TEXT_LIMIT = 2_000
_SHORT_LIMIT = 300
_NAME_LIMIT = 200
_LINE_LIMIT = 200
_LINES_SHOWN = 30
_FIELDS_SHOWN = 30
_FIELDS_NAMED = 5
_IMPACT_SHOWN = 5
_COMMANDS_SHOWN = 5
_COMMANDS_BYTES = 1_000
_LABEL_LIMIT = 60


def render(plan: Plan, options: RenderOptions) -> str:
    """The comment, at most ``max_bytes`` long (65,000 by default, never less than 4,000)."""
    limit = COMMENT_BYTES if options.max_bytes is None else options.max_bytes
    head = marker(options) + "\n" + _head(plan, options)
    return fit(head, _sections(plan, options), options, limit)


def job_summary(plan: Plan, options: RenderOptions) -> str:
    """The same for a job summary: no marker, and much more room."""
    limit = SUMMARY_BYTES if options.max_bytes is None else options.max_bytes
    return fit(_head(plan, options), _sections(plan, options), options, limit)


def failed(message: str, options: RenderOptions) -> str:
    """The comment when there is no plan to show: it replaces one that is no longer true."""
    title = f"## Registry {visible(options.command)}: failed"
    return runner_safe(f"{marker(options)}\n{title}\n\n{markdown(_short(visible(message), _TEXT_LIMIT))}\n")


def marker(options: RenderOptions) -> str:
    """The first line of the comment of one workspace and label: find it again by this, and replace it."""
    root = _short(quote(options.path_prefix.strip("/").encode("utf-8", "surrogatepass")) or ".")
    label = _short(quote(options.label.encode("utf-8", "surrogatepass"), safe=" /"))
    return f"<!-- registry-plan root={root.replace('--', '-%2D')} label={label.replace('--', '-%2D')} -->"


def _short(text: str, limit: int = _NAME_LIMIT) -> str:
    return cut(text, limit)


# The head


def _head(plan: Plan, options: RenderOptions) -> str:
    label = f" ({markdown(_short(visible(options.label), _LABEL_LIMIT))})" if options.label else ""
    lines = [f"## {title_words(options)}{label}: {verdict_words(plan, options.command)}", ""]
    counts = count_words(plan, options.command)
    if not counts:
        return "\n".join(lines[:1]) + "\n"
    for problem in brakes(plan):
        lines += [f"**A brake holds:** {markdown(_short(visible(problem.message), _TEXT_LIMIT))}", ""]
    lines.append(counts)
    if options.command == "check":
        return "\n".join(lines) + "\n"
    if options.base:
        lines += [
            "",
            f"Compared with {code(_short(visible(options.base), _LABEL_LIMIT))}. A review cannot be applied.",
        ]
        return "\n".join(lines) + "\n"
    plan_id = plan.plan_id
    if not plan.empty:
        lines += ["", f"Plan id: {code(plan_id)}"]
    shown = list(_commands(plan, plan_id))
    if shown:
        lines += ["", f"{lead_words(plan)}:", ""]
        lines += fence(shown, "sh")
    return "\n".join(lines) + "\n"


def _commands(plan: Plan, plan_id: str) -> Iterator[str]:
    """The next commands as far as they leave room for the rest."""
    used = 0
    for line in map(command_line, next_commands(plan, plan_id)[:_COMMANDS_SHOWN]):
        used += size(line)
        if used > _COMMANDS_BYTES:
            return
        yield line


# The sections, the most important first


def _sections(plan: Plan, options: RenderOptions) -> list[ReportSection]:
    return [_section(part, options) for part in outline(plan, options)]


def _section(part: ReportPart, options: RenderOptions) -> ReportSection:
    """A part with its entries drawn."""
    draw = _DRAWN[part.holds]
    if part.is_open:
        return ReportSection(f"\n### {part.title}\n\n", tuple(draw(part.items, options)), "", part.noun)
    title = f"<code>{html(_short(part.title))}</code>" if part.kind else part.title
    head = f"\n<details><summary><b>{title}</b>: {part.count}</summary>\n\n"
    lead = f"\n### {part.lead}\n" if part.lead else ""
    return ReportSection(lead + head, tuple(draw(part.items, options)), "\n</details>\n", part.noun)


def _notices(notices: Sequence[Notice], _options: RenderOptions) -> Iterator[SectionItem]:
    def line(notice: Notice, limit: int) -> str:
        first, *more = notice.message.split("\n")
        title, message = _short(visible(notice.title)), _short(visible(first), limit)
        lines = [f"- **{markdown(title)}**: {markdown(message)}"]
        lines += _indented(fence([_short(visible(line), limit) for line in more], "yaml")) if more else []
        return "\n".join(lines) + "\n"

    for notice in notices:
        yield SectionItem(line(notice, _TEXT_LIMIT), line(notice, _SHORT_LIMIT))


def _problems(found: Sequence[Cause], options: RenderOptions) -> Iterator[SectionItem]:
    return (_problem(cause, options) for cause in found)


def _problem(cause: Cause, options: RenderOptions) -> SectionItem:
    problem = cause.first
    start = f"- **{markdown(visible(problem.code))}** {_link(problem_location(problem), options)}"
    if problem.address:
        start += f" {code(_short(visible(problem.address)))}"
    if cause.more:
        start += f" and {cause.more:,} more"
    message = visible(problem.message_beside())
    note = standing(problem, options.base)
    note = f" ({markdown(_short(note))})" if note else ""
    long = [f"{start}: {markdown(_short(message, _TEXT_LIMIT))}{note}"]
    for other in cause.others:
        address = f" {code(_short(visible(other.address)))}" if other.address else ""
        differs = markdown(_short(visible(cause.differs(other)), _SHORT_LIMIT))
        long.append(f"  - Also {_link(problem_location(other), options)}{address}{differs}")
    if cause.unnamed:
        long.append(f"  - … and {plural(cause.unnamed, 'place')} more")
    if problem.fix is not None and cause.mend:
        safe = " (safe: `registry fix` does it)" if problem.fix.safe and problem.fix.edits else ""
        long.append(f"  - Fix: {markdown(_short(visible(cause.mend), _TEXT_LIMIT))}{safe}")
    for related in cause.related[:_IMPACT_SHOWN]:
        message_there = markdown(_short(visible(related.message)))
        long.append(f"  - See {_link(related_location(related), options)} {message_there}".rstrip())
    short = f"{start}: {markdown(_short(message, _SHORT_LIMIT))}"
    return SectionItem("\n".join(long) + "\n", short + "\n", len(cause.problems))


def _changes(changes: Sequence[Change], options: RenderOptions) -> Iterator[SectionItem]:
    for some in by_kind(changes).values():
        yield from _entries(some, options)


def _entries(changes: Sequence[Change], options: RenderOptions) -> Iterator[SectionItem]:
    for row in folded(changes):
        if isinstance(row, ShownChange):
            yield _change(row.change, options)
            continue
        for change in row.changes:
            same = " (the same)" if row.alike else ""
            line = f"- **{change.action.value}** {code(_short(visible(change.address)))}{same}\n"
            yield SectionItem(line, line)
        if row.unnamed:
            like = "more like these" if row.alike else f"more to {row.action.value}"
            yield SectionItem(
                f"- … and {row.unnamed:,} {like}\n", f"- … and {row.unnamed:,} {like}\n", row.unnamed
            )


def _change(change: Change, options: RenderOptions) -> SectionItem:
    name = code(_short(visible(change.address)))
    if change.from_address not in (None, change.address):
        name = f"{code(_short(visible(change.from_address or '')))} → {name}"
    start = f"- **{change.action.value}** {name}"
    fields = shown_fields(change)
    origin = change_origin(change)
    places = [_link(origin, options)] if origin else []
    there = change.file and (origin is None or change.file != origin.path)
    places += [_link(Location(change.file), options)] if there else []
    long = [f"{start} ({markdown(_short(reason(change)))})" + (" · " + " → ".join(places) if places else "")]
    if change.impact:
        names, more = affected(change, _IMPACT_SHOWN)
        long[0] += f" · affects {', '.join(code(_short(visible(name))) for name in names)}{more}"
    long += _indented(_diff_fence(fields))
    return SectionItem("\n".join(long) + "\n", start + _named(fields) + "\n")


def _named(fields: Sequence[FieldChange]) -> str:
    if not fields:
        return ""
    names = ", ".join(code(_short(show_path(field.path), 80)) for field in fields[:_FIELDS_NAMED])
    more = len(fields) - _FIELDS_NAMED
    return f": {names}" + (f" and {plural(more, 'field')} more" if more > 0 else "")


def _indented(lines: Iterable[str]) -> list[str]:
    return ["  " + line for line in lines]


def _diff_fence(fields: Sequence[FieldChange]) -> list[str]:
    lines: list[str] = []
    for field in fields[:_FIELDS_SHOWN]:
        lines += _field_lines(field)
    if len(fields) > _FIELDS_SHOWN:
        rest = fields[_FIELDS_SHOWN:]
        lines.append(f"  … and {plural(len(rest), 'field')} more: {cut(names_more(rest), 3 * _LINE_LIMIT)}")
    return fence(lines, "diff") if lines else []


def _field_lines(field: FieldChange) -> Iterator[str]:
    """Lines that start with ``+`` or ``-`` are coloured; the name of what changes is none of them."""
    sign = FIELD_SIGNS.get(field.action, "~")
    line = one_line(field, 100)
    if line is not None and field.action != "update":
        yield f"{sign} {line}"
        return
    yield f"  {cut(show_path(field.path), _LINE_LIMIT)}:"
    diff = small_diff(field)
    for row in islice(diff, _LINES_SHOWN):
        yield f"{row.sign}   {cut_value(row.text, _LINE_LIMIT)}".rstrip()
    more = lines_more(diff)
    if more:
        yield f"    … {more}"


def _outputs(outputs: Sequence[OutputChange], options: RenderOptions) -> Iterator[SectionItem]:
    return (_output(output, options) for output in outputs)


def _output(output: OutputChange, options: RenderOptions) -> SectionItem:
    start = f"- **{output.action.value}** {code(_short(visible(PREFIX + output.id)))}"
    where = f" · {_link(Location(output.file), options)}" if output.file else ""
    part = output.region or output.at
    where += f" {code(_short(visible(part)))}" if part else ""
    diff = output.diff.split("\n") if output.diff else []
    shown = [cut(visible(line), _LINE_LIMIT) for line in diff[:_LINES_SHOWN]]
    if len(diff) > _LINES_SHOWN:
        shown.append(f"  … {plural(len(diff) - _LINES_SHOWN, 'line')} more")
    long = [f"{start} ({output_reason(output)}){where}", *_indented(fence(shown, "diff") if shown else [])]
    return SectionItem("\n".join(long) + "\n", f"{start}{where}\n")


def _heals(heals: Sequence[Heal], _options: RenderOptions) -> Iterator[SectionItem]:
    for heal in heals:
        line = f"- {code(_short(visible(heal.address or heal.fragment)))}: {markdown(visible(heal.why))}\n"
        yield SectionItem(line, line)


def _drift(drifts: Sequence[Drift], options: RenderOptions) -> Iterator[SectionItem]:
    return (_drifted(drift, options) for drift in drifts)


def _drifted(drift: Drift, options: RenderOptions) -> SectionItem:
    start = f"- {code(_short(visible(drift.address)))}"
    gone = " is gone" if drift.gone else ""
    long = [f"{start}{gone} · {_link(drift_location(drift), options)}", *_indented(_diff_fence(drift.fields))]
    return SectionItem("\n".join(long) + "\n", f"{start}{gone}{_named(drift.fields)}\n")


def _link(location: Location, options: RenderOptions) -> str:
    """``path:line`` as code, as a link where the base is known and the path stays below it."""
    shown = code(_short(show_location(Location(location.path, location.line))))
    target = link_target(location, options)
    return f"[{shown}]({target})" if 0 < len(target) <= 3 * _NAME_LIMIT else shown


_DRAWN: Mapping[str, Callable[[Any, RenderOptions], Iterator[SectionItem]]] = {
    "notices": _notices,
    "problems": _problems,
    "changes": _changes,
    "outputs": _outputs,
    "heals": _heals,
    "drift": _drift,
}
"""How the items of each sort of part are drawn."""
