"""A plan as one page for a browser: to be looked at in a review, sent around, kept as an artifact, printed.

It loads nothing, and nothing of an entry is live in it (:mod:`registry_reconciler.web`). What it shows, and in which
order, is :mod:`registry_reconciler.report.outline`'s word, as for Markdown.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import runner_safe, visible
from registry_reconciler.report.html.items import ItemRenderer
from registry_reconciler.report.markdown_fit import Dialect, ReportSection, SectionItem, fit, size
from registry_reconciler.report.outline import (
    ReportPart,
    brakes,
    count_words,
    outline,
    title_words,
    verdict_words,
)
from registry_reconciler.report.words import Verdict, command_line, lead_words, verdict

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan
    from registry_reconciler.report.options import RenderOptions

__all__ = ["failed", "render"]

MOST_BYTES = 9_800_000
"""A page that a browser shows at once, and that people can send around."""

_DETAILS_PER_CENT = 90
"""So much of a page the changes and the files may take together; the files come first, or the last changes took all."""

_FOLDED = ("fixed", "suppressed", "records")
"""Parts that nobody has to look at."""

_HERE = Path(__file__).parent


def render(plan: Plan, options: RenderOptions) -> str:
    """The page of a plan, at most about 9.8 million bytes long."""
    page = _frame()
    limit = MOST_BYTES if options.max_bytes is None else options.max_bytes
    items = ItemRenderer(plan, options)
    written = tuple(items.files(plan)) if options.command not in ("check", "drift") else ()
    items.detail_bytes = limit * _DETAILS_PER_CENT // 100 - sum(size(entry.long) for entry in written)
    sections = [_section(part, number, items) for number, part in enumerate(outline(plan, options))]
    if written:
        head = str(page.group_head("files", "Files as they will be written", f"{len(written):,}"))
        sections.append(ReportSection(head, written, str(page.group_tail()), ("file", "files")))
    sections.append(_provenance(plan, options))
    head = str(page.start(**_head(plan, options))).lstrip()
    tail = str(page.end(script=_script()))
    return fit(head, sections, options, limit - size(tail), _dialect()) + tail


def failed(message: str, options: RenderOptions) -> str:
    """The page when there is no plan to show: it replaces one that is no longer true."""
    page = _frame()
    label = f" ({visible(options.label)})" if options.label else ""
    title = f"Registry {visible(options.command)}{label}: failed"
    return str(page.failed(title=title, message=message, **_page())).lstrip()


def _frame() -> Any:
    """The page around the items."""
    from registry_reconciler.web import macros

    return macros(_HERE, "report.html.j2")


def _dialect() -> Dialect:
    page = _frame()
    return Dialect(
        runner_safe,
        lambda count: str(page.cut_line(count)),
        lambda cut_words, command: str(page.cut_note(cut_words, command)),
    )


def _page() -> dict[str, Any]:
    """What the frame of a page is made with."""
    from registry_reconciler.web import inline, inline_policy, page_style

    style, script = page_style(), _script()
    return {"policy": inline_policy([style], [script]), "style": inline(style)}


def _script() -> Any:
    from registry_reconciler.web import inline

    return inline((_HERE / "report.js").read_text(encoding="utf-8"))


def _head(plan: Plan, options: RenderOptions) -> dict[str, Any]:
    from registry_reconciler.model.plan_json import next_commands

    label = f" ({visible(options.label)})" if options.label else ""
    is_plan = not options.base and options.command not in ("check", "drift")
    plan_id = plan.plan_id if is_plan else None
    commands = [] if options.command == "drift" else [*next_commands(plan, plan_id)]
    parts = outline(plan, options)
    return {
        **_page(),
        "title": f"{title_words(options)}{label}: {verdict_words(plan, options.command)}",
        "tone": _tone(plan, options),
        "counts": count_words(plan, options.command),
        "base": options.base,
        "plan_id": plan_id if not plan.empty else None,
        "brakes": [problem.message for problem in brakes(plan)] if options.command != "drift" else [],
        "lead": lead_words(plan),
        "commands": [command_line(words) for words in commands],
        "contents": [(_anchor(part, number), part.title, part.count) for number, part in enumerate(parts)],
    }


def _tone(plan: Plan, options: RenderOptions) -> str:
    if options.command == "drift":
        return "changes" if plan.drift or plan.edited_outputs else "none"
    return {Verdict.BLOCKED: "blocked", Verdict.CHANGES: "changes", Verdict.NONE: "none"}[verdict(plan)]


def _anchor(part: ReportPart, number: int) -> str:
    return part.name if part.name != "kind" else f"changes-{number}"


def _section(part: ReportPart, number: int, items: ItemRenderer) -> ReportSection:
    page = _frame()
    name = _anchor(part, number)
    if part.is_open:
        head, tail = page.group_head(name, part.title, part.count), page.group_tail()
    else:
        is_open = part.name not in _FOLDED
        head, tail = page.fold_head(name, part.title, part.count, part.lead, is_open), page.fold_tail()
    return ReportSection(str(head), tuple(items.drawn(part)), str(tail), part.noun)


def _provenance(plan: Plan, options: RenderOptions) -> ReportSection:
    """What the report rests on: the options, and every file with its digest."""
    from registry_reconciler.model.plan_json import plan_inputs

    page = _frame()
    words = command_line(["registry", options.command, *_options_typed(plan, options)])
    inputs = [(path, digest or "not there") for path, digest in plan_inputs(plan).items()]
    text = str(
        page.provenance(words, options.base, inputs[:_INPUTS_SHOWN], max(len(inputs) - _INPUTS_SHOWN, 0))
    )
    return ReportSection(text, (SectionItem("", ""),), str(page.provenance_tail()), ("input", "inputs"))


_INPUTS_SHOWN = 2_000


def _options_typed(plan: Plan, options: RenderOptions) -> tuple[str, ...]:
    from registry_reconciler.model.plan_json import option_arguments

    return option_arguments(plan.options) if options.command != "drift" else ()
