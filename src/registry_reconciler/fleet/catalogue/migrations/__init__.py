"""The forms that a catalogue had, each a step from the one before (Alembic), and the way to the last one.

The program carries the steps out itself, when it publishes. A step is never changed once it was released.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from registry_reconciler.fleet.catalogue.database import no_catalogue, not_empty
from registry_reconciler.fleet.catalogue.failures import NewerCatalogue, OlderCatalogue
from registry_reconciler.fleet.catalogue.tables import VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection

    from registry_reconciler.fleet.catalogue.place import Where

_LOCK = 0x7265676973747279
"""Of PostgreSQL: who holds it changes the tables; others wait."""


def require_current(connection: Connection, where: Where) -> None:
    """Raises a failure where what stands in the database is no catalogue of this program's form."""
    found = _revision(connection, where)
    if found is None:
        raise not_empty(where) if _others(connection) else no_catalogue(where)
    if found != _head():
        raise OlderCatalogue(
            f"{where.shown} has the form of an older program ({found}): publish to it once with this program, "
            "which brings it up to date, or ask with the program that made it"
        )


def bring_up_to_date(connection: Connection, where: Where, target: str = "head") -> None:
    """Carry out the steps that are missing, in the transaction that was begun: all of them or none.

    Raises:
        NewerCatalogue: a newer program made it.
        NoCatalogue: the database holds something else.
    """
    if connection.dialect.name == "postgresql":
        if _revision(connection, where) == _head() and target == "head":
            return
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    found = _revision(connection, where)
    if found is None and _others(connection):
        raise not_empty(where)
    if found != _head():
        make_tables(connection, target)


def make_tables(connection: Connection, target: str = "head") -> None:
    """Carry out the steps that are missing."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _revision(connection: Connection, where: Where) -> str | None:
    """The last step that was carried out; ``None`` where none was. Raises :class:`NewerCatalogue`."""
    from sqlalchemy import inspect, text

    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    rows = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()
    if not rows:
        return None
    known = {step.revision for step in _scripts().walk_revisions()}
    unknown = [row for row in rows if row not in known]
    if unknown:
        raise NewerCatalogue(
            f"{where.shown} was made by a newer program (its form is {unknown[0]}), and this one does not know it: "
            "install the newer registry-reconciler"
        )
    return str(rows[0])


def _others(connection: Connection) -> list[str]:
    from sqlalchemy import inspect

    return [name for name in inspect(connection).get_table_names() if name != VERSION_TABLE]


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _head() -> str:
    return str(_scripts().get_current_head())
