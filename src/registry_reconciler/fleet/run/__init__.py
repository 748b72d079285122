"""A task for each repository, on Dask: a cluster of processes of our own, or one that is there already.

>>> for outcome in run(manifest.repositories, "plan", {}, workers=2):  # doctest: +SKIP
...     print(outcome.name, outcome.error or outcome.result)

A job is a top-level function, named in :data:`~registry_reconciler.fleet.run.jobs.JOBS`, that takes a description of
what is looked at and options, and gives plain data. It runs in a child process with limits of its own (``forks``), so
that a repository that hangs, takes all memory or crashes the interpreter ends in its own error. ``workers`` are the
processes in which such children are started; ``cluster`` starts them or finds them; ``memory`` knows what came of the
same content before.
"""

from __future__ import annotations

from registry_reconciler.fleet.outcome import RepositoryOutcome
from registry_reconciler.fleet.run.driver import run
from registry_reconciler.fleet.run.jobs import JOBS

__all__ = ["JOBS", "RepositoryOutcome", "run"]
