"""The pages of a catalogue, one after the other: path and bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from registry_reconciler.base.escape import json_text, visible
from registry_reconciler.model.entry import FieldPath, show_path, split_address, texts_in
from registry_reconciler.model.plan_json import problem_location
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.model.written import dumps
from registry_reconciler.picture import Picture, References, of_kinds, svg
from registry_reconciler.queries.graph import Edge
from registry_reconciler.report.words import SIGNS, show_location
from registry_reconciler.site.catalogue import EntryPage, SiteCatalogue
from registry_reconciler.site.values import Line, lines_of

if TYPE_CHECKING:
    from registry_reconciler.model.kind import Kind

_HERE = Path(__file__).parent

POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"
"""Style and scripts are files of the catalogue, and nothing else is loaded."""

_NODES = 60
"""So many entries are in the picture of an entry's page; the lists below it have all of them."""

_LISTED = 1_000
"""So many references are listed on one page."""

_ON_ONE_PAGE = 500
"""So many entries are listed on one page of their kind: a browser that leaves a page of 10,000 takes its time."""

_SEARCHED = 4_000
"""So many characters of an entry can be found by a search."""

_SIGNS = {action.value: sign for action, sign in SIGNS.items()}


_Field = tuple[str, str, list[Line]]
"""A field of an entry: its name, its description and its value."""

_FIRST_STEP = re.compile(r"[.\[]")


class ProblemRow(Struct, frozen=True):
    """A problem in a list, with where its entry and its rule have their pages."""

    code: str
    severity: str
    message: str
    address: str
    place: str
    fix: str
    standing: str


class Above(Struct, frozen=True):
    """A page over the catalogue, to which each of its pages leads.

    Attributes:
        path: from the folder of the catalogue, such as ``../index.html``.
    """

    title: str
    path: str


def pages_of(catalogue: SiteCatalogue, above: Above | None = None) -> Iterator[tuple[str, bytes]]:
    """Every file of a catalogue: its path and what it holds."""
    drawing = _Drawing(catalogue, above)
    yield "index.html", drawing.index()
    yield "graph.html", drawing.graph()
    yield "rules.html", drawing.rules()
    for kind in catalogue.of_kind:
        if kind in catalogue.links:
            yield from drawing.kind(kind)
    for rule in catalogue.rules:
        yield catalogue.links[rule.code], drawing.rule(rule)
    for entry in catalogue.entries.values():
        yield entry.path, drawing.entry(entry)
    yield from _assets(catalogue)


def search_rows(catalogue: SiteCatalogue) -> Iterator[list[str]]:
    """What can be searched, page by page: its path, what it is, its name, and its words."""
    for entry in catalogue.entries.values():
        words = " ".join(texts_in(entry.value))[:_SEARCHED]
        yield [entry.path, entry.listed.address, entry.name, words]
    for rule in catalogue.rules:
        yield [catalogue.links[rule.code], rule.code, rule.title, "rule"]


def _assets(catalogue: SiteCatalogue) -> Iterator[tuple[str, bytes]]:
    from registry_reconciler.web import file_text, page_style

    yield "assets/site.css", page_style().encode()
    yield "assets/site.js", (_HERE / "site.js").read_bytes() + file_text("picture.js").encode()
    # A script and no JSON: where there is no host, a page may load scripts and nothing else.
    text = ",\n".join(json_text(dumps([visible(part) for part in row])) for row in search_rows(catalogue))
    yield "assets/search.js", f"window.registryPages = [\n{text}\n];\n".encode()


class _Drawing:
    """Draws the pages of one catalogue."""

    def __init__(self, catalogue: SiteCatalogue, above: Above | None) -> None:
        from registry_reconciler.web import macros

        self._catalogue = catalogue
        self._above = above
        self._frames: dict[int, tuple[Any, Any, Any]] = {}
        self._page = macros(_HERE, "site.html.j2")
        self._kinds = of_kinds(catalogue.edges, catalogue.kinds)
        self._related = References(
            Edge(arrow.source, arrow.target, field) for arrow in self._kinds.arrows for field in arrow.fields
        )

    def _frame(self, depth: int) -> tuple[Any, Any, Any]:
        """What pages of one depth have in common: what is before their title, what is behind it, and the end."""
        frame = self._frames.get(depth)
        if frame is None:
            up, page = "../" * depth, self._page
            frame = page.before(POLICY), page.behind(self._catalogue.title, up, self._above), page.foot(up)
            self._frames[depth] = frame
        return frame

    def _made(self, name: str, title: str, path: str, **parts: Any) -> bytes:
        page, frame = getattr(self._page, name), self._frame(path.count("/"))
        return (
            str(page(title=title, site=self._catalogue.title, frame=frame, **parts)).strip() + "\n"
        ).encode()

    def _link(self, path: str) -> Callable[[str], str]:
        up = "../" * path.count("/")

        def link(address: str) -> str:
            there = self._catalogue.links.get(address, "")
            return f"{up}{there}" if there else ""

        return link

    def index(self) -> bytes:
        """The first page: the kinds, how many problems stand, what refers to what."""
        catalogue = self._catalogue
        link = self._link("")
        kinds = [
            (name, link(name), self._about(name), len(some), self._problems_in(some))
            for name, some in catalogue.of_kind.items()
        ]
        counts = dict.fromkeys(Severity, 0)
        for found in catalogue.findings.values():
            counts[found[0].severity] += catalogue.counts[found[0].code]
        return self._made(
            "index",
            catalogue.title,
            "",
            kinds=kinds,
            total=len(catalogue.entries),
            findings=[(severity.value, count) for severity, count in counts.items() if count],
            picture=self._picture(self._kinds, link),
        )

    def _about(self, name: str) -> str:
        kind = self._catalogue.kinds.get(name)
        return " ".join((kind.description or kind.title).split()) if kind is not None else ""

    def _problems_in(self, addresses: Sequence[str]) -> int:
        return sum(bool(self._catalogue.entries[address].problems) for address in addresses)

    def _picture(self, picture: Picture, link: Callable[[str], str]) -> Any:
        return svg(picture, link, alone=False) if picture.arrows else ""

    def graph(self) -> bytes:
        """The kinds among each other, as picture and list."""
        link = self._link("")
        arrows = [(arrow, link(arrow.source), link(arrow.target)) for arrow in self._kinds.arrows]
        picture = self._picture(self._kinds, link)
        return self._made("graph", "What refers to what", "", picture=picture, arrows=arrows)

    def rules(self) -> bytes:
        """Every rule with the number of its present findings; those that have some first."""
        catalogue = self._catalogue
        link = self._link("")
        rows = [
            (rule.code, link(rule.code), rule.title, rule.severity.value, catalogue.counts.get(rule.code, 0))
            for rule in catalogue.rules
        ]
        return self._made(
            "rules",
            "Rules",
            "",
            found=[row for row in rows if row[4]],
            others=[row for row in rows if not row[4]],
        )

    def rule(self, rule: Any) -> bytes:
        """One rule: what it checks, why, and its present findings."""
        catalogue = self._catalogue
        path = catalogue.links[rule.code]
        found = catalogue.findings.get(rule.code, ())
        return self._made(
            "rule",
            f"{rule.code}: {rule.title}",
            path,
            rule=rule,
            page=rule.page,
            examples=[(words, text.rstrip("\n").split("\n")) for words, text in _examples(rule.page) if text],
            rows=[self._row(problem) for problem in found],
            more=catalogue.counts.get(rule.code, 0) - len(found),
            link=self._link(path),
        )

    def kind(self, name: str) -> Iterator[tuple[str, bytes]]:
        """One kind: what its fields mean, its entries, the kinds beside it. Many entries take several pages."""
        catalogue = self._catalogue
        first = catalogue.links[name]
        addresses = catalogue.of_kind[name]
        starts = range(0, len(addresses), _ON_ONE_PAGE) or range(1)
        paths = [
            first,
            *(f"{first.removesuffix('.html')}/{number + 2}.html" for number in range(len(starts) - 1)),
        ]
        spans = [_span(addresses[start : start + _ON_ONE_PAGE]) for start in starts]
        for number, (path, start) in enumerate(zip(paths, starts, strict=True)):
            some = [catalogue.entries[address] for address in addresses[start : start + _ON_ONE_PAGE]]
            parts = [
                (_relative(path, other), span, other is path)
                for other, span in zip(paths, spans, strict=True)
            ]
            yield path, self._kind_page(name, path, number, some, parts)

    def _kind_page(
        self,
        name: str,
        path: str,
        number: int,
        entries: Sequence[EntryPage],
        parts: Sequence[tuple[str, tuple[str, str], bool]],
    ) -> bytes:
        """One page of a kind: the first has what is said of the kind, each has some of its entries."""
        link = self._link(path)
        kind = self._catalogue.kinds[name]
        return self._made(
            "kind",
            name,
            path,
            kind=kind,
            number=number,
            about=self._about(name),
            key=", ".join(selector.text for selector in kind.key),
            fields=list(self._fields_of(name, kind)) if number == 0 else [],
            references=[
                (reference.field.text, [(target, link(target)) for target in reference.kinds])
                for reference in kind.references
            ],
            total=len(self._catalogue.of_kind[name]),
            entries=[
                (entry.key, link(entry.listed.address), entry.name, entry.listed.status, len(entry.problems))
                for entry in entries
            ],
            parts=parts if len(parts) > 1 else [],
            before=parts[number - 1][0] if number else "",
            behind=parts[number + 1][0] if number + 1 < len(parts) else "",
            picture=self._picture(self._related.around(name, 1), link) if number == 0 else "",
        )

    def _fields_of(self, name: str, kind: Kind) -> Iterator[tuple[str, bool, str]]:
        view = self._catalogue.views.get(name)
        if view is None:
            return
        required = kind.schema.get("required")
        must = set(map(str, required)) if isinstance(required, list) else set()
        for field in _in_order(kind, view.fields(())):
            yield field, field in must, view.description((field,))

    def entry(self, entry: EntryPage) -> bytes:
        """One entry with all that is known of it."""
        catalogue = self._catalogue
        address = entry.listed.address
        link = self._link(entry.path)
        out = catalogue.references.out.get(address, [])
        into: dict[str, list[str]] = {}
        for edge in catalogue.references.into.get(address, ()):
            into.setdefault(edge.source, []).append(edge.field)
        around = catalogue.references.around(address, most=_NODES)
        places = [
            (word, show_location(place))
            for word, place in (("fragment", entry.desired), ("registry", entry.live))
            if place is not None
        ]
        return self._made(
            "entry",
            entry.name or entry.key,
            entry.path,
            entry=entry,
            address=address,
            kind=(entry.kind, link(entry.kind)),
            status=_status(entry),
            places=places,
            fields=list(self._values(entry, link)),
            out=[
                (edge.field, edge.target, link(edge.target), edge.dangling, edge.in_fleet)
                for edge in out[:_LISTED]
            ],
            into=[(source, link(source), fields) for source, fields in list(into.items())[:_LISTED]],
            more=max(len(into) - _LISTED, 0),
            picture=self._picture(around, link),
            left_out=around.left_out,
            rows=[self._row(problem) for problem in entry.problems],
            applies=[(applied, _SIGNS.get(applied.action, " ")) for applied in entry.applies],
            link=link,
        )

    def _values(self, entry: EntryPage, link: Callable[[str], str]) -> Iterator[_Field]:
        kind, view = self._catalogue.kinds.get(entry.kind), self._catalogue.views.get(entry.kind)
        if not isinstance(entry.value, dict):
            return
        edges = self._catalogue.references.out.get(entry.listed.address, ())
        targets = {edge.field: edge.target for edge in edges}
        # Most fields lead nowhere, and then nobody has to spell their paths.
        leading = {_FIRST_STEP.split(field, maxsplit=1)[0] for field in targets}

        def target(path: FieldPath) -> str:
            return link(targets.get(show_path(path), "")) if path[0] in leading else ""

        for name in _in_order(kind, entry.value) if kind is not None else entry.value:
            description = view.description((name,)) if view is not None else ""
            yield name, description, lines_of((name,), entry.value[name], target)

    def _row(self, problem: Problem) -> ProblemRow:
        from registry_reconciler.report.words import standing

        fix = problem.fix.description if problem.fix is not None else ""
        return ProblemRow(
            problem.code,
            problem.severity.value,
            problem.message,
            problem.address,
            show_location(problem_location(problem)),
            fix,
            standing(problem),
        )


def _examples(page: Any) -> tuple[tuple[str, str], ...]:
    return ("For example, this gives it", page.example), ("And so it is right", page.use_instead)


def _span(addresses: Sequence[str]) -> tuple[str, str]:
    """The keys from which to which a page goes."""
    keys = [split_address(address)[1] for address in addresses]
    return (keys[0], keys[-1]) if keys else ("", "")


def _relative(path: str, other: str) -> str:
    """The way from one page to another one."""
    return "../" * path.count("/") + other


def _in_order(kind: Kind | None, names: Any) -> list[str]:
    """Names in the order of the schema, those that it does not name behind."""
    properties = kind.schema.get("properties") if kind is not None else None
    first = [name for name in properties if name in names] if isinstance(properties, dict) else []
    return list(dict.fromkeys((*first, *names)))


_STATUS = {
    "registered": "registered",
    "pending": "not in the registries yet",
    "changed": "an apply would change it",
    "leaving": "no fragment declares it any more",
    "gone": "remembered, and not there any more",
}


def _status(entry: EntryPage) -> list[str]:
    listed = entry.listed
    owner = "the registry owns it" if listed.live_truth else "managed" if listed.managed else "not managed"
    return [_STATUS[listed.status], owner]
