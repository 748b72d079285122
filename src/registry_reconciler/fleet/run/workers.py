"""What a worker of Dask does with one repository: bring it, look whether it is known, and let a fork do the job.

:func:`perform` never raises: what goes wrong is an answer, so that Dask logs nothing of an address.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from msgspec import Struct

from registry_reconciler.base.child import Child, ChildEnded, ChildLimits
from registry_reconciler.cache.fingerprint import Moment
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.fleet.manifest import Repository
from registry_reconciler.fleet.run import memory
from registry_reconciler.fleet.sources import RepositorySource, opened, resolve

_SPARE = 30.0
"""Seconds beyond its limit after which also the process goes that jobs are forked from."""

_PRIVATE = ("PYTHON", "LD_", "DYLD_", "GIT_")


class KnownRepository(Struct, frozen=True):
    """A repository as far as it is known before its job: what is looked at, and what came of that before."""

    source: RepositorySource
    answer: dict[str, Any] | None = None
    unchanged: bool = False
    knows_revision: bool = True


def prepare(repository: Repository, order: dict[str, Any]) -> KnownRepository:
    """Bring a repository, and look whether something is known of it. Raises :class:`RegistryFailure`."""
    source = resolve(repository, committed=order["committed"], seconds=order["seconds"])
    if order["since"]:
        from registry_reconciler.fleet.since import changed_since

        changed = changed_since(source, order["since"])
        if changed is False:
            return KnownRepository(source, unchanged=True)
        knows = changed is not None
    else:
        knows = True
    return KnownRepository(
        source, memory.recall(source, order) if order["remember"] else None, knows_revision=knows
    )


def perform(order: dict[str, Any]) -> dict[str, Any]:
    """Do the job of an order for its repository."""
    began = time.monotonic()
    answer: dict[str, Any] = {}
    try:
        if "source" in order:
            answer = _done(opened(order["source"]), order)
        else:
            known = prepare(Repository(**order["repository"]), order)
            answer = known_answer(known) or _done(known.source, order)
            answer["knows_revision"] = known.knows_revision
    except RegistryFailure as failure:
        answer = {"error": {"code": failure.code, "message": failure.message}}
    except Exception as error:
        message = f"this is a fault of registry ({type(error).__name__})"
        answer = {"error": {"code": "internal", "message": message}}
    return {"commit": None, **answer, "seconds": time.monotonic() - began}


def known_answer(known: KnownRepository) -> dict[str, Any] | None:
    """The answer of what needs no job; ``None`` where there is none."""
    commit = known.source.commit
    if known.unchanged:
        return {"commit": commit, "unchanged": True}
    if known.answer is None:
        return None
    return {**known.answer, "commit": commit, "remembered": True}


def _done(source: RepositorySource, order: dict[str, Any]) -> dict[str, Any]:
    moment = Moment.now()
    question = {
        "job": order["job"],
        "source": source.describe(),
        "options": order["options"],
        "seconds": order["seconds"],
        "memory": order["memory"],
    }
    answer = _forks.ask(question)
    if order["remember"]:
        memory.keep(source, order, answer, moment)
    answer.pop("seen", None)
    return {**answer, "commit": source.commit}


class _Forks:
    """The processes that jobs are forked from: as many as there are threads that ask at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Child] = []

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        for again in (True, False):
            with self._lock:
                child = self._idle.pop() if self._idle else None
            fresh = child is None
            child = child or self._start()
            try:
                answer: dict[str, Any] = child.ask(question, seconds=question["seconds"] + _SPARE)
            except ChildEnded as ended:
                child.end()
                # One that was idle for long has ended by itself.
                if again and not fresh and not ended.late:
                    continue
                return {"error": {"code": "crashed", "message": f"the process that looked at it: {ended}"}}
            with self._lock:
                self._idle.append(child)
            return answer
        raise AssertionError

    @staticmethod
    def _start() -> Child:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
        return Child("registry_reconciler.fleet.run.forks", ChildLimits(_SPARE, 0), kept).start()

    def end(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()


_forks = _Forks()


def end_forks() -> None:
    """End the processes that jobs are forked from; the next job starts another one."""
    _forks.end()
