"""Trees: what a workspace is read through, and what they refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry_reconciler.files.tree import DiskTree, MemoryTree, Recorder, find, is_safe
from registry_reconciler.files.unreadable import UnreadablePath


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "../a",
        "a/../b",
        "a//b",
        "./a",
        "c:/a",
        "a\\b",
        "a/b. ",
        "a/b.",
        ".git/config",
        "a/.GIT/x",
        "a\nb",
        "~/a",
        "a\0",
        "a/GIT~1/x",
        "a/.g\u200cit/x",
        "a/nul.yaml",
        "COM1",
    ],
)
def test_paths_that_leave_the_root_or_mean_two_things_are_unsafe(path: str) -> None:
    assert not is_safe(path)


def test_ordinary_paths_are_safe() -> None:
    assert is_safe("a/b c/ü.yaml")
    assert is_safe(".system/registry/x.yaml")


def test_a_file_is_read_and_an_absent_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    tree = DiskTree(tmp_path)
    assert tree.read("a") == b"x"
    assert tree.read("b") is None
    assert tree.read("a/b") is None


def test_what_is_no_regular_file_inside_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("s")
    (root / "folder").mkdir()
    (root / "out").symlink_to("../secret")
    (root / "nowhere").symlink_to("gone")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    tree = DiskTree(root)
    for name in ("folder", "out", "nowhere", "loop", "pipe"):
        with pytest.raises(UnreadablePath):
            tree.read(name)
    assert tree.kind("out") == "outside"
    assert tree.kind("pipe") == "other"


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert DiskTree(tmp_path).read("b") == b"x"


def test_memory_lies_over_another_tree() -> None:
    below = MemoryTree({"a/x": b"1", "a/y": b"2"})
    tree = MemoryTree({"a/y": None, "b/z": b"3"}, below)
    assert tree.read("a/x") == b"1"
    assert tree.read("a/y") is None
    assert tree.kind("b") == "dir"
    assert list(find(tree, "**/*")) == ["a/x", "b/z"]


def test_wildcards_do_not_enter_tool_folders_but_names_do(tmp_path: Path) -> None:
    for path in (".git/a.yaml", "node_modules/b.yaml", "ok/c.yaml"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("x")
    tree = DiskTree(tmp_path)
    assert list(find(tree, "**/*.yaml")) == ["ok/c.yaml"]
    assert list(find(tree, "node_modules/*.yaml")) == ["node_modules/b.yaml"]


def test_a_recorder_reads_once_and_remembers_what_was_asked() -> None:
    files: dict[str, bytes | None] = {"a": b"1"}
    tree = MemoryTree(files)
    recorder = Recorder(tree)
    assert recorder.read("a") == b"1"
    tree.files["a"] = b"2"
    assert recorder.read("a") == b"1"
    assert recorder.read("gone") is None
    assert recorder.kind("other") == "absent"
    assert set(recorder.inputs) == {"a", "gone", "other"}
    assert recorder.inputs["gone"] is None


def test_links_between_folders_make_no_endless_paths(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / "d" / name).mkdir(parents=True)
        (tmp_path / "d" / name / "x.yaml").write_text("")
        for link in range(8):
            (tmp_path / "d" / name / f"to{link}").symlink_to(f"../{'b' if name == 'a' else 'a'}")
            (tmp_path / "d" / name / f"up{link}").symlink_to("..")
    found = list(find(DiskTree(tmp_path), "d/**/*.yaml"))
    assert len(found) == 2 + 2 * 8
    assert "d/a/to0/x.yaml" in found


def test_a_folder_that_leads_out_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "d").symlink_to("../out")
    with pytest.raises(UnreadablePath, match="out of the workspace"):
        list(find(DiskTree(tmp_path / "in"), "d/*.yaml"))


def test_a_folder_named_like_a_file_is_found_so_that_reading_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "d" / "x.yaml").mkdir(parents=True)
    assert list(find(DiskTree(tmp_path), "d/*.yaml")) == ["d/x.yaml"]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UnreadablePath, match="are read"):
        DiskTree(tmp_path).read("sparse")


def test_a_folder_that_is_a_link_to_nowhere_cannot_be_listed(tmp_path: Path) -> None:
    (tmp_path / "hooks").symlink_to("gone")
    with pytest.raises(UnreadablePath, match="leads nowhere"):
        DiskTree(tmp_path).children("hooks")
    assert DiskTree(tmp_path).children("absent") == ()
