"""Where caches may lie: outside of the workspace, and of the repository around it.

What lies inside can come with a branch, checksum and all; so it is neither read nor written there, wherever a variable
points and however the path is spelled.
"""

from __future__ import annotations

import os
from pathlib import Path


def is_outside(place: Path, root: str | Path) -> bool:
    """Whether a path lies neither in a workspace nor in the repository that this is part of.

    Folders are compared by what they are, not by their names: links, letter case and mounts do not matter.
    """
    real = Path(os.path.realpath(root))
    inside = {_identity(real), _identity(_repository(real))} - {None}
    found = Path(os.path.realpath(place))
    return not any(_identity(parent) in inside for parent in (found, *found.parents))


def _repository(root: Path) -> Path:
    """The top of the work tree of git around a folder; the folder itself where there is none."""
    return next((parent for parent in (root, *root.parents) if os.path.lexists(parent / ".git")), root)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        info = os.stat(folder)
    except OSError:
        # Not there yet, like the folder of a cache before the first one is written: it is none of the others.
        return None
    return info.st_dev, info.st_ino
