"""What the catalogue of a fleet knows of one repository, as the pages of a workspace's catalogue show it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from registry_reconciler.fleet.catalogue.contents import ContentEntry, Contents
from registry_reconciler.fleet.catalogue.publication import PublishedProblem
from registry_reconciler.fleet.site.across import Across, End
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import Location, Place, split_address
from registry_reconciler.model.kind import Kind, KindError, parse_kind
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.picture import References
from registry_reconciler.queries.graph import Edge
from registry_reconciler.queries.show import Listed
from registry_reconciler.rules import all_rules
from registry_reconciler.schema.view import View
from registry_reconciler.schema.walk import Folder
from registry_reconciler.site.catalogue import (
    FINDINGS_SHOWN,
    EntryApply,
    EntryPage,
    SiteCatalogue,
    entry_path,
    kind_path,
    page_name,
)

_SPANS = 20


def gathered(known: Contents, across: Across) -> SiteCatalogue:
    """A repository as :func:`registry_reconciler.site.pages_of` draws it.

    An entry of another repository is named with it (``shop: skill/pay``), and leads to its page there.
    """
    kinds = dict(_kinds(known))
    problems = [_problem(fault) for fault in known.problems]
    found = {problem.code for problem in problems}
    rules = tuple(rule for rule in all_rules() if rule.code in found)
    links = {name: kind_path(name) for name in kinds}
    links.update((entry.address, entry_path(entry.kind, entry.key)) for entry in known.entries)
    links.update((rule.code, f"rules/{rule.code}.html") for rule in rules)
    edges = tuple(sorted(set(_edges(known, across))))
    for end in _ends(known.row.name, across):
        kind, key = split_address(end.address)
        there = f"../{page_name(end.repository)}"
        links[_named(end)] = f"{there}/{entry_path(kind, key)}"
        links[f"{end.repository}: {kind}"] = f"{there}/{kind_path(kind)}"
    entries = {page.listed.address: page for page in _entries(known, kinds, links, problems)}
    of_kind: dict[str, list[str]] = {name: [] for name in sorted(kinds)}
    for entry in known.entries:
        of_kind.setdefault(entry.kind, []).append(entry.address)
    findings: dict[str, list[Problem]] = {}
    for problem in problems:
        findings.setdefault(problem.code, []).append(problem)
    return SiteCatalogue(
        known.row.name,
        kinds,
        dict(_views(kinds)),
        entries,
        {kind: tuple(some) for kind, some in of_kind.items()},
        edges,
        References(edges),
        rules,
        {code: tuple(some[:FINDINGS_SHOWN]) for code, some in findings.items()},
        {code: len(some) for code, some in findings.items()},
        links,
    )


def _kinds(known: Contents) -> Iterator[tuple[str, Kind]]:
    for kind in known.kinds:
        try:
            yield kind.name, parse_kind(json.loads(kind.schema), kind.name)
        except (KindError, ValueError, KeyError):
            continue  # a program of another version published it, and knows more of kinds


def _views(kinds: dict[str, Kind]) -> Iterator[tuple[str, View]]:
    folder = Folder({name: kind.schema for name, kind in kinds.items()})
    for name in kinds:
        yield name, View(folder, name)


def _edges(known: Contents, across: Across) -> Iterator[Edge]:
    own = {entry.address for entry in known.entries}
    out = across.out.get(known.row.name, {})
    for link in known.links:
        target = next((f"{kind}/{link.key}" for kind in link.kinds if f"{kind}/{link.key}" in own), None)
        end = out.get((link.address, link.field))
        if target is not None:
            yield Edge(link.address, target, link.field)
        elif end is not None:
            yield Edge(link.address, _named(end), link.field)
        else:
            yield Edge(link.address, link.key, link.field, True)
    for target, source, field in across.into.get(known.row.name, ()):
        yield Edge(_named(source), target, field)


def _ends(repository: str, across: Across) -> Iterable[End]:
    yield from across.out.get(repository, {}).values()
    for _, source, _ in across.into.get(repository, ()):
        yield source


def _named(end: End) -> str:
    return f"{end.repository}: {end.address}"


def _problem(fault: PublishedProblem) -> Problem:
    place = Location(fault.file, fault.line)
    severity = Severity(fault.severity)
    return Problem(
        fault.code, fault.code, severity, fault.message, Place(fault.file), fault.address, location=place
    )


def _entries(
    known: Contents, kinds: dict[str, Kind], links: dict[str, str], problems: list[Problem]
) -> Iterator[EntryPage]:
    of: dict[str, list[Problem]] = {}
    for problem in problems:
        of.setdefault(problem.address, []).append(problem)
    for entry in known.entries:
        location, declared = Location(entry.file, entry.line), entry.file.startswith(f"{DESIRED_FOLDER}/")
        kind = kinds.get(entry.kind)
        yield EntryPage(
            Listed(
                entry.address, declared, "registered", entry.file, kind is not None and kind.truth == "live"
            ),
            entry.kind,
            entry.key,
            links[entry.address],
            entry.name,
            entry.aliases,
            json.loads(entry.value),
            location if declared else None,
            None if declared else location,
            tuple(of.get(entry.address, ())),
            tuple(_applies(known, entry)),
        )


def _applies(known: Contents, entry: ContentEntry) -> Iterator[EntryApply]:
    for span in known.history.get(entry.address, ())[:_SPANS]:
        when = datetime.fromtimestamp(span.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield EntryApply(when, f"commit {span.commit[:12]}", "", "create" if span.first else "update", ())
