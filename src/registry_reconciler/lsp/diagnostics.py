"""The problems of a plan as an editor shows them: those that ``registry check`` lists, in the same words.

Beside them, in the registries that are open, whose an entry is: an edit there is an edit by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lsprotocol import types

from registry_reconciler.base.escape import visible
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.cursor import compose, node_of
from registry_reconciler.lsp.text import IndexedText
from registry_reconciler.model.entry import Location
from registry_reconciler.model.problem import Problem, Severity, Status, listed, sort_key

SOURCE = "registry"
OWNER_SOURCE = "registry (owner)"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.RECORD: types.DiagnosticSeverity.Information,
}

_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|[^\s,\[\]{}#][^\s,\[\]{}]*")

MOST_OWNERS = 2_000
"""So many entries of one registry are marked as owned; nobody scrolls through more."""


def standing(look: BufferPlan) -> list[Problem]:
    """The problems that are there, in the order of the report; those that are allowed or known are not."""
    problems = (
        problem
        for problem in look.planning.plan.problems
        if problem.status is not Status.FIXED and problem.suppressed is None
    )
    return list(listed(sorted(problems, key=sort_key)))


Shown = dict[str, list[types.Diagnostic]]


def diagnostics(look: BufferPlan) -> Shown:
    """The diagnostics of every file that has some, by path."""
    return together(problems(look), owners(look))


def problems(look: BufferPlan) -> Shown:
    """The problems of every file that has some: a plan of a part is enough."""
    found: Shown = {}
    for problem in standing(look):
        where = problem.location or Location(problem.place.file)
        found.setdefault(where.path, []).append(_diagnostic(look, problem, where))
    return found


def owners(look: BufferPlan) -> Shown:
    """Whose the entries of the open registries are, by path: only a plan of the whole can tell."""
    found = {path: list(_owners(look, path)) for path in look.open}
    return {path: shown for path, shown in found.items() if shown}


def together(first: Shown, second: Shown) -> Shown:
    """The diagnostics of both."""
    return {path: [*first.get(path, ()), *second.get(path, ())] for path in {**first, **second}}


def _diagnostic(look: BufferPlan, problem: Problem, where: Location) -> types.Diagnostic:
    message = visible(problem.message)
    if problem.fix is not None and problem.fix.description:
        message += f"\nfix: {visible(problem.fix.description)}"
    return types.Diagnostic(
        range=range_of(look, where),
        message=message,
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        code_description=page_of(look, problem.code),
        source=SOURCE,
        related_information=list(_related(look, problem)) or None,
        data={"address": problem.address, "code": problem.code},
    )


def page_of(look: BufferPlan, code: str) -> types.CodeDescription | None:
    """The page of a rule, as it lies in the package: it needs no network. A rule of the workspace is its own page."""
    from registry_reconciler import rules

    own = look.planning.own.paths.get(code)
    if own is not None:
        return types.CodeDescription(href=uri_of(look, own))
    page = Path(rules.__file__).with_name("pages") / f"{code}.md"
    return types.CodeDescription(href=page.as_uri()) if code.isalnum() and page.is_file() else None


def _related(look: BufferPlan, problem: Problem) -> Iterator[types.DiagnosticRelatedInformation]:
    for related in problem.related:
        where = related.location or Location(related.place.file)
        yield types.DiagnosticRelatedInformation(
            location=location_of(look, where), message=visible(related.message)
        )


def uri_of(look: BufferPlan, path: str) -> str:
    """The address of a file for the editor."""
    known = look.open.get(path)
    return known.uri if known is not None else (look.root / path).as_uri()


def location_of(look: BufferPlan, where: Location) -> types.Location:
    """A place as the editor goes to it."""
    return types.Location(uri=uri_of(look, where.path), range=range_of(look, where))


def range_of(look: BufferPlan, where: Location) -> types.Range:
    """From a place to the end of the word that stands there."""
    text = look.text(where.path)
    if text is None or not where.line:
        return types.Range(types.Position(0, 0), types.Position(0, 0))
    start = text.place(where.line, where.column)
    match = _TOKEN.match(text.line(where.line - 1), max(where.column, 1) - 1)
    return span(text, start, start + (match.end() - match.start() if match else 0))


def span(text: IndexedText, start: int, end: int) -> types.Range:
    """A part of a text as the editor counts it."""
    return types.Range(types.Position(*text.position(start)), types.Position(*text.position(end)))


def _owners(look: BufferPlan, path: str) -> Iterator[types.Diagnostic]:
    """Each managed entry of a registry that is open: which fragment owns it."""
    text = look.text(path)
    kinds = {name for name, files in look.loaded.live.files_of.items() if path in files}
    if text is None or not kinds:
        return
    mine = [
        entry
        for entry in look.loaded.live.entries.values()
        if entry.kind in kinds and entry.place.file == path and entry.address in look.planning.desired.entries
    ][:MOST_OWNERS]
    documents = compose(look, path, text.source)
    locator = look.locator
    owners = [look.planning.desired.entries[entry.address].place for entry in mine]
    locator.prepare(owners)
    edited = {drift.address for drift in look.planning.plan.drift}
    for entry, owner in zip(mine, owners, strict=True):
        node = node_of(documents, entry.place.document, entry.place.path)
        if node is None:
            continue
        start = node.body
        line_end = text.source.find("\n", start)
        end = min(node.end, line_end if line_end >= 0 else len(text.source))
        where = visible(locator.location(owner).show(column=False))
        hand = "edited by hand; " if entry.address in edited else ""
        yield types.Diagnostic(
            range=span(text, start, max(start, end)),
            message=f"{visible(entry.address)}: {hand}owned by {where}. Edit it there.",
            severity=types.DiagnosticSeverity.Information,
            source=OWNER_SOURCE,
        )


def overlapping(look: BufferPlan, path: str, start: int, end: int) -> Iterable[Problem]:
    """The problems of a file that lie in a part of it."""
    text = look.text(path)
    if text is None:
        return
    for problem in standing(look):
        where = problem.location
        if where is None or where.path != path:
            continue
        reach = range_of(look, where)
        first = text.offset(reach.start.line, reach.start.character)
        last = text.offset(reach.end.line, reach.end.character)
        if first <= end and start <= last:
            yield problem
