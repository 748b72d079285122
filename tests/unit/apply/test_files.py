"""Single files outside of a transaction: reports and caches."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.apply import files


@pytest.fixture
def unwatched() -> Iterator[None]:
    yield
    files.watch(None)


def refuse(wanted: str) -> files.Hook:
    def hook(_index: int, name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name == wanted:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call()

    return hook


def test_a_report_is_written_and_replaced_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    files.write_report(path, b"one")
    path.chmod(0o640)
    files.write_report(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize("call", ["create", "write", "fsync", "rename"])
def test_a_report_that_cannot_be_written_leaves_the_old_one_alone(
    tmp_path: Path, call: str, unwatched: None
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    files.watch(refuse(call))
    with pytest.raises(OSError, match="No space left"):
        files.write_report(path, b"new")
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_report_goes_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    files.write_report(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_report_to_a_device_is_written_to_it() -> None:
    files.write_report(Path(os.devnull), b"gone")
    assert not Path(os.devnull).is_file()


def test_a_cache_is_written_and_removed_without_raising(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "cache"
    assert files.write_cache(path, b"x")
    assert path.read_bytes() == b"x"
    assert files.remove_cache(path)
    assert files.remove_cache(path)
    (tmp_path / "file").write_bytes(b"")
    assert not files.write_cache(tmp_path / "file" / "cache", b"x")
    assert not files.remove_cache(tmp_path / "file" / "cache")


def test_many_syncs_at_once_report_a_failure(tmp_path: Path) -> None:
    fds = [os.open(tmp_path / str(number), os.O_WRONLY | os.O_CREAT) for number in range(12)]
    files.sync_all(fds)
    os.close(fds[5])
    with pytest.raises(OSError, match="Bad file descriptor"):
        files.sync_all(fds)
    for fd in fds:
        if fd != fds[5]:
            os.close(fd)


def test_a_write_of_nothing_is_an_error_and_not_a_loop(tmp_path: Path, unwatched: None) -> None:
    fd = os.open(tmp_path / "x", os.O_WRONLY | os.O_CREAT)
    files.watch(lambda _index, _name, _arguments, _call: 0)
    with pytest.raises(OSError, match="wrote nothing"):
        files.write(fd, b"data")
    os.close(fd)


def test_placing_never_replaces_also_without_the_systems_help(tmp_path: Path, unwatched: None) -> None:
    def plain(_index: int, name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name in ("place", "link"):
            raise files.Unsupported(errno.ENOTSUP, "no such call")
        return call()

    folder = os.open(tmp_path, os.O_RDONLY)
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "taken").write_bytes(b"theirs")
    for hook in (None, plain):
        files.watch(hook)
        with pytest.raises(FileExistsError):
            files.place("new", folder, "taken", folder)
    assert (tmp_path / "taken").read_bytes() == b"theirs"
    files.place("new", folder, "free", folder)
    assert (tmp_path / "free").read_bytes() == b"new"
    assert not (tmp_path / "new").exists()
    os.close(folder)
