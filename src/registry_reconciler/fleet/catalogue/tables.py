"""The tables of a catalogue, as they are after the last migration.

An entry is a row for as long as it says the same: ``since`` the publication that brought it, ``until`` the one that
changed it or took it away. So a publication writes what differs, what is there now is ``until IS NULL``, and the
history is there besides. The number of an entry is that of its publication and its own in it (:func:`first_number`), so
that nobody has to ask for numbers. The large tables have no foreign keys: each row would be looked up once more, and
they have one writer.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

VERSION_TABLE = "registry_version"
"""Where the migrations that were carried out are remembered."""

METADATA = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")
Word = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that is looked up: sorted by code points in every database."""

NOW = text("until IS NULL")

REPOSITORIES = Table(
    "registry_repositories",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Word, nullable=False, unique=True),
    Column("publication", Number),
    Column("ancestors", Text, nullable=False),
    Column("origin", Text, nullable=False, server_default=""),
    Column("root", Text, nullable=False, server_default=""),
    Column("reading", Text, nullable=False, server_default=""),
)

PUBLICATIONS = Table(
    "registry_publications",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("repository", Integer, nullable=False),
    Column("revision", Word, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("program", Text, nullable=False),
    Column("previous", Number),
    Column("entries", Integer, nullable=False),
    Column("links", Integer, nullable=False),
    Column("problems", Integer, nullable=False),
    Index("registry_publications_repository", "repository", "id"),
)

ENTRIES = Table(
    "registry_entries",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("repository", Integer, nullable=False),
    Column("kind", Word, nullable=False),
    Column("key", Word, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("since", Number, nullable=False),
    Column("until", Number),
    Index("registry_entries_key", "kind", "key"),
    Index("registry_entries_now", "repository", sqlite_where=NOW, postgresql_where=NOW),
)

LABELS = Table(
    "registry_labels",
    METADATA,
    Column("entry", Number, nullable=False),
    Column("sort", Word, nullable=False),
    Column("value", Word, nullable=False),
    Index("registry_labels_value", "value", "sort"),
    Index("registry_labels_entry", "entry"),
)

LINKS = Table(
    "registry_links",
    METADATA,
    Column("entry", Number, nullable=False),
    Column("field", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("key", Word, nullable=False),
    Column("in_fleet", Boolean, nullable=False),
    Index("registry_links_key", "key"),
    Index("registry_links_entry", "entry"),
)

PROBLEMS = Table(
    "registry_problems",
    METADATA,
    Column("repository", Integer, nullable=False),
    Column("code", Word, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("blocking", Boolean, nullable=False),
    Index("registry_problems_repository", "repository"),
)

KINDS = Table(
    "registry_kinds",
    METADATA,
    Column("repository", Integer, primary_key=True, autoincrement=False),
    Column("name", Word, primary_key=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("schema", Text, nullable=False),
)

_BITS = 24
"""A publication has room for 16 million entries."""

MOST_ENTRIES = 1 << _BITS


def first_number(publication: int) -> int:
    """The number of the first entry that a publication brings."""
    return publication << _BITS
