"""The catalogue of a fleet: every entry of every repository, in SQLite or PostgreSQL.

``publication`` says what a repository says at a commit, ``publish`` puts that into the catalogue, ``lookup`` asks
it, and ``known`` is what it tells.
``place`` and ``failures`` know where it is and what can be wrong there, ``tables`` and ``migrations`` its form.
SQLAlchemy, Alembic and psycopg (the extra ``fleet``) are imported when a catalogue is opened.
"""

from __future__ import annotations

from registry_reconciler.fleet.catalogue.known import CatalogueSnapshot, KnownEntry, Referrer
from registry_reconciler.fleet.catalogue.lookup import Catalogue
from registry_reconciler.fleet.catalogue.publication import Publication, publication_from, publication_of
from registry_reconciler.fleet.catalogue.publish import (
    PublicationOrigin,
    Publisher,
    PublishResult,
    reading_of,
)
from registry_reconciler.fleet.catalogue.view import CatalogueView

__all__ = [
    "Catalogue",
    "CatalogueSnapshot",
    "CatalogueView",
    "KnownEntry",
    "Publication",
    "PublicationOrigin",
    "PublishResult",
    "Publisher",
    "Referrer",
    "catalogue_of",
    "open_catalogue",
    "open_publisher",
    "publication_from",
    "publication_of",
    "reading_of",
]


def open_catalogue(url: str) -> Catalogue:
    """A catalogue to be asked.

    Raises:
        BadUrl: the text names no catalogue.
        MissingExtra: the packages are not installed.
        CatalogueFailure: it cannot be reached, is none, or has another form than this program knows.
    """
    from registry_reconciler.fleet.catalogue.database import engine_for, require_extra
    from registry_reconciler.fleet.catalogue.place import parse_place

    require_extra()
    where = parse_place(url)
    catalogue = Catalogue(engine_for(where, writes=False), where)
    try:
        catalogue.require_current()
    except BaseException:
        catalogue.close()
        raise
    return catalogue


def open_publisher(url: str) -> Publisher:
    """A catalogue to publish into. Raises as :func:`open_catalogue`."""
    from registry_reconciler.fleet.catalogue.database import require_extra
    from registry_reconciler.fleet.catalogue.place import parse_place

    require_extra()
    publisher = Publisher(parse_place(url))
    publisher.prepare()
    return publisher


def catalogue_of(publications: list[Publication]) -> Catalogue:
    """A catalogue in memory, of publications that are at hand."""
    from registry_reconciler.fleet.catalogue.database import memory_engine, require_extra
    from registry_reconciler.fleet.catalogue.migrations import make_tables
    from registry_reconciler.fleet.catalogue.publish import write

    require_extra()
    engine = memory_engine()
    with engine.begin() as connection:
        make_tables(connection)
        for publication in publications:
            write(connection, publication)
    return Catalogue(engine)
