"""Folders that a transaction made or emptied go again, durably."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from registry_reconciler.apply import files
from registry_reconciler.apply.anchor import APPLY, Anchor, is_mounted
from registry_reconciler.apply.failures import Undurable


def sync(*fds: int) -> None:
    """Make what these descriptors stand for durable. Raises Undurable."""
    try:
        files.sync_all(fds)
    except OSError as error:
        raise Undurable(error.errno, error.strerror) from error


def remove_folders(anchor: Anchor, made: Sequence[str]) -> None:
    """Remove folders that were made before a commit point that was never reached, durably; inner ones first.

    Raises:
        Undurable, OSError: one may still be there, or come back after a power cut: keep the record of them.
    """
    for path in reversed(made):
        remove_if_empty(anchor, path)
    for above in sorted({path.rpartition("/")[0] for path in made}):
        if anchor.is_folder(above):
            with anchor.held(above) as folder:
                sync(folder)


def remove_if_empty(anchor: Anchor, path: str) -> None:
    """Remove a folder, unless it is gone, in use, or something is mounted there. OSError when it cannot."""
    above, _, name = path.rpartition("/")
    if not anchor.is_folder(path):
        return
    with anchor.held(above) as folder:
        try:
            files.remove_folder(name, folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            mounted = error.errno == errno.EBUSY and is_mounted(anchor.folder(path), folder)
            if not mounted and error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return
    anchor.forget(path)


def discard(anchor: Anchor, name: str) -> None:
    """Remove a journal folder that has no COMMIT and no ABORT any more. OSError when something stays."""
    place = f"{APPLY}/{name}"
    with anchor.held(place) as folder:
        # Records first: a folder that is half removed must never look like one that has something to do.
        for slot in sorted(os.listdir(folder), key=lambda name: (name[:1].isdigit(), name)):
            files.unlink(slot, folder)
    anchor.forget(place)
    with anchor.held(APPLY) as above:
        files.remove_folder(name, above)
