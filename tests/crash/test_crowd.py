"""Sixteen processes apply and four read, all at once: no lost update, no mixture, losers are told why."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.apply import FileOp, WorkspaceLock, commit, files, reader, recover
from registry_reconciler.errors import InterruptedApply, LockHeld, StalePlan
from registry_reconciler.model.entry import digest_bytes

pytestmark = pytest.mark.skipif(
    not files.DURABLE, reason="a durable apply needs folder descriptors and flock"
)

WRITERS, READERS = 16, 4
COUNTERS = ("modules/left.yaml", "modules/right.yaml")


def one_apply(root: Path, me: str, *, careful: bool) -> None:
    """Add one to both counters and the writer's own file. A careless writer plans before it has the lock."""
    paths = (*COUNTERS, f"modules/own/{me}.yaml")
    planned: dict[str, bytes | None] = {}
    if not careful:
        with reader(root, 5):
            planned = {path: (root / path).read_bytes() if (root / path).exists() else None for path in paths}
    with WorkspaceLock.acquire(root, command=f"apply by {me}", timeout=0.5) as lock:
        recover(root, lock=lock)
        if careful:
            planned = {path: (root / path).read_bytes() if (root / path).exists() else None for path in paths}
        old = {path: None if data is None else digest_bytes(data) for path, data in planned.items()}
        ops = [FileOp(path, old[path], b"%d\n" % (int(planned[path] or b"0") + 1)) for path in paths]
        commit(root, ops, lock=lock, inputs=old)


def write(root: Path, me: int, until: float) -> dict[str, int]:
    chance, told = random.Random(me), {"done": 0, "locked": 0, "stale": 0, "mute": 0}
    while time.monotonic() < until:
        try:
            one_apply(root, str(me), careful=chance.random() < 0.5)
            told["done"] += 1
        except LockHeld as failure:
            told["mute"] += "locked by" not in failure.message or "waited" not in failure.message
            told["locked"] += 1
        except StalePlan as failure:
            told["mute"] += not set(failure.entries) & set(COUNTERS)
            told["stale"] += 1
        except InterruptedApply:
            pass  # the reader inside a careless writer: the next careful one recovers
    return told


def read(root: Path, _me: int, until: float) -> dict[str, int]:
    told = {"seen": 0, "locked": 0}
    while time.monotonic() < until:
        try:
            with reader(root, 5):
                left, right = ((root / path).read_bytes() for path in COUNTERS)
                own = sum(int(path.read_bytes()) for path in (root / "modules/own").glob("*.yaml"))
            assert left == right, (left, right)
            assert int(left) == own, (left, own)
            told["seen"] += 1
        except LockHeld:
            told["locked"] += 1
        except InterruptedApply:
            told["interrupted"] = told.get("interrupted", 0) + 1
            time.sleep(0.01)
    return told


def in_process(
    work: Callable[[Path, int, float], dict[str, int]], root: Path, me: int, until: float
) -> tuple[int, int]:
    """Start ``work`` in a process of its own: its id, and a descriptor of what it tells at its end."""
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(source)
            os.write(sink, json.dumps(work(root, me, until)).encode())
        except BaseException:
            os.write(sink, traceback.format_exc()[-3000:].encode())
        finally:
            os._exit(0)
    os.close(sink)
    return pid, source


def told_by(pid: int, source: int) -> str:
    with os.fdopen(source) as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    return text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".system/registry").mkdir(parents=True)
    (tmp_path / "modules/own").mkdir(parents=True)
    for path in COUNTERS:
        (tmp_path / path).write_bytes(b"0\n")
    return tmp_path


def test_no_update_is_lost_and_no_reader_sees_a_mixture(root: Path, all_points: bool) -> None:
    until = time.monotonic() + (30 if all_points else 5)
    started = [in_process(write, root, me, until) for me in range(WRITERS)]
    started += [in_process(read, root, me, until) for me in range(READERS)]
    told = [json.loads(told_by(*one)) for one in started]
    total = {
        word: sum(one.get(word, 0) for one in told) for word in ("done", "stale", "locked", "mute", "seen")
    }
    print(total)
    assert int((root / COUNTERS[0]).read_bytes()) == int((root / COUNTERS[1]).read_bytes()) == total["done"]
    assert total["done"]
    assert total["seen"]
    assert not total["mute"], "somebody was refused and not told why"
    assert not (root / ".system/registry/.apply").exists()


def test_writers_that_are_killed_leave_nothing_mixed(root: Path, all_points: bool) -> None:
    until = time.monotonic() + (15 if all_points else 3)
    readers = [in_process(read, root, me, until) for me in range(READERS)]
    chance = random.Random(1)
    while time.monotonic() < until:
        pid, source = in_process(write, root, 1, until)
        time.sleep(chance.random() * 0.05)
        os.kill(pid, signal.SIGKILL)
        told_by(pid, source)
    told = [json.loads(told_by(*one)) for one in readers]
    recover(root, timeout=5)
    assert sum(one["seen"] for one in told)
    assert (root / COUNTERS[0]).read_bytes() == (root / COUNTERS[1]).read_bytes()
