"""All that a catalogue knows of one repository, for pages that show it whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from registry_reconciler.fleet.catalogue.known import RepositoryRow
from registry_reconciler.fleet.catalogue.lookup import Catalogue
from registry_reconciler.fleet.catalogue.publication import ALIAS, PublishedKind, PublishedProblem

if TYPE_CHECKING:
    from sqlalchemy import Connection


class ContentEntry(Struct, frozen=True):
    """An entry as it is now; ``value`` is JSON."""

    kind: str
    key: str
    name: str
    status: str
    value: str
    file: str
    line: int
    aliases: tuple[str, ...]

    @property
    def address(self) -> str:
        """Kind and key."""
        return f"{self.kind}/{self.key}"


class ContentLink(Struct, frozen=True):
    """A reference of an entry, as it stands there."""

    address: str
    field: str
    kinds: tuple[str, ...]
    key: str
    in_fleet: bool


class EntrySpan(Struct, frozen=True):
    """Since which commit an entry says something; ``first``: it came then."""

    commit: str
    time: int
    first: bool


class Contents(Struct, frozen=True):
    """One repository.

    Attributes:
        history: by address, the newest first.
    """

    row: RepositoryRow
    entries: tuple[ContentEntry, ...]
    links: tuple[ContentLink, ...]
    problems: tuple[PublishedProblem, ...]
    kinds: tuple[PublishedKind, ...]
    history: Mapping[str, tuple[EntrySpan, ...]]


def contents_of(catalogue: Catalogue, row: RepositoryRow) -> Contents:
    """All of a repository, as of the moment of the catalogue."""
    mine = {"repository": row.number}
    here = "repository = :repository"
    aliases: dict[int, list[str]] = {}
    for entry, value in catalogue.rows(
        "SELECT l.entry, l.value FROM registry_labels l JOIN registry_entries e ON e.id = l.entry "
        f"WHERE e.{here} AND e.until IS NULL AND l.sort = :sort",
        {**mine, "sort": ALIAS},
    ):
        aliases.setdefault(entry, []).append(value)
    entries = catalogue.rows(
        "SELECT id, kind, key, name, status, value, file, line FROM registry_entries "
        f"WHERE {here} AND until IS NULL ORDER BY kind, key",
        mine,
    )
    links = catalogue.rows(
        "SELECT e.kind, e.key AS source, l.field, l.kinds, l.key, l.in_fleet FROM registry_links l "
        f"JOIN registry_entries e ON e.id = l.entry WHERE e.{here} AND e.until IS NULL",
        mine,
    )
    problems = catalogue.rows(
        "SELECT code, severity, message, address, file, line, blocking FROM registry_problems "
        f"WHERE {here} ORDER BY code, file, line",
        mine,
    )
    kinds = catalogue.rows(
        f"SELECT name, title, description, schema FROM registry_kinds WHERE {here} ORDER BY name", mine
    )
    return Contents(
        row,
        tuple(
            ContentEntry(
                entry.kind,
                entry.key,
                entry.name,
                entry.status,
                entry.value,
                entry.file,
                entry.line,
                tuple(aliases.get(entry.id, ())),
            )
            for entry in entries
        ),
        tuple(
            ContentLink(
                f"{link.kind}/{link.source}",
                link.field,
                tuple(link.kinds.split(" ")),
                link.key,
                bool(link.in_fleet),
            )
            for link in links
        ),
        tuple(_problem(problem) for problem in problems),
        tuple(PublishedKind(*kind) for kind in kinds),
        _history(catalogue, mine),
    )


def _problem(row: Any) -> PublishedProblem:
    return PublishedProblem(
        row.code, row.severity, row.message, row.address, row.file, row.line, bool(row.blocking)
    )


def _history(catalogue: Catalogue, mine: Mapping[str, Any]) -> dict[str, tuple[EntrySpan, ...]]:
    rows = catalogue.rows(
        "SELECT e.kind, e.key, p.revision, p.time FROM registry_entries e "
        "JOIN registry_publications p ON p.id = e.since WHERE e.repository = :repository ORDER BY e.id",
        mine,
    )
    found: dict[str, list[EntrySpan]] = {}
    for row in rows:
        spans = found.setdefault(f"{row.kind}/{row.key}", [])
        spans.insert(0, EntrySpan(row.revision, row.time, not spans))
    return {address: tuple(spans) for address, spans in found.items()}


def known_commits(connection: Connection) -> dict[str, tuple[str, str]]:
    """The commit that the catalogue has, and how it was read, by repository."""
    from sqlalchemy import text

    rows = connection.execute(
        text(
            "SELECT r.name, p.revision, r.reading FROM registry_repositories r "
            "JOIN registry_publications p ON p.id = r.publication"
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows}
