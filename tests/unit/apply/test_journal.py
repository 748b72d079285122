"""Journals that are not to be believed are ignored with a warning, and touch nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.apply import FileOp, WorkspaceLock, commit, files, pending, reader, recover
from registry_reconciler.apply.journal import (
    BadRecord,
    JournalRecord,
    JournalStep,
    decode,
    encode,
    new_folder_name,
)
from registry_reconciler.model.entry import digest_bytes
from tests.crash import scenario

pytestmark = pytest.mark.skipif(
    not files.DURABLE, reason="a durable apply needs folder descriptors and flock"
)

EVIL = b"evil\n"
APPLY = ".system/registry/.apply"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    scenario.build(tmp_path / "root")
    return tmp_path / "root"


def step(path: str, *, real: str | None = None, before: bytes | None = None) -> JournalStep:
    return JournalStep(
        0, path, real or path, None if before is None else digest_bytes(before), digest_bytes(EVIL)
    )


def forge(
    root: Path, *steps: JournalStep, made: tuple[str, ...] = (), emptied: tuple[tuple[str, int], ...] = ()
) -> Path:
    """A committed journal as an apply would have left it."""
    folder = root / APPLY / "tx-0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "0.new").write_bytes(EVIL)
    (folder / "COMMIT").write_bytes(encode(JournalRecord(steps, made, emptied)))
    return folder


def may_write(path: str) -> bool:
    return path.startswith(("modules/", ".system/"))


def is_ignored(root: Path, reason: str) -> None:
    """Everybody warns and goes on, and the journal changes nothing."""
    before = apart_from_the_ignore_file(root)
    assert pending(root, may_write=may_write) is None
    with reader(root, 0, may_write=may_write) as reading:
        assert len(reading.warnings) == 1
        assert reason in reading.warnings[0]
    result = recover(root, may_write=may_write)
    assert result.direction == "nothing"
    assert reason in result.warnings[0]
    assert apart_from_the_ignore_file(root) == before


def apart_from_the_ignore_file(root: Path) -> scenario.Snapshot:
    """While a journal stands there, git is kept out of it."""
    return {path: what for path, what in scenario.snapshot(root).items() if path != f"{APPLY}/.gitignore"}


def test_a_forged_journal_would_work_if_it_were_believed(root: Path) -> None:
    """Otherwise the other tests here would prove nothing."""
    forge(root, step("modules/x.yaml"))
    assert pending(root, may_write=may_write) is not None
    assert recover(root, may_write=may_write).direction == "forward"
    assert (root / "modules/x.yaml").read_bytes() == EVIL
    assert not (root / APPLY).exists()


@pytest.mark.parametrize(
    "path",
    ["third/party.txt", "../outside", "/tmp/outside", ".git/hooks/post-checkout", "modules/../../outside",
     f"{APPLY}/x", "modules/a\\b", "C:/x"],
)  # fmt: skip
def test_one_that_names_a_path_that_no_apply_writes(root: Path, path: str) -> None:
    forge(root, step(path, before=b"not ours\n" if path.startswith("third") else None))
    is_ignored(root, "it names")


def test_one_whose_real_path_is_not_where_its_path_leads(root: Path) -> None:
    forge(root, step("modules/x.yaml", real="third/party.txt", before=b"not ours\n"))
    is_ignored(root, "it leads to")


def test_one_whose_path_leads_out_of_the_workspace(root: Path) -> None:
    (root / "modules/out").symlink_to("../..")
    forge(root, step("modules/out/x.yaml", real="modules/y.yaml"))
    is_ignored(root, "out of the workspace")


@pytest.mark.parametrize("made", [True, False])
def test_one_that_names_a_folder_of_no_file(root: Path, made: bool) -> None:
    (root / "third/empty").mkdir()
    folders, emptied = ("third/empty",), (("third/empty", 0o755),)
    forge(root, step("modules/x.yaml"), made=folders if made else (), emptied=() if made else emptied)
    is_ignored(root, "names the folder")


def test_one_that_git_tracks(root: Path) -> None:
    forge(root, step("modules/x.yaml"))
    git(root, "init", "-q")
    git(root, "add", "-f", APPLY)
    is_ignored(root, "git tracks it")


def test_one_that_git_tracks_from_a_folder_above(root: Path) -> None:
    forge(root, step("modules/x.yaml"))
    git(root.parent, "init", "-q")
    git(root.parent, "add", "-f", f"root/{APPLY}")
    is_ignored(root, "git tracks it")


def test_one_that_git_tracks_where_no_git_is_installed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge(root, step("modules/x.yaml"))
    git(root, "init", "-q")
    git(root, "add", "-f", APPLY)
    monkeypatch.setenv("PATH", "")
    is_ignored(root, "git tracks it")


def test_one_that_git_does_not_track_in_a_repository_is_believed(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", "modules")
    forge(root, step("modules/x.yaml"))
    assert recover(root, may_write=may_write).direction == "forward"


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def flip(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


@pytest.mark.parametrize("harm", [flip, lambda data: data[:-1], lambda data: b"", lambda data: data + b" "])
def test_one_whose_checksum_fails(root: Path, harm: Callable[[bytes], bytes]) -> None:
    record = forge(root, step("modules/x.yaml")) / "COMMIT"
    record.write_bytes(harm(record.read_bytes()))
    is_ignored(root, "checksum")


@pytest.mark.parametrize("what", ["record", "folder", "place"])
def test_one_that_is_a_link(root: Path, what: str) -> None:
    folder = forge(root, step("modules/x.yaml"))
    path = {"record": folder / "COMMIT", "folder": folder, "place": folder.parent}[what]
    moved = root.parent / "moved"
    path.rename(moved)
    path.symlink_to(moved)
    is_ignored(root, "ignored the journal")
    assert moved.exists()


def test_one_that_is_ignored_stays_and_the_next_apply_works_beside_it(root: Path) -> None:
    forge(root, step("third/party.txt", before=b"not ours\n"))
    with WorkspaceLock.acquire(root, command="test", timeout=0) as lock:
        ops = [FileOp("modules/new.yaml", None, b"x")]
        receipt = commit(root, ops, lock=lock, inputs={}, may_write=may_write)
    assert receipt.created == ("modules/new.yaml",)
    assert len(receipt.warnings) == 1
    assert [one.name for one in (root / APPLY).glob("tx-*")] == ["tx-0123456789abcdef"]


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"steps":[[1,2,3,4]],"made":[],"emptied":[]}',
     b'{"steps":[["a","a",null,null]],"made":[],"emptied":[]}',
     b'{"steps":[["a","a","md5:x",null]],"made":[],"emptied":[]}', b"[" * 100_000],
)  # fmt: skip
def test_a_malformed_record_with_a_fitting_checksum(body: bytes) -> None:
    head = b"registry-journal 1 " + digest_bytes(body).removeprefix("sha256:").encode()
    with pytest.raises(BadRecord, match="malformed"):
        decode(head + b"\n" + body)


def test_a_record_survives_its_bytes() -> None:
    record = JournalRecord(
        (step("modules/ü.yaml", before=b"x"),), ("modules/a", "modules/a/b"), (("modules/old", 0o750),)
    )
    assert decode(encode(record)) == record


def test_names_of_journals_do_not_repeat() -> None:
    assert len({new_folder_name() for _ in range(100)}) == 100


def test_a_huge_record_is_not_read(root: Path) -> None:
    record = forge(root, step("modules/x.yaml")) / "COMMIT"
    os.truncate(record, (64 << 20) + 1)
    is_ignored(root, "too large")
