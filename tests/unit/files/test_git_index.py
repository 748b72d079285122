"""What git tracks is read from every sort of index, as git itself says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.files import git_index as gitindex

NAMES = [f"modules/{letter}/{number}.yaml" for letter in "abc" for number in range(12)]
TRACKED = ".system/registry/.apply/tx-0123456789abcdef"
FOREIGN = ".system/registry/.apply/tx-0123456789abcdee"
LONG = "modules/" + "long/" * 40 + "n" * 200


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def repository(folder: Path, *options: str) -> Path:
    """A repository that tracks a journal besides other files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", *options)
    for name in [*NAMES, LONG[:4000], f"{TRACKED}/COMMIT", ".system/registry/schemas/x.yaml"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    git(folder, "add", "-A", "-f")
    return folder


def version_2(folder: Path) -> Path:
    git(repository(folder), "update-index", "--index-version", "2")
    return folder


def version_3(folder: Path) -> Path:
    repository(folder)
    (folder / "intended").write_text("x")
    git(folder, "add", "--intent-to-add", "intended")
    return folder


def version_4(folder: Path) -> Path:
    git(repository(folder), "update-index", "--index-version", "4")
    return folder


def split(folder: Path) -> Path:
    git(repository(folder), "update-index", "--split-index")
    (folder / NAMES[3]).write_text("changed")
    git(folder, "add", NAMES[3])
    assert list((folder / ".git").glob("sharedindex.*"))
    return folder


def split_4(folder: Path) -> Path:
    git(split(folder), "update-index", "--index-version", "4")
    return folder


def sha256(folder: Path) -> Path:
    return repository(folder, "--object-format=sha256")


def sha256_version_4(folder: Path) -> Path:
    git(sha256(folder), "update-index", "--index-version", "4")
    return folder


def worktree(folder: Path) -> Path:
    git(repository(folder), "commit", "-qm", "x")
    git(folder, "worktree", "add", "-q", "../linked")
    return folder.parent / "linked"


def submodule(folder: Path) -> Path:
    git(repository(folder), "commit", "-qm", "x")
    outer = folder.parent / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(folder), "inner")
    return outer / "inner"


def other_case(folder: Path) -> Path:
    git(repository(folder), "rm", "-q", "--cached", "-r", TRACKED)
    blob = git(folder, "hash-object", "-w", "modules/a/1.yaml").strip()
    git(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{TRACKED.upper()}/COMMIT")
    return folder


KINDS: tuple[Callable[[Path], Path], ...] = (
    *(version_2, version_3, version_4, split, split_4, sha256, sha256_version_4),
    *(worktree, submodule, other_case),
)


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_what_is_tracked_is_found_and_nothing_else(make: Callable[[Path], Path], tmp_path: Path) -> None:
    root = make(tmp_path / "one")
    assert gitindex.mentions(root, TRACKED)
    assert not gitindex.mentions(root, FOREIGN)
    assert not gitindex.mentions(root, "modules/a/1")
    assert not gitindex.mentions(root, "odules")


@pytest.mark.parametrize("make", [version_2, version_3, version_4, sha256, sha256_version_4])
def test_the_names_are_those_that_git_tells(make: Callable[[Path], Path], tmp_path: Path) -> None:
    root = make(tmp_path / "one")
    told = git(root, "ls-files", "-z").split("\0")[:-1]
    assert [os.fsdecode(one) for one in gitindex._names(root / ".git")] == told
    assert LONG in told


def test_a_folder_that_a_sparse_index_holds_counts(tmp_path: Path) -> None:
    root = repository(tmp_path / "one")
    git(root, "commit", "-qm", "x")
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "modules")
    assert b"COMMIT" not in (root / ".git/index").read_bytes()
    assert gitindex.mentions(root, TRACKED)
    assert gitindex.mentions(root, FOREIGN)
    assert not gitindex.mentions(root, "modules/d")


def test_a_workspace_below_the_top(tmp_path: Path) -> None:
    root = repository(tmp_path / "one/services/shop")
    (root / ".git").rename(tmp_path / "unused")
    git(tmp_path / "one", "init", "-q")
    git(tmp_path / "one", "add", "-A", "-f")
    assert gitindex.mentions(root, TRACKED)
    assert not gitindex.mentions(root, FOREIGN)


@pytest.mark.parametrize(
    "harm", [b"DIRC", b"", b"DIRC\0\0\0\x09" + b"\0" * 99, b"DIRC\0\0\0\x02\0\0\0\x02" + b"\0" * 90]
)
def test_an_index_that_cannot_be_read_leaves_a_doubt(harm: bytes, tmp_path: Path) -> None:
    root = repository(tmp_path / "one")
    (root / ".git/index").write_bytes(harm)
    assert gitindex.mentions(root, FOREIGN)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    root = repository(tmp_path / "one")
    (root / ".git/index").unlink()
    os.mkfifo(root / ".git/index")
    assert gitindex.mentions(root, FOREIGN)


def test_where_there_is_no_git_nothing_is_tracked(tmp_path: Path) -> None:
    assert not gitindex.mentions(tmp_path, TRACKED)
    git(tmp_path, "init", "-q")
    assert not gitindex.mentions(tmp_path, TRACKED)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/.git").mkdir()
    assert not gitindex.mentions(tmp_path / "in", TRACKED)
