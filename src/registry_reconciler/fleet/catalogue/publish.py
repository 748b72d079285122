"""Putting publications into a catalogue: one of one repository is one transaction.

Whoever publishes holds the row of the repository until the end, so that two publishers of one repository follow each
other, and each sees what the one before it left. Readers see what was there before or all of it. What is newer is
decided under that lock (:func:`is_newer`).
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from registry_reconciler.fleet.catalogue import bulk
from registry_reconciler.fleet.catalogue.difference import (
    compare,
    insert_entries,
    replace_problems_and_kinds,
    rows_now,
)
from registry_reconciler.fleet.catalogue.failures import CatalogueFailure
from registry_reconciler.fleet.catalogue.publication import Publication, clean, short_id

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from registry_reconciler.fleet.catalogue.place import Where

_PAUSES = (0.5, 1, 2, 4, 8, 8, 8)
"""Seconds to wait before another try, while a database that went away in the middle comes back."""


class PublicationOrigin(Struct, frozen=True):
    """Where a publication comes from.

    Attributes:
        address: of the repository, and no credential in it; "": it is not known.
        root: the folder of the workspace inside of it; "" for the top.
        reading: the digest of what its content depends on besides the commit: the folder of the workspace, the
            repository, and the program (:func:`reading_of`).
    """

    address: str = ""
    root: str = ""
    reading: str = ""


NOWHERE = PublicationOrigin()
"""Nobody knows."""


def reading_of(address: str, root: str) -> str:
    """How a commit of a repository is read: another workspace in it, or another program, may find other entries."""
    return sha256("\0".join((_program(), address, root)).encode("utf-8", "surrogateescape")).hexdigest()


@cache
def _program() -> str:
    """The digest of this program's own files: the same one on every machine that has the same program."""
    package = Path(__file__).resolve().parents[2]
    seen = sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix != ".pyc" and path.is_file():
            body = path.read_bytes()
            seen.update(f"{path.relative_to(package).as_posix()}\0{len(body)}\0".encode() + body)
    return seen.hexdigest()


class PublishResult(Struct, frozen=True):
    """What became of a publication.

    Attributes:
        outcome: ``published``; ``unchanged``, where the catalogue has that very commit; ``older``, where it has a
            newer one; ``another``, where it has another repository by that name.
        commit, before: what was to be published, and what the catalogue had ("": nothing).
        added, changed, removed, moved: entries.
        unread: the kinds of which not all could be read, so that what was there of them stays.
        other: the address of the other repository.
    """

    repository: str
    outcome: Literal["published", "unchanged", "older", "another"]
    commit: str
    before: str = ""
    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    unread: tuple[str, ...] = ()
    other: str = ""


def is_another(
    publication: Publication, address: str, known: str, known_address: str, known_ancestors: Iterable[str]
) -> bool:
    """Whether a name was given to another repository: its address is another one, and no commit is in both.

    A repository that only moved has the commits that it had.
    """
    if not address or not known_address or address == known_address:
        return False
    ours = {short_id(publication.commit), *publication.ancestors}
    return ours.isdisjoint({short_id(known), *known_ancestors})


def is_newer(publication: Publication, known: str, known_time: int, known_ancestors: Container[str]) -> bool:
    """Whether a commit is newer than the one that the catalogue has.

    Ancestry decides, in either direction; clocks may be wrong. Where it cannot tell (the branch was rewritten, there is
    no git, or more commits lie between than are remembered) the later commit is the newer one. Of the same second
    what is there stays: an older publisher must never win.
    """
    if short_id(known) in publication.ancestors:
        return True
    if short_id(publication.commit) in known_ancestors:
        return False
    return publication.time > known_time


class Publisher:
    """Publishes into one catalogue. The tables are brought up to date first, once."""

    def __init__(self, where: Where) -> None:
        from registry_reconciler.fleet.catalogue.database import engine_for

        self._where = where
        self._engine: Engine = engine_for(where, writes=True)
        self._ready = False
        self._gave_up = False

    def prepare(self) -> None:
        """Make the catalogue, or bring an older one up to date.

        Raises:
            CatalogueFailure: it cannot be reached or written, is newer than the program, or is something else.
        """
        if not self._ready:
            from registry_reconciler.fleet.catalogue.migrations import bring_up_to_date

            with self._transaction() as connection:
                bring_up_to_date(connection, self._where)
            self._ready = True

    def known(self) -> dict[str, tuple[str, str]]:
        """The commit that the catalogue has and how it was read, by repository: it need not be looked at again."""
        from registry_reconciler.fleet.catalogue.contents import known_commits

        self.prepare()
        with self._transaction() as connection:
            return known_commits(connection)

    def publish(
        self, publication: Publication, *, replace: bool = False, origin: PublicationOrigin = NOWHERE
    ) -> PublishResult:
        """Publish what a repository says, unless that or something newer is there.

        A database that goes away in the middle is waited for; what was written of the publication is not there then.

        Args:
            replace: publish it whatever is there.
            origin: where it comes from.

        Raises:
            CatalogueFailure: it did not come back, or does not take it.
        """
        for seconds in (*_PAUSES, None):
            try:
                self.prepare()
                with self._transaction() as connection:
                    done = write(connection, publication, replace=replace, origin=origin)
                self._gave_up = False
                return done
            except CatalogueFailure as failure:
                if seconds is None or self._gave_up or not _may_come_back(failure):
                    self._gave_up = _may_come_back(failure)  # the next one does not wait as long once more
                    raise
                time.sleep(seconds)
        raise AssertionError("the last try returns or raises")

    def forget(self, name: str) -> bool:
        """Take out a repository that is no longer in the fleet. What it had stays in the history.

        Returns:
            whether it was there.
        """
        self.prepare()
        with self._transaction() as connection:
            return _forget(connection, name)

    def settle(self) -> None:
        """Let the database learn what it has now, so that it answers fast at once and not after a while."""
        with self._transaction() as connection:
            if connection.dialect.name == "postgresql":
                for name in ("entries", "labels", "links", "publications", "repositories"):
                    connection.exec_driver_sql(f"ANALYZE registry_{name}")
            else:
                connection.exec_driver_sql("PRAGMA optimize")

    @property
    def shown(self) -> str:
        """The catalogue as messages name it."""
        return self._where.shown

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        from registry_reconciler.fleet.catalogue.database import in_words

        with in_words(self._where, writes=True), self._engine.begin() as connection:
            yield connection


def _may_come_back(failure: CatalogueFailure) -> bool:
    from registry_reconciler.fleet.catalogue.database import is_gone

    return isinstance(failure.__cause__, Exception) and is_gone(failure.__cause__)


def write(
    connection: Connection,
    publication: Publication,
    *,
    replace: bool = False,
    origin: PublicationOrigin = NOWHERE,
) -> PublishResult:
    """Write a publication in the transaction that was begun.

    Raises:
        CatalogueFailure: it has too many entries.
    """
    from registry_reconciler.fleet.catalogue.tables import MOST_ENTRIES

    if len(publication.entries) >= MOST_ENTRIES:
        raise CatalogueFailure(f"{publication.repository} has more than {MOST_ENTRIES:,} entries")
    repository, ancestors, current, known = _locked(connection, publication.repository)
    before = current.revision if current is not None else ""
    another = bool(before) and is_another(publication, origin.address, before, known.address, ancestors)
    if current is not None and not replace:
        if another:
            return PublishResult(
                publication.repository, "another", publication.commit, before, other=known.address
            )
        newer = before == publication.commit or is_newer(publication, before, current.time, ancestors)
        if not newer:
            return PublishResult(publication.repository, "older", publication.commit, before)
    # What cannot be read stays as it was, and what was there of another workspace is nothing of this one.
    elsewhere = another or (known.reading != "" and known.root != origin.root)
    unread = () if elsewhere else publication.unread
    digest = publication.digest
    same = current is not None and current.digest == digest and unread == publication.unread
    _remember_origin(connection, repository, origin)
    if same and before == publication.commit:
        return PublishResult(publication.repository, "unchanged", publication.commit, before)
    number = _publication_row(connection, publication, repository, current, digest)
    if same:
        return PublishResult(publication.repository, "published", publication.commit, before)
    difference = compare(rows_now(connection, repository), publication.entries, unread)
    bulk.end(connection, number, [*difference.removed, *difference.changed])
    bulk.move(connection, difference.moved)
    insert_entries(connection, repository, number, difference.new)
    replace_problems_and_kinds(connection, repository, publication)
    return PublishResult(
        publication.repository,
        "published",
        publication.commit,
        before,
        added=len(difference.new) - len(difference.changed),
        changed=len(difference.changed),
        removed=len(difference.removed),
        moved=len(difference.moved),
        unread=unread,
    )


def _remember_origin(connection: Connection, repository: int, origin: PublicationOrigin) -> None:
    from sqlalchemy import update

    from registry_reconciler.fleet.catalogue.tables import REPOSITORIES

    mine = update(REPOSITORIES).where(REPOSITORIES.c.id == repository)
    connection.execute(
        mine.values(origin=clean(origin.address), root=clean(origin.root), reading=origin.reading)
    )


def _locked(connection: Connection, name: str) -> tuple[int, frozenset[str], Any, PublicationOrigin]:
    """A repository, whose row is held from now on: its number, and of its publication ancestors, row and origin."""
    from sqlalchemy import select, text

    from registry_reconciler.fleet.catalogue.tables import PUBLICATIONS, REPOSITORIES

    held = select(REPOSITORIES).where(REPOSITORIES.c.name == name).with_for_update()
    row = connection.execute(held).one_or_none()
    if row is None:
        made = text(
            "INSERT INTO registry_repositories (name, ancestors) VALUES (:name, '') ON CONFLICT (name) DO NOTHING"
        )
        connection.execute(made, {"name": name})
        row = connection.execute(held).one()
    if row.publication is None:
        return row.id, frozenset(), None, NOWHERE
    found = select(PUBLICATIONS).where(PUBLICATIONS.c.id == row.publication)
    origin = PublicationOrigin(row.origin, row.root, row.reading)
    return row.id, frozenset(row.ancestors.split()), connection.execute(found).one(), origin


def _forget(connection: Connection, name: str) -> bool:
    from sqlalchemy import update

    from registry_reconciler.fleet.catalogue.tables import REPOSITORIES

    repository, _, current, _ = _locked(connection, name)
    if current is None:
        return False
    nothing = Publication(name, "", int(time.time()), (), (), ())
    number = _publication_row(connection, nothing, repository, current, nothing.digest)
    bulk.end(connection, number, [row[0] for row in rows_now(connection, repository)])
    replace_problems_and_kinds(connection, repository, nothing)
    mine = REPOSITORIES.c.id == repository
    connection.execute(update(REPOSITORIES).where(mine).values(publication=None, ancestors=""))
    return True


def _publication_row(
    connection: Connection, publication: Publication, repository: int, current: Any, digest: str
) -> int:
    from sqlalchemy import insert, update

    from registry_reconciler.fleet.catalogue.tables import PUBLICATIONS, REPOSITORIES
    from registry_reconciler.version import __version__

    row = {
        "repository": repository,
        "revision": publication.commit,
        "time": publication.time,
        "published": int(time.time()),
        "digest": digest,
        "program": __version__,
        "previous": current.id if current is not None else None,
        "entries": len(publication.entries),
        "links": sum(len(entry.links) for entry in publication.entries),
        "problems": publication.problem_count,
    }
    number = connection.execute(insert(PUBLICATIONS).values(row).returning(PUBLICATIONS.c.id)).scalar_one()
    mine = REPOSITORIES.c.id == repository
    before = " ".join(publication.ancestors)
    connection.execute(update(REPOSITORIES).where(mine).values(publication=number, ancestors=before))
    return int(number)
