"""A cache in the workspace, or in the repository around it, is as good as none: for reading as for writing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.base.cache_place import is_outside
from registry_reconciler.base.user_dirs import python_allowed
from registry_reconciler.cache import reports, store
from registry_reconciler.cache.incremental import store as parts
from registry_reconciler.cache.store import OFF
from registry_reconciler.cli.main import main
from registry_reconciler.runtime.serve import prepared
from tests.support import FRAGMENT


def plainly(work: Path) -> Path:
    return work / "cache"


def by_a_link(work: Path) -> Path:
    (work.parent / "link").symlink_to(work / "cache")
    return work.parent / "link"


def by_a_link_to_a_folder_above(work: Path) -> Path:
    (work.parent / "link").symlink_to(work.parent)
    return work.parent / "link" / work.name / "cache"


def by_dots(work: Path) -> Path:
    return work / ".." / work.name / "cache"


def in_the_repository(work: Path) -> Path:
    (work.parent / ".git").mkdir()
    return work.parent / "cache"


WAYS = (plainly, by_a_link, by_a_link_to_a_folder_above, by_dots, in_the_repository)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.delenv(OFF, raising=False)
    work = tmp_path / "work"
    (work / "cache").mkdir(parents=True)
    monkeypatch.chdir(work)
    assert main(["init"]) == 0
    (work / "desired/all.yaml").write_text(FRAGMENT)
    assert main(["check"]) == 0
    capfdbinary.readouterr()
    return work


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_report_there_is_not_shown(
    way: Callable[[Path], Path],
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    place = way(work)
    shutil.copytree(work.parent / "user", place, dirs_exist_ok=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    found = store.folder()
    assert found is not None
    key = reports.key_of(["check"])
    assert key is not None
    record = store.load(key)
    assert record is not None
    store.save(key, {**record, "text": "forged"})
    before = sorted(found.iterdir())
    assert main(["check"]) == 0
    assert b"forged" not in capfdbinary.readouterr().out
    assert main(["plan"]) == 0
    assert sorted(found.iterdir()) == before


def test_a_report_elsewhere_is_shown(work: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Otherwise the test before would prove nothing."""
    key = reports.key_of(["check"])
    assert key is not None
    record = store.load(key)
    assert record is not None
    store.save(key, {**record, "text": "known"})
    assert main(["check"]) == 0
    assert capfdbinary.readouterr().out == b"known"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_other_cache_is_there_either(
    way: Callable[[Path], Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parts.place_of(str(work)) is not None
    assert prepared.place_of(work) is not None
    monkeypatch.setenv("XDG_CACHE_HOME", str(way(work)))
    assert parts.place_of(str(work)) is None
    assert prepared.place_of(work) is None


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_configuration_there_allows_nothing(
    way: Callable[[Path], Path], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (work.parent / "config", way(work)):
        (place / "registry-reconciler").mkdir(parents=True)
        (place / "registry-reconciler/config.toml").write_text("[run]\nallow_python = true\n")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(place))
        assert python_allowed(work) == (
            place == work.parent / "config" and not (work.parent / ".git").exists()
        )


def test_a_folder_is_known_by_what_it_is(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk that does not tell cases apart, or where one folder is mounted twice."""
    twin = work.parent / "WORK"
    real = os.stat

    def one_disk(path: str | Path, *words: object, **named: object) -> os.stat_result:
        return real(str(path).replace(str(twin), str(work)), *words, **named)  # type: ignore[arg-type]

    assert is_outside(twin / "cache/x", work)
    monkeypatch.setattr(os, "stat", one_disk)
    assert not is_outside(twin / "cache/x", work)
