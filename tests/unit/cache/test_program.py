"""What a cache knows the program by: any change of the package is another program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from registry_reconciler.cache import store


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package in which ``store`` seems to stand."""
    package = tmp_path / "package"
    for path in ("cache/store.py", "rules/pages/A.md", "__pycache__/a.pyc"):
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text("1")
    monkeypatch.setattr(store, "__file__", str(package / "cache/store.py"))
    return package


def test_the_same_files_are_the_same_program(package: Path) -> None:
    before = store.program()
    (package / "__pycache__/a.pyc").write_text("22")
    assert store.program() == before


@pytest.mark.parametrize("path", ["cache/store.py", "rules/pages/A.md", "rules/new.py"])
def test_a_file_that_differs_is_another_program(package: Path, path: str) -> None:
    before = store.program()
    (package / path).write_text("22")
    assert store.program() != before


def test_another_interpreter_is_another_program(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.program()
    monkeypatch.setattr(sys, "version", "4.0")
    assert store.program() != before


def test_packages_that_were_installed_since_make_another_program(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "site-packages"
    place.mkdir()
    os.utime(place, (1, 1))
    monkeypatch.setattr(sys, "path", [str(place)])
    before = store.program()
    (place / "new").mkdir()
    assert store.program() != before
