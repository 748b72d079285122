"""The pages over the repositories of a fleet: which there are, what refers from one to another, search over all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry_reconciler.base.escape import json_text, visible
from registry_reconciler.fleet.catalogue import Catalogue
from registry_reconciler.fleet.catalogue.known import RepositoryRow
from registry_reconciler.fleet.site.across import Across
from registry_reconciler.model.written import dumps
from registry_reconciler.picture import Arrow, Picture, svg
from registry_reconciler.picture.choose import MOST_NODES
from registry_reconciler.site.catalogue import entry_path, page_name
from registry_reconciler.site.pages import POLICY

FOLDER = "repositories"

_SEARCHED = 20_000
"""So many entries are searched by their words too; of more by their names alone, or the page would be too large."""

_HERE = Path(__file__).parent


def top_pages(
    catalogue: Catalogue, rows: Sequence[RepositoryRow], across: Across, title: str
) -> Iterator[tuple[str, bytes]]:
    """Every file of the pages over all."""
    from registry_reconciler.site import pages as site
    from registry_reconciler.web import file_text, macros, page_style

    folder = Path(site.__file__).parent
    shared, own = macros(folder, "site.html.j2"), macros(_HERE, "fleet.html.j2")
    frame = shared.before(POLICY), own.behind(title), shared.foot("")
    arrows = list(_arrows(across))
    parts: dict[str, Any] = {
        "title": title,
        "frame": frame,
        "repositories": [_row(row) for row in rows],
        "total": sum(row.entries for row in rows),
        "arrows": [(arrow, _link(arrow.source), _link(arrow.target)) for arrow in arrows],
        "picture": _picture(arrows),
    }
    yield "index.html", (str(own.index(**parts)).strip() + "\n").encode()
    yield "assets/site.css", page_style().encode()
    yield "assets/site.js", (folder / "site.js").read_bytes() + file_text("picture.js").encode()
    yield "assets/search.js", _search(catalogue, sum(row.entries for row in rows)).encode()


def _row(row: RepositoryRow) -> tuple[str, str, str, str, int, int]:
    day = datetime.fromtimestamp(row.time, UTC).strftime("%Y-%m-%d") if row.time else ""
    return row.name, _link(row.name), row.commit[:12], day, row.entries, row.problems


def _link(repository: str) -> str:
    return f"{FOLDER}/{page_name(repository)}/index.html"


def _arrows(across: Across) -> Iterator[Arrow]:
    fields: dict[tuple[str, str], set[str]] = {}
    for source, ends in sorted(across.out.items()):
        for (address, _), end in ends.items():
            fields.setdefault((source, end.repository), set()).add(address.partition("/")[0])
    for (source, target), kinds in sorted(fields.items()):
        yield Arrow(source, target, tuple(sorted(kinds)))


def _picture(arrows: Sequence[Arrow]) -> Any:
    nodes = tuple(sorted({name for arrow in arrows for name in (arrow.source, arrow.target)}))
    if not nodes or len(nodes) > MOST_NODES:
        return ""  # nobody reads a picture of so many; the list below has all
    return svg(Picture(nodes, tuple(arrows)), _link, alone=False)


def _search(catalogue: Catalogue, count: int) -> str:
    words = ", e.words" if count <= _SEARCHED else ", ''"
    found = catalogue.rows(
        f"SELECT r.name AS repository, e.kind, e.key, e.name{words} FROM registry_entries e "
        "JOIN registry_repositories r ON r.id = e.repository WHERE e.until IS NULL ORDER BY r.name, e.kind, e.key"
    )
    rows = (
        [
            f"{FOLDER}/{page_name(row[0])}/{entry_path(row[1], row[2])}",
            f"{row[0]}: {row[1]}/{row[2]}",
            row[3],
            row[4],
        ]
        for row in found
    )
    text = ",\n".join(json_text(dumps([visible(part) for part in row])) for row in rows)
    return f"window.registryPages = [\n{text}\n];\n"
