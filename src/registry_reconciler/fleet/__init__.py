"""Many repositories at once: what ``fleet.yaml`` names, each looked at in a task of its own.

``manifest`` reads the file, ``sources`` brings what is looked at (a bare clone in the cache, or a folder), ``run/``
carries the tasks out, and ``catalogue/`` is a database of what all of them say. The extra ``fleet`` (Dask, SQLAlchemy,
Alembic, psycopg) is imported by what uses it, when it is used.
"""

from __future__ import annotations

from registry_reconciler.fleet.manifest import Manifest, Repository, find_manifest, read_manifest
from registry_reconciler.fleet.outcome import RepositoryOutcome
from registry_reconciler.fleet.sources import RepositorySource, SourceFailure, opened, resolve

__all__ = [
    "Manifest",
    "Repository",
    "RepositoryOutcome",
    "RepositorySource",
    "SourceFailure",
    "find_manifest",
    "opened",
    "read_manifest",
    "resolve",
]
