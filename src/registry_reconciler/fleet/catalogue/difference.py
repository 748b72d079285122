"""What a publication changes of the rows that a catalogue has of its repository."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from registry_reconciler.fleet.catalogue import bulk
from registry_reconciler.fleet.catalogue.publication import Publication, PublishedEntry

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Difference(Struct, frozen=True):
    """What a publication changes: numbers of rows that end, rows that move, and entries that come."""

    removed: list[int]
    changed: list[int]
    moved: list[tuple[int, str, int]]
    new: list[PublishedEntry]


def compare(rows: Iterable[Any], entries: Iterable[PublishedEntry], unread: Iterable[str] = ()) -> Difference:
    """What is to be written. Pure.

    Args:
        rows: what is there now: number, kind, key, digest, file, line.
        unread: kinds of which what is not among the entries stays as it is.
    """
    there = {(row[1], row[2]): row for row in rows}
    found = Difference([], [], [], [])
    for entry in entries:
        row = there.pop((entry.kind, entry.key), None)
        if row is None or row[3] != entry.digest:
            found.new.append(entry)
            if row is not None:
                found.changed.append(row[0])
        elif (row[4], row[5]) != (entry.file, entry.line):
            found.moved.append((row[0], entry.file, entry.line))
    kept = set(unread)
    found.removed.extend(row[0] for row in there.values() if row[1] not in kept)
    return found


def rows_now(connection: Connection, repository: int) -> list[Any]:
    """The rows of a repository as they are: what :func:`compare` takes."""
    from sqlalchemy import text

    found = connection.execute(
        text(
            "SELECT id, kind, key, digest, file, line FROM registry_entries "
            "WHERE repository = :repository AND until IS NULL"
        ),
        {"repository": repository},
    )
    return list(found.all())


def rows_of(
    repository: int, number: int, entries: Iterable[PublishedEntry]
) -> tuple[list[bulk.Row], list[bulk.Row], list[bulk.Row]]:
    """The rows of entries that a publication brings: of entries, labels and links."""
    from registry_reconciler.fleet.catalogue.tables import first_number

    rows: list[bulk.Row] = []
    labels: list[bulk.Row] = []
    links: list[bulk.Row] = []
    first = first_number(number)
    for at, entry in enumerate(entries, first):
        kind, key, name, status, value, file, line, digest, words = (
            entry.kind,
            entry.key,
            entry.name,
            entry.status,
            entry.value,
            entry.file,
            entry.line,
            entry.digest,
            entry.words,
        )
        rows.append((at, repository, kind, key, name, status, value, file, line, digest, words, number, None))
        labels.extend((at, label.sort, label.value) for label in entry.labels)
        links.extend((at, link.field, " ".join(link.kinds), link.key, link.in_fleet) for link in entry.links)
    return rows, labels, links


def insert_entries(
    connection: Connection, repository: int, number: int, entries: list[PublishedEntry]
) -> None:
    """Put entries in, with their labels, references and words."""
    from registry_reconciler.fleet.catalogue.tables import ENTRIES, LABELS, LINKS

    rows, labels, links = rows_of(repository, number, entries)
    bulk.insert(connection, ENTRIES, rows)
    bulk.insert(connection, LABELS, labels)
    bulk.insert(connection, LINKS, links)
    bulk.index_words(connection, number)


def replace_problems_and_kinds(connection: Connection, repository: int, publication: Publication) -> None:
    """Problems and kinds: those of now, and no history of them."""
    from sqlalchemy import delete

    from registry_reconciler.fleet.catalogue.tables import KINDS, PROBLEMS

    for table in (PROBLEMS, KINDS):
        connection.execute(delete(table).where(table.c.repository == repository))
    problems: list[bulk.Row] = [
        (repository, *(getattr(fault, column.name) for column in list(PROBLEMS.columns)[1:]))
        for fault in publication.problems
    ]
    bulk.insert(connection, PROBLEMS, problems)
    kinds: list[bulk.Row] = [
        (repository, kind.name, kind.title, kind.description, kind.schema) for kind in publication.kinds
    ]
    bulk.insert(connection, KINDS, kinds)
