"""Fixtures: a repository with a branch, a runner that has it checked out, and the service it comments on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.runner import Runner
from tests.ci.service import Service
from tests.cli.conftest import applied, committed, made, plain_environment
from tests.support import Box

__all__ = ["applied", "committed", "made", "plain_environment"]


@pytest.fixture
def branch(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """An applied and committed workspace on the branch ``work``, which left ``origin/main`` just now."""
    shutil.copytree(made / "committed", tmp_path / "work")
    box = Box(tmp_path / "work", capsys)
    box.git("update-ref", "refs/remotes/origin/main", "main")
    box.git("checkout", "-qb", "work")
    return box


@pytest.fixture
def service() -> Iterator[Service]:
    """A service without comments."""
    one = Service()
    yield one
    one.close()


@pytest.fixture
def runner(branch: Box, service: Service, tmp_path: Path) -> Runner:
    """A runner for pull request 7."""
    return Runner(tmp_path / "runner", branch.root, service.url, {"pull_request": {"number": 7}})
