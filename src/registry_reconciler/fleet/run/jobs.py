"""The jobs that can be done with a repository: ``name -> "module:function"``.

A job takes the description of a source (:func:`registry_reconciler.fleet.sources.opened` opens it) and options, and
gives plain data that JSON can hold. It raises a :class:`~registry_reconciler.errors.RegistryFailure` for what cannot be
done; what else it raises is a fault of its own, and is said as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

Job = Callable[[dict[str, Any], dict[str, Any]], Any]

JOBS: Mapping[str, str] = {
    "plan": "registry_reconciler.fleet.planning:plan",
    "check": "registry_reconciler.fleet.planning:check",
    "drift": "registry_reconciler.fleet.planning:drift",
    "publish": "registry_reconciler.fleet.catalogue.job:publication",
}
"""Every job, by its name. A new one is one row."""

OF_COMMIT = frozenset({"publish"})
"""The jobs that tell of the commit too: another one with equal files has another result."""

SEEN = "$seen"
"""The key under which a job tells what it has seen of a folder as it lies there, so that its result can be remembered:
``inputs`` and ``folders`` of a :class:`~registry_reconciler.files.tree.Recorder`."""


OWN = "$own"
"""The option that holds by name what is an option for one repository alone."""


def options_for(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The options of a job as it is given them for one repository: what it is remembered by, and no more."""
    shared = {word: value for word, value in options.items() if word != OWN}
    return {**shared, **options.get(OWN, {}).get(name, {})}


def job_of(name: str) -> Job:
    """The function of a job."""
    module, _, function = JOBS[name].partition(":")
    job: Job = getattr(import_module(module), function)
    return job
