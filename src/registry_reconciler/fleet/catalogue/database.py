"""The database of a catalogue: engines for reading and for writing, and what drivers say in words that help."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from registry_reconciler.errors import MissingExtra
from registry_reconciler.fleet.catalogue.failures import (
    CatalogueFailure,
    NoCatalogue,
    OlderCatalogue,
    ReadOnly,
    Unreachable,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from registry_reconciler.fleet.catalogue.place import Where

_BUSY_SECONDS = 60
"""So long a publisher waits for another one that is writing to the same file."""

_PUBLISH = ("registry", "fleet", "publish", "--catalog", "URL")


def require_extra() -> None:
    """Raises :class:`MissingExtra` where the databases' packages are not installed."""
    try:
        import alembic  # noqa: F401
        import psycopg  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ImportError as error:
        raise MissingExtra("fleet", "a catalogue of a fleet") from error


def engine_for(where: Where, *, writes: bool) -> Engine:
    """An engine. Nothing is made by one that only reads, no file and no folder."""
    import sqlalchemy

    if not where.embedded:
        return sqlalchemy.create_engine(where.url, poolclass=sqlalchemy.NullPool)
    engine = sqlalchemy.create_engine(
        "sqlite://", creator=lambda: _open_file(where, writes=writes), poolclass=sqlalchemy.NullPool
    )
    # The driver begins transactions late and commits around DDL; the program says where they begin.
    sqlalchemy.event.listen(engine, "begin", _begin_writing if writes else _begin_reading)
    return engine


def memory_engine() -> Engine:
    """An engine over a catalogue of this process alone."""
    import sqlalchemy

    def opened() -> sqlite3.Connection:
        return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)

    engine = sqlalchemy.create_engine("sqlite://", creator=opened, poolclass=sqlalchemy.StaticPool)
    sqlalchemy.event.listen(engine, "begin", _begin_reading)
    return engine


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _open_file(where: Where, *, writes: bool) -> sqlite3.Connection:
    assert where.file is not None
    address = where.file.as_uri()
    options: dict[str, Any] = {"uri": True, "timeout": _BUSY_SECONDS, "isolation_level": None}
    options["check_same_thread"] = False
    if writes:
        connection: sqlite3.Connection = sqlite3.connect(f"{address}?mode=rwc", **options)
        if _is_foreign(connection):
            connection.close()
            raise not_empty(where)
        # Of a file this stays for good, so it comes after the look at whose it is.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection
    connection = sqlite3.connect(f"{address}?mode=ro", **options)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if not _is_still(where):
            raise
        # Of a folder that nobody may write in, the driver cannot make the small file that readers share.
        connection = sqlite3.connect(f"{address}?mode=ro&immutable=1", **options)
    return connection


def _is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether there is something in a file, and no catalogue."""
    from registry_reconciler.fleet.catalogue.tables import VERSION_TABLE

    try:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        versions = (
            connection.execute(f"SELECT count(*) FROM {VERSION_TABLE}") if VERSION_TABLE in names else ()
        )
        return bool(names) and not any(count for (count,) in versions)
    except BaseException:
        connection.close()
        raise


def _is_still(where: Where) -> bool:
    """Whether nobody can be writing: there is a file, no journal beside it, and no right to make one."""
    file = where.file
    assert file is not None
    return file.is_file() and not os.path.exists(f"{file}-wal") and not os.access(file.parent, os.W_OK)


@contextmanager
def in_words(where: Where, *, writes: bool = False) -> Iterator[None]:
    """What a driver raises inside, as a failure of ours: what, where, and what to do."""
    import sqlalchemy.exc

    try:
        yield
    except (sqlalchemy.exc.DBAPIError, sqlite3.Error) as error:
        raise failure_of(where, error, writes=writes) from error


def failure_of(where: Where, error: Exception, *, writes: bool) -> CatalogueFailure:
    """What an error of a driver means."""
    cause = getattr(error, "orig", None) or error
    message = " ".join(where.without_secrets(str(cause)).split())
    return (
        _of_sqlite(where, message, writes=writes) if where.embedded else _of_postgresql(where, cause, message)
    )


def _of_sqlite(where: Where, message: str, *, writes: bool) -> CatalogueFailure:
    file = where.file
    assert file is not None
    if file.is_dir():
        return NoCatalogue(f"{where.shown} is a folder: name a file in it")
    if "not a database" in message or "malformed" in message:
        return NoCatalogue(
            f"{where.shown} is no catalogue ({message}): name another file, or delete this one and publish again"
        )
    if "readonly" in message or (writes and file.exists() and not os.access(file, os.W_OK)):
        return ReadOnly(
            f"{where.shown} is read-only: publish as a user who may write the file and its folder, or name another one"
        )
    if "no such table" in message:
        return _changed_meanwhile(where)
    if "unable to open" in message and not writes and not file.exists():
        return no_catalogue(where)
    if "unable to open" in message:
        return _unopened(where)
    if "locked" in message:
        return CatalogueFailure(
            f"{where.shown} was in use by another publisher for {_BUSY_SECONDS} seconds: publish again later"
        )
    return CatalogueFailure(f"{where.shown} could not be used: {message}")


def _unopened(where: Where) -> CatalogueFailure:
    file = where.file
    assert file is not None
    if not file.parent.is_dir():
        return Unreachable(f"{where.shown} cannot be made: there is no folder {file.parent}; make it first")
    if not os.access(file.parent, os.W_OK):
        return ReadOnly(f"{where.shown} is read-only: this user may not write in {file.parent}")
    return Unreachable(f"{where.shown} cannot be opened: look at who may read the file and its folder")


def _of_postgresql(where: Where, cause: BaseException, message: str) -> CatalogueFailure:
    state = getattr(cause, "sqlstate", None)
    if state in ("25006",):
        return ReadOnly(
            f"{where.shown} is read-only (a standby, or a user whose transactions are): publish to the primary"
        )
    if state == "42501":
        return ReadOnly(
            f"{where.shown} may not be written by this user ({message}): "
            "grant it INSERT, UPDATE and DELETE, and for the first publication CREATE on the schema"
        )
    if state in ("42P01", "42703"):
        return _changed_meanwhile(where)
    if state is None or state.startswith(("08", "28", "3D", "57P", "53")):
        return Unreachable(
            f"{where.shown} cannot be reached: {message.rstrip(' .?') or 'no answer'}. "
            "Look at host, port, user and password (PGPASSWORD or ~/.pgpass keep it out of the command)"
        )
    return CatalogueFailure(f"{where.shown} could not be used: {message}")


def is_gone(error: Exception) -> bool:
    """Whether the database went away in the middle and may come back: it was restarted, or the network broke."""
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    lost = getattr(error, "connection_invalidated", False)
    if state is not None:
        return bool(lost) or state.startswith(("08", "57P")) or state in ("53300", "40001", "40P01")
    # Of a connection that could not be made, or that ended without a word, libpq tells no state.
    return type(cause).__name__ in ("OperationalError", "InterfaceError") and type(
        cause
    ).__module__.startswith("psycopg")


def not_empty(where: Where) -> NoCatalogue:
    """There is something else at a place."""
    another = "a new file" if where.embedded else "an empty database, or a schema of its own"
    how = "" if where.embedded else " (?options=-csearch_path%3DNAME)"
    return NoCatalogue(f"{where.shown} is no catalogue and is not empty: name {another}{how}")


def no_catalogue(where: Where) -> NoCatalogue:
    """There is nothing yet at a place."""
    return NoCatalogue(
        f"{where.shown} is no catalogue yet: registry fleet publish --catalog URL makes it", next=(_PUBLISH,)
    )


def _changed_meanwhile(where: Where) -> CatalogueFailure:
    return OlderCatalogue(
        f"{where.shown} has not the tables that this program expects: publish to it once with this program, "
        "which brings it up to date"
    )
