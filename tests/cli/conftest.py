"""Fixtures: an empty folder, a workspace with fragments, and the same applied."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_reconciler.cli.main import main
from tests.support import FRAGMENT, Box, git


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests reaches a command."""
    for name in ("NO_COLOR", "REGISTRY_DEBUG", "GITHUB_SHA", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setenv("REGISTRY_ACTOR", "ada")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspaces that tests get copies of: ``box``, ``applied``, ``committed``."""
    home = tmp_path_factory.mktemp("made")
    (home / "box").mkdir()
    with _quietly(home / "box"):
        assert main(["init"]) == 0
    (home / "box/desired/all.yaml").write_text(FRAGMENT, encoding="utf-8")
    shutil.copytree(home / "box", home / "applied")
    with _quietly(home / "applied"):
        assert main(["apply", "--yes"]) == 0
    shutil.copytree(home / "applied", home / "committed")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        git(home / "committed", *words)
    return home


@contextlib.contextmanager
def _quietly(folder: Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        os.chdir(before)


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """A folder that is no workspace."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return Box(folder, capsys)


def _copy(made: Path, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    shutil.copytree(made / name, tmp_path / "work")
    return Box(tmp_path / "work", capsys)


@pytest.fixture
def box(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """A workspace with one fragment, nothing applied."""
    return _copy(made, "box", tmp_path, capsys)


@pytest.fixture
def applied(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """The same, applied."""
    return _copy(made, "applied", tmp_path, capsys)


@pytest.fixture
def committed(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """The same, applied and committed in a git repository, on the branch ``main``."""
    return _copy(made, "committed", tmp_path, capsys)
