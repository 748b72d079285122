"""Files and folders belong to whom the system would give them to, though they are made in the journal."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.apply import FileOp, Receipt, WorkspaceLock, commit, files, recover
from registry_reconciler.errors import WriteFailure
from registry_reconciler.model.entry import digest_bytes

pytestmark = [
    pytest.mark.skipif(not files.DURABLE, reason="a durable apply needs folder descriptors and flock"),
    pytest.mark.skipif(
        os.name != "posix" or os.getuid() != 0, reason="only root can give files to a group that it is not in"
    ),
]

TEAM, OTHERS = 4321, 4322


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "root"
    for folder in ("shared/old", "plain", ".system/registry"):
        (made / folder).mkdir(parents=True)
    (made / "shared/old/a.yaml").write_bytes(b"a\n")
    (made / "plain/a.yaml").write_bytes(b"a\n")
    share(made / "shared", TEAM)
    yield made
    files.watch(None)


def share(folder: Path, group: int) -> None:
    """Make a folder one that gives its group to what is made in it."""
    os.chown(folder, -1, group)
    folder.chmod(0o2775)


def write(root: Path, changes: dict[str, bytes | None], **more: Any) -> Receipt:
    ops = []
    for path, content in changes.items():
        there = root / path
        ops.append(FileOp(path, digest_bytes(there.read_bytes()) if there.is_file() else None, content))
    with WorkspaceLock.acquire(root, command="test", timeout=0) as lock:
        return commit(root, ops, lock=lock, inputs={}, **more)


def group(path: Path) -> int:
    return path.stat().st_gid


def as_the_system_would(folder: Path) -> int:
    """The group of a file that is simply made there."""
    place = folder / "probe"
    place.touch()
    try:
        return group(place)
    finally:
        place.unlink()


@pytest.mark.parametrize("journal", [None, TEAM, OTHERS], ids=["plain journal", "same group", "other group"])
def test_new_files_and_folders_have_the_group_that_the_system_would_give(
    root: Path, journal: int | None
) -> None:
    if journal is not None:
        share(root / ".system/registry", journal)
    expected = {folder: as_the_system_would(root / folder) for folder in ("shared", "plain")}
    write(root, {"shared/new.yaml": b"x", "shared/one/two/new.yaml": b"x", "plain/one/new.yaml": b"x"})
    assert expected == {"shared": TEAM, "plain": os.getegid()}
    for path in ("new.yaml", "one", "one/two", "one/two/new.yaml"):
        assert group(root / "shared" / path) == TEAM, path
    for path in ("one", "one/two"):
        assert (root / "shared" / path).stat().st_mode & stat.S_ISGID, path
    for path in ("one", "one/new.yaml"):
        assert group(root / "plain" / path) == os.getegid(), path
    assert not (root / "plain/one").stat().st_mode & stat.S_ISGID


@pytest.mark.parametrize("exchange", [True, False])
def test_a_replaced_file_keeps_its_own_group_and_mode(root: Path, exchange: bool) -> None:
    file = root / "shared/old/a.yaml"
    os.chown(file, 1234, OTHERS)
    file.chmod(0o640)
    if not exchange:
        files.watch(no_exchange)
    write(root, {"shared/old/a.yaml": b"b\n"})
    info = file.stat()
    assert (file.read_bytes(), info.st_uid, info.st_gid, info.st_mode & 0o7777) == (
        b"b\n",
        1234,
        OTHERS,
        0o640,
    )


def no_exchange(_index: int, name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
    if name == "exchange":
        raise files.Unsupported(errno.ENOSYS, "no")
    return call()


def owned(root: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for path in sorted(root.rglob("*")):
        if ".apply" not in path.parts and ".system" not in path.parts:
            info = path.stat()
            found[str(path.relative_to(root))] = (info.st_uid, info.st_gid, info.st_mode)
    return found


@pytest.mark.parametrize("killed", [False, True])
def test_what_is_taken_back_belongs_to_whom_it_belonged(root: Path, killed: bool) -> None:
    os.chown(root / "shared/old", 1234, OTHERS)
    (root / "shared/old").chmod(0o2750)
    os.chown(root / "shared/old/a.yaml", 1235, OTHERS)
    before = owned(root)

    def verify() -> None:
        assert not (root / "shared/old").exists()
        if killed:
            os._exit(9)
        raise WriteFailure("no")

    def attempt() -> None:
        with pytest.raises(WriteFailure):
            write(
                root,
                {"shared/old/a.yaml": None, "shared/n/x.yaml": b"x"},
                remove_empty=["shared/old"],
                verify=verify,
            )

    if not killed:
        attempt()
        assert owned(root) == before
        return
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    with WorkspaceLock.acquire(root, command="test", timeout=0) as lock:
        recover(root, lock=lock)
    assert not (root / "shared/old").exists()
    assert group(root / "shared/n/x.yaml") == TEAM


def as_somebody(root: Path, action: Callable[[], object]) -> str:
    """What a failure says to a user who is not root, and in no group but their own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        text = "no failure"
        try:
            os.setgroups([])
            os.setgid(1234)
            os.setuid(1234)
            action()
        except WriteFailure as failure:
            text = str(failure)
        except BaseException as error:
            text = repr(error)
        finally:
            os.write(writing, text.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with open(reading, "rb") as file:
        return file.read().decode()


@pytest.fixture
def open_root(root: Path) -> Path:
    """The same, in folders that anybody may write in."""
    for folder in (root, *root.rglob("*")):
        if folder.is_dir():
            folder.chmod(folder.stat().st_mode | 0o777)
    folder = root.parent
    while folder != folder.parent and not folder.stat().st_mode & 0o001:
        folder.chmod(folder.stat().st_mode | 0o011)
        folder = folder.parent
    return root


def test_a_group_that_cannot_be_given_is_said_with_what_helps(open_root: Path) -> None:
    said = as_somebody(open_root, lambda: write(open_root, {"shared/one/new.yaml": b"x"}))
    assert said == (
        "nothing was written: 'shared/one/new.yaml' cannot be written: its folder gives it the group "
        f"{TEAM}, which you are not in; join that group, or stop the folder from giving its group: "
        "chmod g-s shared"
    )
    assert not (open_root / "shared/one").exists()
    assert not list((open_root / ".system/registry/.apply").glob("tx-*"))


def test_the_journal_inside_of_a_shared_folder_needs_no_right_to_give(open_root: Path) -> None:
    """A workspace that is shared as a whole: the system gives the group itself."""
    share(open_root / ".system/registry", TEAM)
    (open_root / ".system/registry").chmod(0o2777)
    assert as_somebody(open_root, lambda: write(open_root, {"shared/new.yaml": b"x"})) == "no failure"
    assert (open_root / "shared/new.yaml").stat().st_gid == TEAM


@pytest.mark.parametrize("owner", [(1234, TEAM), (1235, 1234)])
def test_an_owner_that_cannot_be_kept_is_said_with_what_helps(
    open_root: Path, owner: tuple[int, int]
) -> None:
    file = open_root / "plain/a.yaml"
    file.chmod(0o666)
    os.chown(file, *owner)
    said = as_somebody(open_root, lambda: write(open_root, {"plain/a.yaml": b"x"}))
    assert said.startswith(
        f"nothing was written: 'plain/a.yaml' cannot be written: it belongs to user {owner[0]}"
    )
    assert f"group {owner[1]}" in said
    assert "(chown, chgrp)" in said
    assert (file.read_bytes(), file.stat().st_uid, file.stat().st_gid) == (b"a\n", *owner)


def test_a_report_keeps_its_group_or_shows_itself_to_none(root: Path) -> None:
    place = root / "report.json"
    place.write_bytes(b"old")
    os.chown(place, -1, OTHERS)
    place.chmod(0o640)
    files.write_report(place, b"new")
    assert (place.read_bytes(), group(place), stat.S_IMODE(place.stat().st_mode)) == (b"new", OTHERS, 0o640)

    def hook(_index: int, name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name == "chown":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        return call()

    files.watch(hook)
    files.write_report(place, b"newer")
    assert (place.read_bytes(), stat.S_IMODE(place.stat().st_mode)) == (b"newer", 0o600)
    assert sys.platform == "darwin" or group(place) == os.getegid()
