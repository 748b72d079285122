"""A process is forked while another thread writes: what was served goes on being served and written in the child."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from registry_reconciler.runtime import RegistryDbBuilder, RuntimeRegistry, open_runtime
from tests.unit.runtime.helper import Site, index, thing

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

PATIENCE = 60


@contextmanager
def in_another_thread(work: Callable[[threading.Event, threading.Event], None]) -> Iterator[threading.Event]:
    """Work that says when it is in the middle, and goes on when it is told to."""
    reached, go_on = threading.Event(), threading.Event()
    thread = threading.Thread(target=work, args=(reached, go_on))
    thread.start()
    assert reached.wait(PATIENCE)
    try:
        yield go_on
    finally:
        go_on.set()
        thread.join(PATIENCE)


def forked(work: Callable[[], bool]) -> int:
    """The exit code of a forked process: 0 where the work says yes, below 0 where it never ends."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_fork_waits_for_a_batch_that_another_thread_registers() -> None:
    registry = RuntimeRegistry(index(thing("base")))

    def register(reached: threading.Event, go_on: threading.Event) -> None:
        with registry._lock:
            reached.set()
            go_on.wait(0.2)  # the fork begins meanwhile
            registry.register_many([thing("a"), thing("b")])

    def registers() -> bool:
        registry.register(thing("c"))
        return [item.meta.id for item in registry] == ["a", "b", "base", "c"]

    with in_another_thread(register):
        assert forked(registers) == 0
    assert [item.meta.id for item in registry] == ["a", "b", "base"]


def test_domains_of_a_database_are_written_in_a_forked_process() -> None:
    live = RegistryDbBuilder(domains=["things"]).build().runtime()

    def hold(reached: threading.Event, go_on: threading.Event) -> None:
        with live._lock:
            reached.set()
            go_on.wait(0.2)

    with in_another_thread(hold):
        assert forked(lambda: bool(live["things"].register(thing("a")))) == 0


def test_a_reload_of_another_thread_does_not_keep_a_forked_process_from_its_own(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.abilities({"ability_id": "a.b"})
    live = open_runtime(tmp_path)

    def hold(reached: threading.Event, go_on: threading.Event) -> None:
        with live._lock:
            reached.set()
            go_on.wait(PATIENCE)

    site.abilities({"ability_id": "a.b"}, {"ability_id": "a.c"})
    with in_another_thread(hold):
        assert forked(lambda: live.reload() and "a.c" in live["ability"]) == 0
