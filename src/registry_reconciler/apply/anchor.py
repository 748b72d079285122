"""A workspace root held by descriptor: paths are walked from it, and no link is ever followed by the system.

Reading only; what changes files is in :mod:`registry_reconciler.apply.files`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from registry_reconciler.apply import files
from registry_reconciler.files.names import unsafe

REGISTRY = ".system/registry"
APPLY = ".system/registry/.apply"
"""Where the journal and the lock's owner stand while an apply runs; git ignores it."""

NOT_THERE = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)
)
"""What the system says of a name where nothing is, or can ever have been. All but the first are asked again."""

_MOST_HOPS = 40
_MOST_FOLDERS = 48


class UnsafePath(Exception):
    """A path that no apply touches; the text says why."""


class NotAFile(Exception):
    """Something that is not a regular file stands where a file is meant."""


class FileState(NamedTuple):
    """A regular file as it was read: the digest is of those very bytes; device and inode identify it."""

    digest: str
    mode: int
    uid: int
    gid: int
    device: int
    inode: int


def why_unsafe(path: str) -> str | None:
    """Why nothing may be written at ``path``, whatever stands on the disk; ``None`` when it may."""
    reason = unsafe(path)
    if reason is None and (path.casefold() + "/").startswith(APPLY + "/"):
        return "it is the journal's own place"
    return reason


class Anchor:
    """The root's descriptor and a bounded number of descriptors of folders below it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)
        self._root_fd = os.open(root, os.O_RDONLY | files.DIRECTORY | files.CLOEXEC)
        self._folders: OrderedDict[str, int] = OrderedDict()

    def __enter__(self) -> Anchor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give all descriptors back."""
        self.forget("")
        if self._root_fd >= 0:
            os.close(self._root_fd)
            self._root_fd = -1

    def forget(self, folder: str) -> None:
        """Drop what is remembered of a folder and of all below it: it went, or may have."""
        for known in list(self._folders):
            if not folder or known == folder or known.startswith(folder + "/"):
                os.close(self._folders.pop(known))

    def folder(self, path: str) -> int:
        """A descriptor of a folder ("" is the root), valid until the next call. OSError on meeting a link."""
        if not path:
            return self._root_fd
        known = self._folders.get(path)
        if known is not None:
            self._folders.move_to_end(path)
            return known
        above, _, name = path.rpartition("/")
        flags = os.O_RDONLY | files.DIRECTORY | files.NOFOLLOW | files.CLOEXEC
        fd = os.open(name, flags, dir_fd=self.folder(above))
        self._folders[path] = fd
        if len(self._folders) > _MOST_FOLDERS:
            os.close(self._folders.popitem(last=False)[1])
        return fd

    @contextlib.contextmanager
    def held(self, path: str) -> Iterator[int]:
        """A descriptor of a folder that stays valid for the whole block."""
        fd = os.dup(self.folder(path))
        try:
            yield fd
        finally:
            os.close(fd)

    def is_folder(self, path: str) -> bool:
        """Whether a real folder (no link) stands there."""
        try:
            self.folder(path)
        except OSError as error:
            if self.is_missing(error, path):
                return False
            raise
        return True

    def standing(self, path: str) -> str:
        """What is at a path: ``file``, ``folder``, ``link``, ``other`` or ``absent``. It is not opened."""
        if not path:
            return "folder"
        above, _, name = path.rpartition("/")
        try:
            folder = self.folder(above)
        except OSError as error:
            if self.is_missing(error, above):
                return "absent"
            raise
        return standing_in(folder, name)

    def is_missing(self, error: OSError, path: str) -> bool:
        """Whether a refusal to open a folder means that none is there.

        The system is asked again in another way: one answer of a failing disk must not count as gone what is there.
        """
        if error.errno not in NOT_THERE:
            return False
        return error.errno == errno.ENOENT or self.standing(path) != "folder"

    def resolve(self, path: str) -> str:
        """The path without links.

        Raises:
            UnsafePath: a link leads out of the workspace or to a place that no apply touches, or in a circle.
        """
        waiting = path.split("/")[::-1]
        done: list[str] = []
        hops = 0
        while waiting:
            step = waiting.pop()
            if step in ("", "."):
                continue
            if step == "..":
                if not done:
                    raise UnsafePath("a symbolic link on the way leads out of the workspace")
                done.pop()
                continue
            text = self._link_text("/".join(done), step)
            if text is None:
                done.append(step)
                continue
            hops += 1
            if hops > _MOST_HOPS:
                raise UnsafePath("its symbolic links go round in a circle")
            if text.startswith("/"):
                if not (text + "/").startswith(self._real_root + "/"):
                    raise UnsafePath("a symbolic link on the way leads out of the workspace")
                text, done = text[len(self._real_root) :], []
            waiting.extend(text.split("/")[::-1])
        real = "/".join(done)
        reason = why_unsafe(real)
        if reason is not None:
            raise UnsafePath(f"a symbolic link on the way leads to {real!r}: {reason}" if hops else reason)
        return real

    def _link_text(self, folder: str, name: str) -> str | None:
        try:
            return os.readlink(name, dir_fd=self.folder(folder))
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return None
            if error.errno in NOT_THERE and self.standing(f"{folder}/{name}" if folder else name) != "link":
                return None
            raise

    def state(self, real: str) -> FileState | None:
        """What stands at a path without links; ``None`` when nothing does, or a folder on the way is missing.

        Raises:
            NotAFile: a folder, link, pipe or device stands there, or something that is no folder on the way.
        """
        above, _, name = real.rpartition("/")
        try:
            folder = self.folder(above)
        except FileNotFoundError:
            return None
        except OSError as error:
            if self.is_missing(error, above):
                raise NotAFile(f"{above} is not a folder") from error
            raise
        return state_in(folder, name)

    @contextlib.contextmanager
    def opened(self, real: str) -> Iterator[int]:
        """A descriptor for reading the regular file at a path without links."""
        above, _, name = real.rpartition("/")
        fd = _open_regular(self.folder(above), name)
        try:
            yield fd
        finally:
            os.close(fd)


def standing_in(folder: int, name: str) -> str:
    """What is under a name in an open folder; see :meth:`Anchor.standing`."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError as error:
        if error.errno in NOT_THERE:
            return "absent"
        raise
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "other"


def is_mounted(folder: int, above: int) -> bool:
    """Whether a file system, or a part of one, is mounted on an open folder; ``above`` is the folder that it is in."""
    if os.fstat(folder).st_dev != os.fstat(above).st_dev:
        return True
    try:
        return len({_mount_of(path) for path in (folder, above)}) > 1
    except OSError:
        return False  # only Linux says it of parts of the same file system


def _mount_of(fd: int) -> str:
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii", errors="replace") as lines:
        return next((line for line in lines if line.startswith("mnt_id:")), "")


def state_in(folder: int, name: str) -> FileState | None:
    """What stands under a name in an open folder; ``None`` when nothing does. Raises :class:`NotAFile`."""
    try:
        fd = _open_regular(folder, name)
    except FileNotFoundError:
        return None
    try:
        return state_of(fd)
    finally:
        os.close(fd)


def state_of(fd: int) -> FileState:
    """Digest, mode and owner of an open regular file, read from its start."""
    info = os.fstat(fd)
    return FileState(
        digest_of(fd), stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, info.st_dev, info.st_ino
    )


def digest_of(fd: int) -> str:
    """The digest of all bytes of an open file."""
    os.lseek(fd, 0, os.SEEK_SET)
    digest = hashlib.sha256()
    while chunk := os.read(fd, 1 << 20):
        digest.update(chunk)
    return "sha256:" + digest.hexdigest()


def _open_regular(folder: int, name: str) -> int:
    # O_NONBLOCK: opening a pipe must not wait for its other end.
    flags = os.O_RDONLY | files.NOFOLLOW | files.CLOEXEC | files.NONBLOCK
    try:
        fd = os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO) and standing_in(folder, name) != "file":
            raise NotAFile(f"{name} is a symbolic link, socket or device") from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotAFile(f"{name} is not a regular file")
    return fd
