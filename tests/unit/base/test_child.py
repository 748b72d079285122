"""The process in which expressions and templates are evaluated: what it gets, and how its end is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry_reconciler.base.child import Child, ChildEnded, ChildLimits

WORKER = "registry_reconciler.outputs.worker"
START: dict[str, object] = {"kinds": [], "fields": {}, "secrets": {}}
ROOM = ChildLimits(30, 1 << 30)


def job(value: str) -> dict[str, object]:
    return {"start": START, "job": {"id": "x", "value": value}}


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="reads what a process was given from /proc"
)
def test_it_gets_neither_environment_nor_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "of-ci")
    with Child(WORKER, ROOM) as child:
        assert child.ask(job("{{ 1 + 1 }}"))["result"] == 2
        (pid,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1:]
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
        assert os.readlink(f"/proc/{pid}/cwd") == "/"


PROBE = """\
import sys
from registry_reconciler.base.serving import serve

def main(memory):
    serve(memory, lambda question, parent: [sorted(sys.modules), sys.path])
"""


def test_where_folders_are_said_it_looks_for_packages_there_alone(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    with Child("probe", ROOM, folders=[str(tmp_path)]) as child:
        modules, path = child.ask({})
    assert str(tmp_path) in path
    assert "site" not in modules


def test_one_that_is_late_is_ended() -> None:
    with Child(WORKER, ROOM) as child, pytest.raises(ChildEnded) as ended:
        child.ask(job("{{ 1 }}"), seconds=0.001)
    assert ended.value.late


def test_one_that_cannot_begin_is_told_from_one_that_took_too_much() -> None:
    with Child("registry_reconciler.no_such_module", ROOM) as child, pytest.raises(ChildEnded) as ended:
        child.ask(job("{{ 1 }}"))
    assert (ended.value.late, ended.value.code) == (False, 1)
