"""The parts of a report for people, the most important first: the same for Markdown and for a browser.

What a part holds, what it is called and in which order the parts come is decided here. The formats only draw them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.model.change import Change
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.problem import Problem, Severity, Status
from registry_reconciler.report.model import by_kind, causes, loses
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.words import (
    Verdict,
    count_changes,
    count_outputs,
    count_problems,
    is_suppressed,
    plural,
    verdict,
    what_else,
)

Noun = tuple[str, str]
"""One, and several."""

BLOCKING = ("blocking problem", "blocking problems")
LOSSES = ("change that loses something", "changes that lose something")

_KIND_PARTS = 50
"""So many kinds have a part of their own; the changes of further ones share one."""

_BRAKES = "BRK"


class ReportPart(Struct, frozen=True):
    """One part of a report.

    Attributes:
        name: one word for it, of which there is one in a report but for ``kind``.
        holds: what ``items`` are.
        count: what stands beside the title.
        noun: what is said of items that are left out.
        is_open: it is shown at once; else its title alone, until somebody opens it.
        lead: a title above this part and those of the same sort behind it.
        kind: of changes of one kind, which.
    """

    name: str
    holds: Literal["notices", "problems", "changes", "outputs", "heals", "drift"]
    title: str
    count: str
    noun: Noun
    items: Sequence[Any]
    is_open: bool = False
    lead: str = ""
    kind: str = ""


def outline(plan: Plan, options: RenderOptions) -> list[ReportPart]:
    """The parts that a report of a plan has: none of them is empty."""
    drift = _part("drift", "drift", "Edited by hand", _EDITED, plan.drift)
    if options.command == "drift":
        outputs = _part("outputs", "outputs", "Outputs", ("output", "outputs"), plan.edited_outputs)
        return [part for part in (drift, outputs) if part.items]
    shelves = _shelves(plan)
    parts = [
        _part("notices", "notices", "Check these first", ("notice", "notices"), plan.notices, is_open=True),
        _problems("blocking", "Blocking problems", BLOCKING, list(plan.blocking), is_open=True),
        *((*_changes(plan.changes), *_beside(plan), drift) if options.command != "check" else ()),
        _problems("warnings", "Warnings", ("warning", "warnings"), shelves["warnings"]),
        _problems("errors", "Errors that do not block", _NOT_BLOCKING, shelves["errors"]),
        _problems("fixed", "Fixed by this", ("fixed problem", "fixed problems"), shelves["fixed"]),
        _problems("suppressed", "Allowed or baselined", _SUPPRESSED, shelves["suppressed"]),
        _problems("records", "Records", ("record", "records"), shelves["records"]),
    ]
    return [part for part in parts if part.items]


_EDITED = ("entry edited by hand", "entries edited by hand")
_NOT_BLOCKING = ("error that does not block", "errors that do not block")
_SUPPRESSED = ("suppressed problem", "suppressed problems")
_MENDED = ("record to mend", "records to mend")


def _part(
    name: str, holds: Any, title: str, noun: Noun, items: Sequence[Any], *, is_open: bool = False
) -> ReportPart:
    return ReportPart(name, holds, title, f"{len(items):,}", noun, items, is_open)


def _problems(
    name: str, title: str, noun: Noun, problems: Sequence[Problem], *, is_open: bool = False
) -> ReportPart:
    return ReportPart(name, "problems", title, f"{len(problems):,}", noun, causes(problems), is_open)


def _beside(plan: Plan) -> Iterator[ReportPart]:
    yield _part("outputs", "outputs", "Outputs", ("output", "outputs"), plan.outputs)
    count = f"{len(plan.heals):,} to mend"
    yield ReportPart("heals", "heals", "Only the state", count, _MENDED, plan.heals)


def _shelves(plan: Plan) -> dict[str, list[Problem]]:
    shelves: dict[str, list[Problem]] = {
        name: [] for name in ("errors", "warnings", "fixed", "suppressed", "records")
    }
    for problem in plan.problems:
        if not problem.blocking:
            shelves[_shelf(problem)].append(problem)
    return shelves


def _shelf(problem: Problem) -> str:
    if problem.status is Status.FIXED:
        return "fixed"
    if is_suppressed(problem):
        return "suppressed"
    return {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.RECORD: "records"}[
        problem.severity
    ]


def _changes(changes: Sequence[Change]) -> Iterator[ReportPart]:
    """What is lost in one part, all other changes by their kind."""
    going = [change for change in changes if loses(change)]
    if going:
        items = [change for some in by_kind(going).values() for change in some]
        yield ReportPart(
            "losses",
            "changes",
            "Deletions and other losses",
            count_changes(items),
            LOSSES,
            items,
            is_open=True,
        )
    ordered = list(by_kind(change for change in changes if not loses(change)).items())
    if len(ordered) > _KIND_PARTS:
        others = [change for _, some in ordered[_KIND_PARTS:] for change in some]
        ordered = [*ordered[:_KIND_PARTS], ("", others)]
    for number, (kind, some) in enumerate(ordered):
        lead = ("Other changes" if going else "Changes") if number == 0 else ""
        title = visible(kind) or "other kinds"
        yield ReportPart(
            "kind", "changes", title, count_changes(some), ("change", "changes"), some, lead=lead, kind=kind
        )


# The head


def title_words(options: RenderOptions) -> str:
    """What a report is of: ``Registry plan``, ``Registry review``."""
    return "Registry review" if options.base else f"Registry {visible(options.command)}"


def verdict_words(plan: Plan, command: str) -> str:
    """What a report says first, in words."""
    if command == "drift":
        edited = [
            plural(len(items), noun)
            for items, noun in ((plan.drift, "entry"), (plan.edited_outputs, "output"))
            if items
        ]
        return f"{' and '.join(edited)} edited by hand" if edited else "none"
    found = verdict(plan)
    if found is Verdict.BLOCKED:
        return f"blocked by {plural(len(plan.blocking), 'problem')}"
    if command == "check":
        return "nothing blocks"
    if found is Verdict.CHANGES:
        return plural(len(plan.changes), "change") if plan.changes else what_else(plan)
    return "no changes"


def count_words(plan: Plan, command: str) -> str:
    """How much of everything there is, in one line; "" where the verdict says it all."""
    if command == "drift":
        return ""
    if command == "check":
        return f"{count_problems(plan) or 'No problems'}."
    counts = [count_changes(plan.changes) or what_else(plan), count_outputs(plan), count_problems(plan)]
    unchanged = f"{plan.unchanged:,} unchanged, {plan.unmanaged:,} unmanaged"
    return "; ".join([*filter(None, counts), unchanged]) + "."


def brakes(plan: Plan) -> list[Problem]:
    """The brakes that hold this plan: what it would delete or empty is more than may be at once."""
    return [problem for problem in plan.blocking if problem.code.startswith(_BRAKES)]
