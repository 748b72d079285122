"""Of each repository: where it came from, and how its commit was read.

So a name that is given to another repository is noticed, and the same commit is published again where another folder
of it is the workspace, or another program reads it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add them; of what is there already nothing is known."""
    for name in ("origin", "reading"):
        op.add_column("registry_repositories", sa.Column(name, sa.Text, nullable=False, server_default=""))
