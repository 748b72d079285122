"""The one module that changes files: every call that creates, writes, renames, syncs or removes passes here.

That is what makes the promise of :mod:`registry_reconciler.apply.transaction` testable. A test watches the
calls (:func:`watch`) and, at any one of them, kills the process, answers with an error, cuts a write short or
edits a file by hand. No environment variable and no option of the product reaches that seam.

Names are relative to a folder descriptor (``folder``) wherever a descriptor is taken: a folder that is
swapped for a link in the meantime is never followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

Hook: TypeAlias = Callable[[int, str, tuple[Any, ...], Callable[[], Any]], Any]
"""``hook(index, name, arguments, call)``: the caller gets what it returns or raises; ``call()`` does it."""

NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
DIRECTORY: int = getattr(os, "O_DIRECTORY", 0)
BINARY: int = getattr(os, "O_BINARY", 0)

DURABLE = os.name == "posix" and os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
"""Whether this system has what a durable apply needs (folder descriptors, ``flock``); Windows has not."""

_F_FULLFSYNC = 51
_SYNC_THREADS = 8
_NOT_HERE = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY})


class Unsupported(OSError):
    """The kernel or the file system does not know this call."""


class _Seam:
    hook: Hook | None = None
    count: int = 0


def watch(hook: Hook | None) -> None:
    """For tests: let ``hook`` see, replace or refuse every call from now on (from 0); ``None`` ends it."""
    _Seam.hook = hook
    _Seam.count = 0


def _call(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    hook = _Seam.hook
    if hook is None:
        return function(*arguments)
    index = _Seam.count
    _Seam.count += 1
    return hook(index, name, arguments, lambda: function(*arguments))


# Contents


def create(name: str, folder: int, mode: int = 0o666) -> int:
    """A descriptor of a new file, open for writing. FileExistsError when the name is taken, if by a link."""

    def make(name: str, folder: int, mode: int) -> int:
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC, mode, dir_fd=folder)

    fd: int = _call("create", make, name, folder, mode)
    return fd


def write(fd: int, data: bytes) -> None:
    """All of ``data``: a short write is legal and goes on where it stopped."""
    view = memoryview(data)
    while view:
        done = _call("write", os.write, fd, view[: 1 << 22])
        if done <= 0:
            raise OSError(errno.EIO, "the system wrote nothing and reported no error")
        view = view[done:]


def sync(fd: int) -> None:
    """Make a file's content, or a folder's names, durable. A failure is final: callers never try again."""
    _call("fsync", _sync, fd)


def sync_all(fds: Sequence[int]) -> None:
    """As :func:`sync` for each; several at once, because a disk makes many durable in the time of one.

    Raises:
        OSError: the first failure; the others were tried as well.
    """
    # A hook gets them one by one: a sweep over calls needs the same order in every run.
    if _Seam.hook is not None or len(fds) < 4:
        for fd in fds:
            sync(fd)
        return
    failures: list[OSError] = []

    def some(mine: Sequence[int]) -> None:
        for fd in mine:
            try:
                _sync(fd)
            except OSError as error:
                failures.append(error)

    threads = [
        threading.Thread(target=some, args=(fds[start::_SYNC_THREADS],), daemon=True)
        for start in range(min(_SYNC_THREADS, len(fds)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _sync(fd: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # fsync on macOS stops at the drive's cache; some file systems know only fsync.
        try:
            fcntl.fcntl(fd, _F_FULLFSYNC)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        else:
            return
    os.fsync(fd)


def change_owner(fd: int, uid: int, gid: int) -> None:
    """Give the open file to another owner and group."""
    _call("chown", os.fchown, fd, uid, gid)


def change_mode(fd: int, mode: int) -> None:
    """Set the permission bits of the open file."""
    _call("chmod", os.fchmod, fd, mode)


def copy_attributes(source: int, target: int) -> None:
    """Copy access lists and user attributes where the system has them; what it refuses is left out."""
    if not sys.platform.startswith("linux"):
        return
    try:
        names = os.listxattr(source)
    except OSError:
        return
    for name in names:
        if name.startswith("user.") or name == "system.posix_acl_access":
            with contextlib.suppress(OSError):
                _call("setxattr", os.setxattr, target, name, os.getxattr(source, name))


# Names


def rename(source: str, source_folder: int, target: str, target_folder: int) -> None:
    """Rename; what has the name ``target`` is replaced at once."""

    def move(source: str, source_folder: int, target: str, target_folder: int) -> None:
        os.rename(source, target, src_dir_fd=source_folder, dst_dir_fd=target_folder)

    _call("rename", move, source, source_folder, target, target_folder)


def exchange(left: str, left_folder: int, right: str, right_folder: int) -> None:
    """Swap two names at once: nobody ever sees either of them absent.

    Raises:
        Unsupported: the file system cannot.
    """
    _call("exchange", _rename_flags, left, left_folder, right, right_folder, "exchange")


def place(source: str, source_folder: int, target: str, target_folder: int) -> None:
    """Rename to a name that nobody has. FileExistsError when somebody has it.

    Where the system has no such rename, a hard link does it in two steps; where that is missing as well,
    a look before the rename, which leaves a window of microseconds (see docs/durability.md).
    """
    try:
        _call("place", _rename_flags, source, source_folder, target, target_folder, "place")
        return
    except Unsupported:
        pass
    try:
        _call("link", _link, source, source_folder, target, target_folder)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NOT_HERE | {errno.EPERM, errno.EMLINK}:
            raise
    else:
        unlink(source, source_folder)
        return
    with contextlib.suppress(FileNotFoundError):
        os.stat(target, dir_fd=target_folder, follow_symlinks=False)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    rename(source, source_folder, target, target_folder)


def _link(source: str, source_folder: int, target: str, target_folder: int) -> None:
    os.link(source, target, src_dir_fd=source_folder, dst_dir_fd=target_folder, follow_symlinks=False)


def unlink(name: str, folder: int) -> None:
    """Remove a file."""

    def remove(name: str, folder: int) -> None:
        os.unlink(name, dir_fd=folder)

    _call("unlink", remove, name, folder)


def make_folder(name: str, folder: int, mode: int = 0o777) -> None:
    """Make a folder. FileExistsError when the name is taken."""

    def make(name: str, folder: int, mode: int) -> None:
        os.mkdir(name, mode, dir_fd=folder)

    _call("mkdir", make, name, folder, mode)


def remove_folder(name: str, folder: int) -> None:
    """Remove an empty folder; OSError (ENOTEMPTY) when it is not empty."""

    def remove(name: str, folder: int) -> None:
        os.rmdir(name, dir_fd=folder)

    _call("rmdir", remove, name, folder)


_LINUX_FLAGS = {"place": 1, "exchange": 2}
_MACOS_FLAGS = {"exchange": 2, "place": 4}
_RENAMEAT2_NUMBERS = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "ppc64le": 357, "s390x": 347}
_renamer: Callable[[int, bytes, int, bytes, str], int] | None = None


def _rename_flags(source: str, source_folder: int, target: str, target_folder: int, how: str) -> None:
    """Rename with the two flags that the standard library does not offer."""
    global _renamer
    import ctypes

    if _renamer is None:
        _renamer = _find_renamer()
    ctypes.set_errno(0)
    if _renamer(source_folder, os.fsencode(source), target_folder, os.fsencode(target), how) == 0:
        return
    number = ctypes.get_errno() or errno.ENOSYS
    kind = Unsupported if number in _NOT_HERE else OSError
    raise kind(number, os.strerror(number), source, None, target)


def _find_renamer() -> Callable[[int, bytes, int, bytes, str], int]:
    import ctypes

    def missing(_a: int, _b: bytes, _c: int, _d: bytes, _how: str) -> int:
        return -1

    if not DURABLE:
        return missing
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        function, flags = getattr(library, "renameatx_np", None), _MACOS_FLAGS
    else:
        function, flags = getattr(library, "renameat2", None), _LINUX_FLAGS
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
        return lambda a, b, c, d, how: int(function(a, b, c, d, flags[how]))
    number = _RENAMEAT2_NUMBERS.get(os.uname().machine) if sys.platform.startswith("linux") else None
    if number is None:
        return missing
    return lambda a, b, c, d, how: int(
        library.syscall(
            ctypes.c_long(number), ctypes.c_int(a), b, ctypes.c_int(c), d, ctypes.c_uint(flags[how])
        )
    )


# Files outside the promise: reports, saved plans, caches. Each is whole or absent, one by one.


def write_report(path: Path, data: bytes, *, parents: bool = False) -> None:
    """Write a file that the user named (``--out``, ``--report``): whole or not at all, its mode kept.

    A link is followed, because the user chose the name; a terminal, pipe or device is written to as it is.
    ``parents`` makes the folders above it where they are missing.

    Raises:
        OSError: it could not be written; the file that was there is unharmed.
    """
    real = Path(os.path.realpath(path))
    if parents:
        _call("makedirs", lambda folder: os.makedirs(folder, exist_ok=True), str(real.parent))
    try:
        there: os.stat_result | None = real.stat()
    except FileNotFoundError:
        there = None
    if there is not None and not stat.S_ISREG(there.st_mode):
        fd = os.open(real, os.O_WRONLY | CLOEXEC | BINARY)
        try:
            write(fd, data)
        finally:
            os.close(fd)
        return
    mode = None if there is None else stat.S_IMODE(there.st_mode)
    _write_whole(real, data, mode, durable=True, group=None if there is None else there.st_gid)


def make_workspace_folder(root: Path, path: str) -> bool:
    """Make a folder of a workspace, with those above it; whether it is there. None is made outside of the root."""
    place = root / path
    try:
        if not Path(os.path.realpath(place)).is_relative_to(os.path.realpath(root)):
            return False
        _call("makedirs", lambda folder: os.makedirs(folder, exist_ok=True), str(place))
    except OSError:
        return False
    return True


def write_cache(path: Path, data: bytes) -> bool:
    """Write a file that can be made again, with the folders above it; whether it worked. Not made durable."""
    try:
        _call("makedirs", lambda folder: os.makedirs(folder, 0o700, exist_ok=True), str(path.parent))
        _write_whole(path, data, 0o600, durable=False)
    except OSError:
        return False
    return True


def write_page(path: Path, data: bytes) -> None:
    """Write a file of a catalogue, with the folders above it: whole or not at all, and not made durable.

    Raises:
        OSError: it could not be written.
    """
    _call("makedirs", lambda folder: os.makedirs(folder, exist_ok=True), str(path.parent))
    _write_whole(path, data, None, durable=False)


def remove_page(path: Path) -> None:
    """Remove a file of a catalogue; it may be gone already. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        _call("unlink", os.unlink, str(path))


def remove_page_folder(path: Path) -> None:
    """Remove a folder of a catalogue where nothing is left in it."""
    with contextlib.suppress(OSError):
        _call("rmdir", os.rmdir, str(path))


def remove_cache(path: Path) -> bool:
    """Remove a cache file; whether it is gone."""
    try:
        _call("unlink", os.unlink, str(path))
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write_whole(
    path: Path, data: bytes, mode: int | None, *, durable: bool, group: int | None = None
) -> None:
    # No part of the file's own name, which may have all the bytes that a name can have.
    temporary = path.with_name(f".registry-{os.urandom(6).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC | BINARY
    fd = _call("create", os.open, str(temporary), flags, 0o666 if mode is None else mode)
    try:
        try:
            if mode is not None and hasattr(os, "fchmod"):
                if group is not None and os.fstat(fd).st_gid != group:
                    try:
                        change_owner(fd, -1, group)
                    except PermissionError:
                        # What one group may see is not for another.
                        mode &= ~0o2070
                change_mode(fd, mode)
            write(fd, data)
            if durable:
                sync(fd)
        finally:
            os.close(fd)
        _call("rename", os.replace, str(temporary), str(path))
    except BaseException:
        with contextlib.suppress(OSError):
            _call("unlink", os.unlink, str(temporary))
        raise
