"""The tables: repositories, their publications, entries with labels and links, problems, kinds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _column(name: str, form: object, **more: object) -> sa.Column[object]:
    return sa.Column(name, form, **{"nullable": False, **more})  # type: ignore[arg-type]


def upgrade() -> None:
    """Make them."""
    _repositories()
    _entries()
    _beside()


def _repositories() -> None:
    op.create_table(
        "registry_repositories",
        _column("id", sa.Integer, primary_key=True),
        _column("name", _WORD, unique=True),
        _column("publication", _NUMBER, nullable=True),
        _column("ancestors", sa.Text),
    )
    op.create_table(
        "registry_publications",
        _column("id", _NUMBER, primary_key=True),
        _column("repository", sa.Integer),
        _column("revision", _WORD),
        _column("time", sa.BigInteger),
        _column("published", sa.BigInteger),
        _column("digest", sa.Text),
        _column("program", sa.Text),
        _column("previous", _NUMBER, nullable=True),
        _column("entries", sa.Integer),
        _column("links", sa.Integer),
        _column("problems", sa.Integer),
    )
    op.create_index("registry_publications_repository", "registry_publications", ["repository", "id"])


def _entries() -> None:
    op.create_table(
        "registry_entries",
        _column("id", _NUMBER, primary_key=True, autoincrement=False),
        _column("repository", sa.Integer),
        _column("kind", _WORD),
        _column("key", _WORD),
        _column("name", sa.Text),
        _column("status", sa.Text),
        _column("value", sa.Text),
        _column("file", sa.Text),
        _column("line", sa.Integer),
        _column("digest", sa.Text),
        _column("words", sa.Text),
        _column("since", _NUMBER),
        _column("until", _NUMBER, nullable=True),
    )
    op.create_index("registry_entries_key", "registry_entries", ["kind", "key"])
    now = sa.text("until IS NULL")
    op.create_index(
        "registry_entries_now",
        "registry_entries",
        ["repository"],
        sqlite_where=now,
        postgresql_where=now,
    )
    op.create_table(
        "registry_labels", _column("entry", _NUMBER), _column("sort", _WORD), _column("value", _WORD)
    )
    op.create_index("registry_labels_value", "registry_labels", ["value", "sort"])
    op.create_index("registry_labels_entry", "registry_labels", ["entry"])
    op.create_table(
        "registry_links",
        _column("entry", _NUMBER),
        _column("field", sa.Text),
        _column("kinds", sa.Text),
        _column("key", _WORD),
        _column("in_fleet", sa.Boolean),
    )
    op.create_index("registry_links_key", "registry_links", ["key"])
    op.create_index("registry_links_entry", "registry_links", ["entry"])


def _beside() -> None:
    op.create_table(
        "registry_problems",
        _column("repository", sa.Integer),
        _column("code", _WORD),
        _column("severity", sa.Text),
        _column("message", sa.Text),
        _column("address", sa.Text),
        _column("file", sa.Text),
        _column("line", sa.Integer),
        _column("blocking", sa.Boolean),
    )
    op.create_index("registry_problems_repository", "registry_problems", ["repository"])
    op.create_table(
        "registry_kinds",
        _column("repository", sa.Integer, primary_key=True, autoincrement=False),
        _column("name", _WORD, primary_key=True),
        _column("title", sa.Text),
        _column("description", sa.Text),
        _column("schema", sa.Text),
    )
