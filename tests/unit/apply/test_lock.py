"""The workspace lock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from registry_reconciler.apply import WorkspaceLock, files, reader
from registry_reconciler.apply.anchor import Anchor
from registry_reconciler.apply.failures import reason_of
from registry_reconciler.apply.lock import holds, make_apply_folder, owner_of
from registry_reconciler.errors import LockHeld
from tests.crash import scenario

pytestmark = pytest.mark.skipif(not files.DURABLE, reason="the lock needs flock on folders")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".system/registry").mkdir(parents=True)
    return tmp_path


def test_one_writer_at_a_time_and_the_message_names_the_holder(root: Path) -> None:
    with (
        WorkspaceLock.acquire(root, command="apply --yes", timeout=0),
        pytest.raises(LockHeld) as told,
    ):
        WorkspaceLock.acquire(root, command="apply", timeout=0.02)
    assert f"process {os.getpid()}" in told.value.message
    assert "apply --yes" in told.value.message
    assert "--lock-timeout" in told.value.message
    WorkspaceLock.acquire(root, command="apply", timeout=0).release()


def test_readers_share_and_keep_a_writer_out(root: Path) -> None:
    with reader(root, 0), reader(root, 0), pytest.raises(LockHeld):
        WorkspaceLock.acquire(root, command="apply", timeout=0.02)


def test_a_writer_keeps_other_readers_out(root: Path) -> None:
    with WorkspaceLock.acquire(root, command="apply", timeout=0):
        pid = os.fork()
        if pid == 0:
            try:
                with reader(root, 0.02):
                    os._exit(1)
            except LockHeld:
                os._exit(0)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_reader_inside_its_own_writer_is_let_through(root: Path) -> None:
    with WorkspaceLock.acquire(root, command="apply", timeout=0):
        assert holds(root)
        with reader(root, 0):
            pass
    assert not holds(root)


def test_a_lock_is_free_when_its_holder_is_killed_whatever_it_left(root: Path) -> None:
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        WorkspaceLock.acquire(root, command="apply", timeout=0)
        os.write(sink, b"x")
        signal.pause()
    os.read(source, 1)
    with pytest.raises(LockHeld, match=f"process {pid} "):
        WorkspaceLock.acquire(root, command="apply", timeout=0)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(source)
    os.close(sink)
    assert owner_of(root) is not None
    with WorkspaceLock.acquire(root, command="apply", timeout=0):
        pass
    assert not (root / ".system/registry/.apply").exists()


def test_taking_and_releasing_leaves_nothing_behind(root: Path) -> None:
    before = scenario.snapshot(root)
    lock = WorkspaceLock.acquire(root, command="apply", timeout=0)
    assert (root / ".system/registry/.apply/.gitignore").read_text().endswith("*\n")
    lock.release()
    lock.release()
    assert scenario.snapshot(root) == before


def test_a_workspace_that_is_not_there_yet_is_locked_too_and_nothing_of_it_stays(tmp_path: Path) -> None:
    with WorkspaceLock.acquire(tmp_path, command="init", timeout=0):
        assert (tmp_path / ".system/registry").is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_a_holder_says_of_itself_is_cleaned_for_display(root: Path) -> None:
    place = root / ".system/registry/.apply"
    place.mkdir()
    said = {"pid": 7, "host": "\x1b]52;c;x\x07", "since": "now\r", "command": "a\u202eb"}
    (place / "owner.json").write_text(json.dumps(said))
    assert str(owner_of(root)) == "process 7 on ?]52;c;x?, running 'a?b' since now?"


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"pid": "x"}', b"\xff"])
def test_an_unreadable_owner_is_nobody(root: Path, content: bytes) -> None:
    place = root / ".system/registry/.apply"
    place.mkdir()
    (place / "owner.json").write_bytes(content)
    assert owner_of(root) is None


def test_an_owner_that_is_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    place = root / ".system/registry/.apply"
    place.mkdir()
    (tmp_path / "elsewhere").write_text('{"pid":1,"host":"h","since":"s","command":"c"}')
    (place / "owner.json").symlink_to(tmp_path / "elsewhere")
    assert owner_of(root) is None
    WorkspaceLock.acquire(root, command="apply", timeout=0).release()
    assert (tmp_path / "elsewhere").read_text().startswith('{"pid":1')


def test_a_refusal_names_the_folder_that_takes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, _: int) -> None:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(files, "make_folder", refuse)
    with Anchor(root) as anchor, pytest.raises(PermissionError) as told:
        make_apply_folder(anchor)
    assert "Permission denied at '.system/registry';" in reason_of(told.value)


def test_git_never_sees_the_lock(root: Path) -> None:
    subprocess.run(["git", "init", "-q", root], check=True)
    with WorkspaceLock.acquire(root, command="apply", timeout=0):
        status = subprocess.run(
            ["git", "-C", root, "status", "--porcelain", "-uall"], capture_output=True, check=True, text=True
        )
    assert status.stdout == ""


def test_a_folder_that_is_no_workspace_can_be_read(tmp_path: Path) -> None:
    with reader(tmp_path, 0) as reading:
        assert reading.warnings == ()


def test_a_process_that_was_forked_meanwhile_does_not_hold_a_lock_that_was_given_back(root: Path) -> None:
    lock = WorkspaceLock.acquire(root, command="", timeout=0, shared=True)
    end, own_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(own_end)
        os.read(end, 1)
        os._exit(0)
    try:
        lock.release()
        WorkspaceLock.acquire(root, command="apply", timeout=0).release()
    finally:
        os.close(own_end)
        os.waitpid(pid, 0)
        os.close(end)


def test_a_process_that_was_forked_inside_of_a_lock_does_not_give_it_back(root: Path) -> None:
    with WorkspaceLock.acquire(root, command="apply", timeout=0) as lock:
        pid = os.fork()
        if pid == 0:
            lock.release()
            os._exit(0)
        os.waitpid(pid, 0)
        with pytest.raises(LockHeld):
            WorkspaceLock.acquire(root, command="plan", timeout=0, shared=True)
