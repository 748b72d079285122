"""Files that stand in the call: an entry, an input, a saved plan. Only regular files, and only so large."""

from __future__ import annotations

import os
import stat

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import RegistryFailure, UsageFailure

MAX_BYTES = 64 * 1024 * 1024


class NoSuchFile(RegistryFailure):
    """A file that the user named is not there."""

    code = "io"


def read_named(
    path: str | os.PathLike[str], *, instead: str = "", make: tuple[tuple[str, ...], ...] = ()
) -> bytes:
    """The bytes of a file that the user named.

    Args:
        instead: what to write in its place, where that helps.
        make: commands that lead to such a file, for where there is none.

    Raises:
        NoSuchFile: nothing is there.
        UsageFailure: it is a folder, a FIFO, a device, or too large.
        OSError: the system refused.
    """
    # O_NONBLOCK: opening a FIFO must not wait for a writer that may never come.
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        handle = os.open(path, flags)
    except FileNotFoundError as error:
        raise NoSuchFile(f"{visible(os.fspath(path))}: {error.strerror}", next=make) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UsageFailure(f"{os.fspath(path)} is no regular file{f'; {instead}' if instead else ''}")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(handle)
    if len(data) > MAX_BYTES:
        raise UsageFailure(f"{os.fspath(path)} has more than {MAX_BYTES:,} bytes, and no more are read")
    return data
