"""What goes wrong while files are written, and how it is said."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from registry_reconciler.apply.anchor import NotAFile
from registry_reconciler.errors import StalePlan, WriteFailure


class WriteConflict(Exception):
    """Somebody else's bytes stand where a step would write; nothing was done to them."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class OwnerRefused(OSError):
    """This user may not make a file of that owner and group; ``strerror`` names both."""


class Undurable(OSError):
    """A sync failed: what it covered may be lost in a power cut, and no later sync can tell."""


class ChangeRefused(OSError):
    """The system refused a change that was still to be made. Asking again may never help; going back does."""


_ADVICE = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space and try again",
    errno.EACCES: "change its mode or owner, or run as its owner",
    errno.EPERM: "change its mode or owner, or run as its owner",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "the file system takes no name or path that long: choose a shorter one",
    errno.EXDEV: "a part of the workspace lies on another file system or quota: something is mounted in it",
    errno.EBUSY: "something is mounted there or holds it: unmount it and try again",
    errno.ESTALE: "the file system is remote, or was mounted anew: see docs/durability.md",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "the system has too many files open",
    errno.EIO: "the disk or its connection is failing: look at the system's log before you try again",
}


def reason_of(error: BaseException) -> str:
    """What happened, where, and what helps, in one line."""
    if isinstance(error, WriteConflict):
        return f"{error.path!r} was changed by hand"
    if not isinstance(error, OSError):
        return str(error)
    where = f" at {os.fsdecode(error.filename)!r}" if isinstance(error.filename, str | bytes) else ""
    advice = _ADVICE.get(error.errno or 0)
    return f"{error.strerror or error}{where}" + (f"; {advice}" if advice else "")


@contextlib.contextmanager
def failures(state: str) -> Iterator[None]:
    """Turn what the system says into a failure with a text; ``state`` says how the workspace is."""
    try:
        yield
    except NotAFile as error:
        raise WriteFailure(f"{state}: {error}") from error
    except OSError as error:
        raise WriteFailure(f"{state}: {reason_of(error)}") from error


def stale(paths: tuple[str, ...]) -> StalePlan:
    """The plan is about files that are not as they were: the failure that names them."""
    shown = ", ".join(repr(path) for path in paths[:5]) + (" and others" if len(paths) > 5 else "")
    return StalePlan(
        f"nothing was written: {shown} changed after the plan was made; plan again",
        entries=paths,
        next=(("registry", "plan"),),
    )
