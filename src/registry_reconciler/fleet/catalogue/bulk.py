"""Many rows at once, the way each database takes them fastest: COPY of PostgreSQL, one prepared statement of SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

Row = tuple[Any, ...]


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows that have a value for each column of a table, in their order."""
    if not rows:
        return
    names = [column.name for column in table.columns]
    if connection.dialect.name == "postgresql":
        copy(connection, table.name, names, rows)
        return
    marks = ", ".join("?" for _ in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    _many(connection, f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})", rows)


def copy(connection: Connection, name: str, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """COPY rows into a table of PostgreSQL."""
    quoted = ", ".join(f'"{column}"' for column in columns)
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {name} ({quoted}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)


def end(connection: Connection, publication: int, numbers: Sequence[int]) -> None:
    """Let entries end with a publication."""
    if not numbers:
        return
    if connection.dialect.name == "postgresql":
        _raw(
            connection,
            "UPDATE registry_entries SET until = %s WHERE id = ANY(%s)",
            (publication, list(numbers)),
        )
        return
    unindexed = (
        "INSERT INTO registry_search(registry_search, rowid, words) "
        "SELECT 'delete', id, words FROM registry_entries WHERE id = ?"
    )
    _many(connection, unindexed, [(number,) for number in numbers])
    ended = [(publication, number) for number in numbers]
    _many(connection, "UPDATE registry_entries SET until = ? WHERE id = ?", ended)


def move(connection: Connection, moved: Sequence[tuple[int, str, int]]) -> None:
    """Give entries that say the same another place: number, file, line."""
    if not moved:
        return
    if connection.dialect.name == "postgresql":
        numbers, files, lines = (list(column) for column in zip(*moved, strict=True))
        _raw(
            connection,
            "UPDATE registry_entries SET file = moved.file, line = moved.line "
            "FROM unnest(%s::bigint[], %s::text[], %s::int[]) AS moved(id, file, line) "
            "WHERE registry_entries.id = moved.id",
            (numbers, files, lines),
        )
        return
    rows = [(file, line, number) for number, file, line in moved]
    _many(connection, "UPDATE registry_entries SET file = ?, line = ? WHERE id = ?", rows)


def index_words(connection: Connection, publication: int) -> None:
    """Let a search find what a publication brought; PostgreSQL does that with the rows."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "INSERT INTO registry_search(rowid, words) "
            "SELECT id, words FROM registry_entries WHERE id >= ? AND id < ?",
            _numbers_of(publication),
        )


def _numbers_of(publication: int) -> tuple[int, int]:
    from registry_reconciler.fleet.catalogue.tables import first_number

    return first_number(publication), first_number(publication + 1)


def _raw(connection: Connection, statement: str, values: Row) -> None:
    connection.exec_driver_sql(statement, values)


def _many(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    # One call of the driver: SQLAlchemy would look at each row first.
    raw: Any = connection.connection.driver_connection
    raw.executemany(statement, rows)
