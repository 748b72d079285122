"""Full text over the entries that are there now: FTS5 of SQLite, tsvector of PostgreSQL.

The words are made by the program, so that both find the same: what stands in ``words`` is already without case and
accents, and each word is one lexeme.
"""

from __future__ import annotations

from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Make the index, over what is there already too."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE registry_search USING fts5(words, content='registry_entries', content_rowid='id', "
            "tokenize='unicode61 remove_diacritics 0')"
        )
        op.execute(
            "INSERT INTO registry_search(rowid, words) SELECT id, words FROM registry_entries WHERE until IS NULL"
        )
        return
    op.execute(
        "CREATE INDEX registry_search ON registry_entries "
        "USING gin (array_to_tsvector(string_to_array(words, ' '))) WHERE until IS NULL"
    )
