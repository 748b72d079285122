"""The repositories of a fleet, several at a time, and what stops them all."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Sequence

from registry_reconciler.files.git_call import Running, end_session
from registry_reconciler.fleet.execute.command import Order
from registry_reconciler.fleet.execute.repository import Executed, executed
from registry_reconciler.fleet.manifest import Repository


class _UnderWay:
    """The processes that run, so that who is interrupted can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Running] = set()
        self._stopped = False

    def watch(self, process: Running, runs: bool) -> None:
        """A process has started, or is through."""
        with self._lock:
            (self._running.add if runs else self._running.discard)(process)
            late = self._stopped and runs
        if late:
            end_session(process)

    def stop(self) -> None:
        """End them all."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            end_session(process)

    @property
    def stopped(self) -> bool:
        """Whether they were ended."""
        return self._stopped


def execute(
    repositories: Sequence[Repository], order: Order, *, workers: int | None = None
) -> Iterator[Executed]:
    """Do an order in each repository, and tell what came of each as it comes.

    When the caller stops asking, what is under way is ended, and its work trees go; what is done stays done.
    """
    waiting: queue.SimpleQueue[Repository] = queue.SimpleQueue()
    for repository in repositories:
        waiting.put(repository)
    done: queue.SimpleQueue[Executed | BaseException] = queue.SimpleQueue()
    under_way = _UnderWay()

    def work() -> None:
        while not under_way.stopped:
            try:
                repository = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put(executed(repository, order, under_way.watch))
            except BaseException as fault:
                done.put(fault)

    count = max(1, min(workers or os.cpu_count() or 1, len(repositories)))
    threads = [threading.Thread(target=work, daemon=True, name=f"registry-exec-{n}") for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        for _ in repositories:
            found = done.get()
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        under_way.stop()
        for thread in threads:
            thread.join(timeout=10)
