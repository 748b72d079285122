"""The run: repositories are brought, what is known is told at once, and the rest becomes tasks."""

from __future__ import annotations

import contextlib
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from registry_reconciler.base.child import ChildLimits
from registry_reconciler.errors import RegistryFailure, UsageFailure
from registry_reconciler.fleet.fetching import forget_unused, may_begin, stop_all
from registry_reconciler.fleet.manifest import Repository
from registry_reconciler.fleet.outcome import RepositoryOutcome
from registry_reconciler.fleet.run import memory
from registry_reconciler.fleet.run.cluster import Cluster, SchedulerGone, Tls, check_address, require_fleet
from registry_reconciler.fleet.run.jobs import options_for
from registry_reconciler.fleet.run.workers import KnownRepository, known_answer, perform, prepare
from registry_reconciler.fleet.sources import SourceFailure, clones

FETCHES = 8
"""So many repositories are fetched at once."""

_LOOK = 1.0
"""Seconds after which the cluster is looked at where nothing comes."""


_RESTARTS = 2
"""So often workers of our own that do not come up are started anew."""

_LIMITS = ChildLimits(300.0, 2 << 30)
"""What one repository may take where nothing else is said."""


def run(
    repositories: Sequence[Repository],
    job: str,
    options: dict[str, Any] | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    on_result: Callable[[RepositoryOutcome], None] | None = None,
    limits: ChildLimits = _LIMITS,
    tls: Tls = Tls(),  # noqa: B008
    committed: bool = False,
    since: str = "",
    remember: bool = True,
) -> Iterator[RepositoryOutcome]:
    """Do a job with each repository, and tell what came of each as it comes.

    Args:
        job: a name of :data:`~registry_reconciler.fleet.run.jobs.JOBS`.
        options: what the job is given, plain data; part of what a result is remembered by. What is for one repository
            alone stands under :data:`~registry_reconciler.fleet.run.jobs.OWN`.
        workers: processes of this machine; by default one for each core.
        scheduler: ``tcp://HOST:PORT`` or ``tls://HOST:PORT`` of one that is there already, instead of those.
        on_result: told each outcome before it is given.
        committed: of folders too, look at what is committed there.
        since: leave out what did not change since this revision; such a repository gives no outcome. At the end a
            :class:`UsageFailure` where no repository knows it.
        remember: take and keep results by content.

    Raises:
        UsageFailure, MissingExtra: it cannot be run that way.
        SchedulerGone: no scheduler answers at the beginning. One that goes later is the error of all that is not done.
    """
    require_fleet()
    if scheduler is not None:
        scheduler = check_address(scheduler)
    order = {
        "job": job,
        "options": options or {},
        "seconds": limits.seconds,
        "memory": limits.memory,
        "committed": committed,
        "since": since,
        "remember": remember and not memory.switched_off(),
    }
    running = _FleetRun(list(repositories), order, workers or os.cpu_count() or 1, scheduler, tls)
    return running.outcomes(on_result)


class _FleetRun:
    def __init__(
        self,
        repositories: list[Repository],
        order: dict[str, Any],
        workers: int,
        scheduler: str | None,
        tls: Tls,
    ) -> None:
        self.left = {repository.name: repository for repository in repositories}
        self.order = order
        self.workers = max(1, min(workers, len(repositories)))
        self.scheduler = scheduler
        self.tls = tls
        self.events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.cluster: Cluster | None = None
        self.given: dict[str, dict[str, Any]] = {}
        self.restarts = 0
        self.knows_revision = not order["since"] or not repositories

    def outcomes(self, on_result: Callable[[RepositoryOutcome], None] | None) -> Iterator[RepositoryOutcome]:
        from concurrent.futures import ThreadPoolExecutor

        may_begin()
        bringing = ThreadPoolExecutor(FETCHES, "registry-fetch")
        try:
            for repository in list(self.left.values()):
                if self.scheduler is None:
                    bringing.submit(self._bring, repository)
                else:
                    self._submit(repository, {"repository": _plain(repository)})
            while self.left:
                for outcome in self._next():
                    if outcome is not None:
                        if on_result is not None:
                            on_result(outcome)
                        yield outcome
            if not self.knows_revision:
                raise UsageFailure(
                    f"no repository of the fleet knows the revision {self.order['since']!r}: it is one of their own, "
                    "as a branch or a tag"
                )
        finally:
            stop_all()
            bringing.shutdown(wait=False, cancel_futures=True)
            if self.cluster is not None:
                self.cluster.close()
            memory.forget_old()
            _forget_unused_clones()

    def _next(self) -> Iterator[RepositoryOutcome | None]:
        """What has come; nothing where nothing comes for a while."""
        try:
            name, found = self.events.get(timeout=_LOOK)
        except queue.Empty:
            yield from self._given_up()
            return
        repository = self.left.get(name)
        if repository is None:
            return
        if isinstance(found, KnownRepository):
            self.knows_revision |= found.knows_revision
            known = known_answer(found)
            if known is None:
                self._submit(repository, {"source": found.source.describe()})
                return
            found = {**known, "seconds": 0.0}
        del self.left[name]
        if isinstance(found, dict) and "error" not in found:
            self.knows_revision |= found.get("knows_revision", False) or "unchanged" in found
        yield _outcome(name, found)

    def _bring(self, repository: Repository) -> None:
        began = time.monotonic()
        found: Any
        try:
            found = prepare(repository, self._order_for(repository.name))
        except RegistryFailure as failure:
            error = {"code": failure.code, "message": failure.message}
            found = {"commit": None, "error": error, "seconds": time.monotonic() - began}
        except Exception as error:
            found = error
        self.events.put((repository.name, found))

    def _submit(self, repository: Repository, what: dict[str, Any]) -> None:
        if self.cluster is None:
            self.cluster = Cluster(self.workers, self.scheduler, self.tls)
        name = repository.name
        self.given[name] = what
        order = {**self._order_for(name), **what}
        self.cluster.submit(perform, order, lambda found: self.events.put((name, found)))

    def _order_for(self, name: str) -> dict[str, Any]:
        return {**self.order, "options": options_for(self.order["options"], name)}

    def _given_up(self) -> Iterator[RepositoryOutcome]:
        trouble = self.cluster.trouble() if self.cluster is not None else ""
        if not trouble:
            return
        if self.scheduler is None and self.restarts < _RESTARTS:
            self._again()
            return
        for name in list(self.left):
            del self.left[name]
            message = f"{trouble}, so this repository was not looked at"
            yield RepositoryOutcome(name, None, 0.0, error={"code": SchedulerGone.code, "message": message})

    def _again(self) -> None:
        """Start the workers anew, and give them what is not done."""
        self.restarts += 1
        if self.cluster is not None:
            self.cluster.close()
            self.cluster = None
        for name, what in list(self.given.items()):
            if name in self.left:
                self._submit(self.left[name], what)


def _forget_unused_clones() -> None:
    with contextlib.suppress(SourceFailure):
        forget_unused(clones())


def _plain(repository: Repository) -> dict[str, Any]:
    names = ("name", "path", "git", "rev", "root")
    return {name: getattr(repository, name) for name in names}


def _outcome(name: str, found: Any) -> RepositoryOutcome | None:
    if isinstance(found, BaseException):
        return RepositoryOutcome(name, None, 0.0, error=_error(found))
    if found.get("unchanged"):
        return None
    return RepositoryOutcome(
        name,
        found.get("commit"),
        found["seconds"],
        found.get("result"),
        found.get("error"),
        found.get("remembered", False),
    )


def _error(found: BaseException) -> dict[str, str]:
    kind = type(found).__name__
    if kind == "KilledWorker":
        return {
            "code": "worker_died",
            "message": "the worker that did it ended again and again, so it is given up",
        }
    if isinstance(found, ImportError | AttributeError) or "erialize" in str(found):
        return {
            "code": "worker",
            "message": "the worker cannot run it: install the same version of registry-reconciler[fleet] there "
            f"({kind})",
        }
    return {"code": "worker", "message": f"the worker failed ({kind})"}
