"""Runs over a Dask cluster whose scheduler and workers are processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.base.child import ChildLimits
from registry_reconciler.cli.main import main
from registry_reconciler.errors import UsageFailure
from registry_reconciler.fleet import Repository, RepositoryOutcome, read_manifest
from registry_reconciler.fleet.run import cluster as clusters
from registry_reconciler.fleet.run import run
from registry_reconciler.fleet.run.cluster import SchedulerGone, check_address
from tests.fleet.hostile import HOSTILE
from tests.fleet.repositories import bare, fleet_file, repository, runs
from tests.support import git

pytestmark = pytest.mark.slow
REGISTRY = Path(sys.executable).with_name("registry")
LARGE = "thing:\n" + "".join(f"  - {{id: e{number}, text: t}}\n" for number in range(2_500))


class Dask:
    """A scheduler and two workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.started: list[subprocess.Popen[bytes]] = []
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}

        def start(*words: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self.started.append(process)
            return process

        file = folder / "scheduler.json"
        quiet = ("--no-dashboard", "--scheduler-file", str(file))
        here = ("--host", "127.0.0.1")
        self.scheduler = start("distributed.cli.dask_scheduler", *here, "--port", "0", *quiet)
        until(lambda: file.is_file() and bool(file.read_text()))
        self.address = json.loads(file.read_text())["address"]
        self.workers = [
            start("distributed.cli.dask_worker", *here, "--nthreads", "1", "--no-nanny", *quiet) for _ in "12"
        ]

    def end(self) -> None:
        for process in self.started:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    try:
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def by_name(outcomes: Iterator[RepositoryOutcome]) -> dict[str, RepositoryOutcome]:
    return {outcome.name: outcome for outcome in outcomes}


def test_hostile_repositories_stop_nobody_and_what_is_known_is_not_done_again(
    dask: Dask, tmp_path: Path
) -> None:
    repositories = []
    for name, files in HOSTILE.items():
        bare(tmp_path / f"{name}.git", files)
        repositories.append(Repository(name, git=str(tmp_path / f"{name}.git")))
    repositories.append(Repository("nothing", git=str(tmp_path / "nothing.git")))
    bare(tmp_path / "good.git")
    repositories.append(Repository("good", git=str(tmp_path / "good.git")))

    def looked_at() -> dict[str, RepositoryOutcome]:
        return by_name(run(repositories, "plan", {}, scheduler=dask.address, limits=ChildLimits(60, 2 << 30)))

    found = looked_at()
    assert set(found) == {repository.name for repository in repositories}
    assert found["good"].result["blocking"] == 0
    assert found["nothing"].error is not None
    for name in HOSTILE:
        outcome = found[name]
        assert outcome.error is not None or outcome.result["problems"], name
        assert (outcome.error or {}).get("code") != "internal", (name, outcome.error)
    again = looked_at()
    assert again["good"].remembered
    assert {name: outcome.result for name, outcome in again.items()} == {
        name: outcome.result for name, outcome in found.items()
    }


def test_the_work_of_a_worker_that_is_killed_is_done_again(dask: Dask, tmp_path: Path) -> None:
    repositories = []
    for number in range(4):
        bare(tmp_path / f"r{number}.git", {"desired/a.yaml": LARGE})
        repositories.append(Repository(f"r{number}", git=str(tmp_path / f"r{number}.git")))
    outcomes = run(repositories, "plan", {}, scheduler=dask.address, remember=False)
    first = next(outcomes)
    below = descendants_of(dask.workers[0].pid)
    os.killpg(dask.workers[0].pid, signal.SIGKILL)
    found = {first.name: first, **by_name(outcomes)}
    assert {name: outcome.result["summary"]["create"] for name, outcome in found.items()} == {
        f"r{number}": 2_500 for number in range(4)
    }
    # What it had started goes with it.
    until(lambda: not any(map(runs, below)))


def descendants_of(pid: int) -> list[int]:
    from registry_reconciler.runtime.execution.supervise import descendants

    return descendants(pid)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


def test_ctrl_c_leaves_no_process_of_a_cluster_of_our_own(tmp_path: Path) -> None:
    bare(tmp_path / "r.git", {"desired/a.yaml": LARGE})
    fleet_file(tmp_path, {f"r{number}": "git: r.git" for number in range(8)})
    words = [str(REGISTRY), "fleet", "plan", "--workers", "2", "--no-cache", "--format", "json"]
    process = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    started: list[int] = []

    def at_work() -> bool:
        started[:] = descendants_of(process.pid)
        # A fork of each worker, beside what it is forked from.
        return sum("fleet.run.forks" in command_of(pid) for pid in started) >= 3

    try:
        until(at_work)
        process.send_signal(signal.SIGINT)
        said, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert json.loads(said)["errors"][0]["code"] == "interrupted"
    assert b"Traceback" not in told
    until(lambda: not any(map(runs, started)))


def test_the_command_groups_by_cause_and_exits_as_the_worst(
    dask: Dask, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"desired/a.yaml": "thing:\n  - {id: one}\n"}
    for name, files in (("a", wrong), ("b", wrong), ("c", {})):
        bare(tmp_path / f"{name}.git", files)
    repository(tmp_path / "d")
    names = {name: f"git: {name}.git" for name in "abc"}
    fleet_file(tmp_path, {**names, "d": "path: d", "e": "path: nope", "f": "git: c.git, rev: mian"})
    monkeypatch.chdir(tmp_path)
    forms = ("sarif", "markdown", "html", "junit", "gitlab", "github", "summary", "brief", "text")
    reports = [word for form in forms for word in ("--report", f"{form}={tmp_path}/{form}")]
    code = main(["fleet", "plan", "--scheduler", dask.address, "--format", "json", *reports])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == answer["exit"] == 1
    assert [row["state"] for row in answer["repositories"]] == ["failed"] * 2 + ["blocked"] * 2 + [
        "changes"
    ] * 2
    assert {error["code"] for error in answer["errors"]} == {"source"}
    cause = next(cause for cause in answer["causes"] if cause["code"] == "SCH001")
    assert (cause["count"], cause["repositories"]) == (2, ["a", "b"])
    for form in forms:
        text = (tmp_path / form).read_text()
        assert "SCH001" in text, form
        assert "a/desired/a.yaml" in text, form
    # As the worst of those that are meant.
    for only, worst in (("[ab]", 3), ("c", 0)):
        assert main(["fleet", "check", "--only", only, "--scheduler", dask.address]) == worst
    assert main(["fleet", "plan", "--only", "x"]) == 64


def test_a_scheduler_that_is_gone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a cluster of its own, which it ends."""
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 3.0)
    monkeypatch.setattr(clusters, "GONE_SECONDS", 1.0)
    cluster = Dask(tmp_path)
    try:
        bare(tmp_path / "r.git", {"desired/a.yaml": LARGE})
        many = [Repository(f"r{number}", git=str(tmp_path / "r.git")) for number in range(4)]
        outcomes = run(many, "plan", {}, scheduler=cluster.address, remember=False)
        first = next(outcomes)
        os.killpg(cluster.scheduler.pid, signal.SIGKILL)
        rest = list(outcomes)
    finally:
        cluster.end()
    assert first.error is None
    lost = [outcome.error for outcome in rest if outcome.error is not None]
    assert lost
    assert all(error["code"] == "scheduler_gone" and "is gone" in error["message"] for error in lost)
    with pytest.raises(SchedulerGone, match="no scheduler answers"):
        list(run(many, "plan", {}, scheduler=cluster.address))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "tcp://10.0.0.5:8786",
            "tcp://0.0.0.0:8786",
            "tcp://example.org:1",
            "tcp://127.0.0.1.example.org:1",
        ),
        *("http://127.0.0.1:1", "127.0.0.1:8786", "tcp://127.0.0.1", "-x", "tcp://[2001:db8::1]:1"),
    ],
)
def test_beyond_the_loopback_tls_is_required(address: str) -> None:
    with pytest.raises(UsageFailure):
        check_address(address)


def test_the_loopback_and_tls_are_taken() -> None:
    for address in ("tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1", "tls://example.org:8786"):
        assert check_address(address) == address


def test_only_what_changed_since_a_revision_is_looked_at(dask: Dask, tmp_path: Path) -> None:
    for name in "ab":
        repository(tmp_path / name)
        git(tmp_path / name, "tag", "v1")
    (tmp_path / "b/t.yaml").write_text("things: []\n\n")
    git(tmp_path / "b", "commit", "-qam", "two")
    file = fleet_file(tmp_path, {"a": "git: a", "b": "git: b", "c": "path: a", "d": "path: b, rev: main"})
    repositories = read_manifest(file).repositories
    found = by_name(run(repositories, "check", {}, scheduler=dask.address, since="v1"))
    assert set(found) == {"b", "d"}
    with pytest.raises(UsageFailure, match="no repository of the fleet knows the revision 'v2'"):
        list(run(repositories, "check", {}, scheduler=dask.address, since="v2"))
