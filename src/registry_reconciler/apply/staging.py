"""New files in the journal: all their bytes, and the owner, group and mode that they will have."""

from __future__ import annotations

import os
import stat
import sys

from registry_reconciler.apply import files
from registry_reconciler.apply.anchor import FileState
from registry_reconciler.apply.failures import OwnerRefused


def stage(
    name: str,
    folder: int,
    data: bytes,
    like: FileState | None,
    source: int | None = None,
    above: os.stat_result | None = None,
) -> int:
    """Write new content into the journal: all bytes, then owner and mode of the file it replaces.

    Args:
        above: the folder that a new file will stand in, or the nearest one above that is there already.

    Returns:
        The descriptor, for the caller to sync and close.

    Raises:
        OSError: also when the owner cannot be kept.
    """
    fd = files.create(name, folder)
    try:
        files.write(fd, data)
        if like is not None:
            _dress(fd, like, source)
        elif above is not None:
            _join_group(fd, folder, above)
    except BaseException:
        os.close(fd)
        raise
    return fd


def stage_copy(source: int, name: str, folder: int) -> None:
    """A durable copy of an open file, with its mode and owner."""
    info = os.fstat(source)
    fd = files.create(name, folder)
    try:
        os.lseek(source, 0, os.SEEK_SET)
        while chunk := os.read(source, 1 << 20):
            files.write(fd, chunk)
        _dress(
            fd,
            FileState("", info.st_mode & 0o7777, info.st_uid, info.st_gid, info.st_dev, info.st_ino),
            source,
        )
        files.sync(fd)
    finally:
        os.close(fd)


def _dress(fd: int, like: FileState, source: int | None) -> None:
    own = os.fstat(fd)
    if (own.st_uid, own.st_gid) != (like.uid, like.gid):
        try:
            files.change_owner(fd, like.uid, like.gid)
        except PermissionError as error:
            whose = f"user {like.uid} and group {group_name(like.gid)}"
            raise OwnerRefused(
                error.errno, f"it belongs to {whose}, which you may not give a file to"
            ) from error
    if own.st_mode & 0o7777 != like.mode:
        files.change_mode(fd, like.mode)
    if source is not None:
        files.copy_attributes(source, fd)


def _join_group(fd: int, folder: int, above: os.stat_result) -> None:
    """Give a new file the group that it would have if it were made where it will stand, not in the journal."""
    own, journal = os.fstat(fd), os.fstat(folder)
    # Some systems, and some mounts, give every new file the group of its folder.
    always = sys.platform == "darwin" or (
        not journal.st_mode & stat.S_ISGID and own.st_gid == journal.st_gid != os.getegid()
    )
    group = above.st_gid if always or above.st_mode & stat.S_ISGID else os.getegid()
    if own.st_gid == group:
        return
    try:
        files.change_owner(fd, -1, group)
    except PermissionError as error:
        text = f"its folder gives it the group {group_name(group)}, which you are not in"
        raise OwnerRefused(error.errno, text) from error


def group_name(gid: int) -> str:
    """A group for people."""
    try:
        import grp

        return f"{grp.getgrgid(gid).gr_name} ({gid})"
    except (KeyError, ImportError):
        return str(gid)
