"""A revision's files are those that were committed, links and permissions included."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry_reconciler.files.git import RevisionTree, blame, commit_of, merge_base
from registry_reconciler.files.tree import DiskTree, Tree
from registry_reconciler.files.unreadable import UnreadablePath
from tests.support import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Files, folders, links of every sort, committed; the workspace is the folder ``work`` in it."""
    work = tmp_path / "work"
    (work / "a" / "b").mkdir(parents=True)
    (work / "a" / "b" / "c.yaml").write_bytes(b"c: 1\r\n")
    (work / "a" / "empty").write_bytes(b"")
    (work / "ümlaut und leer.txt").write_bytes(b"\x00\xff")
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    (tmp_path / "outside.txt").write_text("no")
    for name, target in {
        "to-file": "a/b/c.yaml",
        "to-folder": "a/b",
        "a/up": "../run.sh",
        "chain": "to-file",
        "a/back": "..",
        "leaves": "../outside.txt",
        "absolute": "/etc/hostname",
    }.items():
        os.symlink(target, work / name)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    return work


def everything(tree: Tree, folder: str = "") -> Iterator[tuple[object, ...]]:
    """What a tree answers, asked about all that it lists."""
    for name, kind in tree.children(folder):
        path = f"{folder}/{name}" if folder else name
        try:
            data = tree.read(path)
        except UnreadablePath:
            data = b"unreadable"
        yield path, kind, tree.kind(path), data, kind == "file" and tree.executable(path)
        if kind in ("dir", "link"):
            yield from everything(tree, path)


def test_a_revision_answers_as_the_disk_did(repository: Path) -> None:
    on_disk = list(everything(DiskTree(repository)))
    (repository / "a" / "b" / "c.yaml").write_text("changed")
    (repository / "new").write_text("new")
    with closing(RevisionTree(repository, commit_of(repository, "HEAD"))) as tree:
        assert list(everything(tree)) == on_disk
        assert len(on_disk) == 14
        assert tree.read("to-folder/c.yaml") == b"c: 1\r\n"
        assert (tree.read("new"), tree.kind("new"), tree.children("new")) == (None, "absent", ())


def test_a_circle_of_links_ends(repository: Path) -> None:
    os.symlink("two", repository / "one")
    os.symlink("one", repository / "two")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "circle")
    with closing(RevisionTree(repository, commit_of(repository, "HEAD"))) as tree:
        assert tree.kind("one") == "outside"
        with pytest.raises(UnreadablePath):
            tree.read("one")


def test_the_merge_base_is_where_the_branches_parted(repository: Path) -> None:
    first = commit_of(repository, "HEAD")
    git(repository, "checkout", "-qb", "side")
    git(repository, "commit", "-q", "--allow-empty", "-m", "side")
    git(repository, "checkout", "-q", "main")
    git(repository, "commit", "-q", "--allow-empty", "-m", "main")
    assert merge_base(repository, "side") == first
    assert commit_of(repository, "side") != first


def test_blame_tells_lines_apart(repository: Path) -> None:
    file = repository / "list.txt"
    file.write_text("one\ntwo\nthree\n")
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=Bob Böse", "commit", "-qm", "list")
    file.write_text("one\nTWO\nthree\n")
    found = blame(repository, "list.txt", [1, 2])
    assert (found[1].author, found[1].line) == ("Bob Böse", 1)
    assert found[1].commit == git(repository, "rev-parse", "HEAD").strip()
    assert (found[2].commit, found[2].author) == ("", "")
    assert blame(repository, "no-such-file", [1]) == {}
    assert blame(repository, "list.txt", []) == {}


def test_a_hostile_configuration_runs_nothing(repository: Path) -> None:
    home = repository.parent
    for name in ("diff.evil.textconv", "filter.evil=x.clean", "filter.evil=x.process", "core.fsmonitor"):
        git(home, "config", name, f"touch {home}/ran; cat")
    (repository / ".gitattributes").write_text("*.yaml diff=evil filter=evil=x\n")
    (repository / "a/b/c.yaml").write_text("c: 2\r\n")
    assert blame(repository, "a/b/c.yaml", [1])[1].commit == ""
    with closing(RevisionTree(repository, commit_of(repository, "HEAD"))) as tree:
        assert tree.read("a/b/c.yaml") == b"c: 1\r\n"
    assert not (home / "ran").exists()
