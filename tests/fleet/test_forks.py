"""What a repository may take: its time, its memory, and that nothing of it is left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.base.child import Child, ChildLimits
from registry_reconciler.fleet import Repository, resolve
from registry_reconciler.runtime.execution.supervise import descendants
from tests.fleet.repositories import bare, repository

LARGE = "thing:\n" + "".join(f"  - {{id: e{number}, text: t}}\n" for number in range(3_000))


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child("registry_reconciler.fleet.run.forks", ChildLimits(60, 0), dict(os.environ)) as child:
        yield child


@pytest.fixture
def ask(child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def asked(
        repository: Repository, *, seconds: float = 60, memory: int = 4 << 30, job: str = "plan"
    ) -> Any:
        source = resolve(repository).describe()
        question = {"job": job, "source": source, "options": {}, "seconds": seconds, "memory": memory}
        answer = child.ask(question)
        assert child._process is not None
        assert descendants(child._process.pid) == []
        return answer

    return asked


def test_a_commit_and_a_folder_give_the_same_plan(ask: Any, tmp_path: Path) -> None:
    repository(tmp_path / "work")
    lies = ask(Repository("w", path=str(tmp_path / "work")))
    cloned = ask(Repository("w", git=str(tmp_path / "work")))
    assert lies["result"] == cloned["result"]
    assert cloned["result"]["summary"]["create"] == 1
    # Only a folder tells what it has seen: a commit is known by its tree.
    assert "desired/a.yaml" in lies["seen"]["inputs"]
    assert "seen" not in cloned


def test_what_takes_too_long_or_too_much_ends_in_its_own_error(ask: Any, tmp_path: Path) -> None:
    bare(tmp_path / "large.git", {"desired/a.yaml": LARGE})
    large = Repository("large", git=str(tmp_path / "large.git"))
    assert ask(large, seconds=0.1)["error"]["code"] == "too_long"
    assert ask(large, memory=8 << 20)["error"]["code"] == "memory"
    # And the next one is looked at as if nothing had been.
    assert ask(large)["result"]["summary"]["create"] == 3_000


def test_what_is_no_workspace_says_so(ask: Any, tmp_path: Path) -> None:
    bare(tmp_path / "x.git")
    found = ask(Repository("x", git=str(tmp_path / "x.git"), root="desired"))
    assert found["error"] == {
        "code": "no_workspace",
        "message": "it is no workspace: it has no .system/registry/schemas/ at its root",
    }
