"""What Alembic runs to carry out steps: over the connection that the program hands in, in its transaction."""

from __future__ import annotations

from alembic import context

from registry_reconciler.fleet.catalogue.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
