"""What a run saw, and every way in which it may not be so any more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.cache.fingerprint import Fingerprint, NotKept, fingerprint_of, is_fresh, refresh
from registry_reconciler.files.tree import DiskTree, Recorder
from tests.support import git


def look(root: Path) -> Recorder:
    """A run that reads, lists and asks."""
    tree = Recorder(DiskTree(root))
    tree.read("a/one")
    tree.read("gone")
    tree.kind("a/two")
    tree.kind("a/b")
    tree.kind("none/at/all")
    tree.executable("a/run")
    tree.kind("a/run")
    tree.children("a")
    tree.children("a/b")
    tree.children("nowhere")
    return tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a/b").mkdir(parents=True)
    for name in ("one", "two", "run"):
        (tmp_path / "a" / name).write_text(name)
    (tmp_path / "a/b/deep").write_text("x")
    (tmp_path / "a/run").chmod(0o755)
    age(tmp_path)
    return tmp_path


def age(root: Path) -> None:
    """Makes the fingerprint believe times: everything is old."""
    for folder, _, files in os.walk(root, topdown=False):
        for name in (*files, "."):
            os.utime(os.path.join(folder, name), (1, 1))


def seen(root: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> Fingerprint:
    tree = look(root)
    if monkeypatch is not None:
        # Times of status cannot be set, so the clock is.
        later = time.time_ns() + 10_000_000_000
        monkeypatch.setattr("registry_reconciler.cache.fingerprint.time.time_ns", lambda: later)
    return fingerprint_of(str(root), tree.inputs, tree.folders)


def relink(root: Path) -> None:
    os.rename(root / "a/b", root / "c")
    os.symlink("../c", root / "a/b")


def relink_file(root: Path) -> None:
    (root / "a/one").rename(root / "z")
    os.symlink("../z", root / "a/one")


def to_folder(root: Path) -> None:
    (root / "a/two").unlink()
    (root / "a/two").mkdir()


def fill(root: Path) -> None:
    (root / "nowhere").mkdir()
    (root / "nowhere/x").write_text("")


CHANGES: dict[str, Callable[[Path], object]] = {
    "bytes": lambda root: (root / "a/one").write_text("ONE"),
    "length": lambda root: (root / "a/one").write_text("longer"),
    "removed": lambda root: (root / "a/one").unlink(),
    "came": lambda root: (root / "gone").write_text(""),
    "listed": lambda root: (root / "a/new").write_text(""),
    "deep": lambda root: (root / "a/b/new").write_text(""),
    "kind": to_folder,
    "mode": lambda root: (root / "a/run").chmod(0o644),
    "folder came": lambda root: (root / "none/at/all").mkdir(parents=True),
    "listed folder came": fill,
    "link": relink,
    "file link": relink_file,
}


@pytest.mark.parametrize("believed", [False, True])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_noticed(root: Path, name: str, believed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint = seen(root, monkeypatch if believed else None)
    assert is_fresh(str(root), fingerprint)[0]
    CHANGES[name](root)
    assert not is_fresh(str(root), fingerprint)[0]


def test_a_change_that_keeps_size_and_time_of_content_is_noticed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = seen(root, monkeypatch)
    (root / "a/one").write_text("eno")
    os.utime(root / "a/one", (1, 1))
    assert not is_fresh(str(root), fingerprint)[0]


@pytest.mark.parametrize("place", ["a", "a/b", "a/one"])
def test_a_place_that_becomes_read_only_is_noticed(
    root: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = seen(root, monkeypatch)
    (root / place).chmod(0o555)
    open_to = os.access
    # Everything is open to root, who may be running this.
    monkeypatch.setattr(
        "registry_reconciler.cache.fingerprint.os.access",
        lambda path, mode: Path(path) != root / place and open_to(path, mode),
    )
    assert not is_fresh(str(root), fingerprint)[0]


def test_young_files_are_looked_at_and_old_ones_believed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    young = seen(root)
    assert all(signature is None for _, told, signature in young.paths)
    assert is_fresh(str(root), young) == (True, True)
    old = seen(root, monkeypatch)
    assert all((signature is None) == told.startswith("absent") for _, told, signature in old.paths)
    assert is_fresh(str(root), old) == (True, False)
    again = refresh(str(root), young)
    assert (again.paths, again.folders) == (old.paths, old.folders)


def test_touching_a_file_changes_nothing_but_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint = seen(root, monkeypatch)
    os.utime(root / "a/one")
    assert is_fresh(str(root), fingerprint) == (True, True)


def test_what_changed_before_it_was_remembered_is_not_kept(root: Path) -> None:
    tree = look(root)
    (root / "a/one").write_text("ONE")
    with pytest.raises(NotKept):
        fingerprint_of(str(root), tree.inputs, tree.folders)


def test_a_file_too_large_to_be_read_is_not_read_to_remember_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = look(root)
    os.truncate(root / "a/one", 2**40)
    monkeypatch.setattr(
        "registry_reconciler.cache.fingerprint.digest_bytes", lambda _data: pytest.fail("read")
    )
    with pytest.raises(NotKept):
        fingerprint_of(str(root), {"a/one": tree.inputs["a/one"]}, {})


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_not_kept(root: Path) -> None:
    os.symlink("one", root / "a/link")
    tree = look(root)
    with pytest.raises(NotKept):
        fingerprint_of(str(root), tree.inputs, tree.folders)


def test_a_witness_survives_json(root: Path) -> None:
    fingerprint = seen(root)
    assert Fingerprint.from_json(fingerprint.to_json()) == fingerprint


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"paths": 1, "folders": []},
        {"paths": [[1, "x", None]], "folders": []},
        {"paths": [["a", "b", ["c"]]], "folders": []},
    ],
)
def test_a_damaged_witness_is_refused(data: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        Fingerprint.from_json(data)


def test_what_a_sparse_checkout_leaves_out_by_now_was_absent_before(root: Path) -> None:
    (root / "gone").write_text("there")
    git(root, "init", "-q")
    git(root, "add", ".")
    (root / "gone").unlink()
    age(root)
    fingerprint = seen(root)
    assert is_fresh(str(root), fingerprint)[0]
    git(root, "update-index", "--skip-worktree", "gone")
    assert not is_fresh(str(root), fingerprint)[0]
