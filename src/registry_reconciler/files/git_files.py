"""The files that git opens whatever a repository is asked: at a pipe it would wait for who writes to it."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_ALWAYS = ("HEAD", "config", "config.worktree", "commondir", "packed-refs", "index")


def irregular_file(repository: Path | str) -> str:
    """The path of one of those files that is there, and is no regular file; "" where there is none."""
    inner = os.path.join(repository, ".git")
    folder = inner if os.path.isdir(inner) else repository
    for name in _ALWAYS:
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(os.stat(path).st_mode):
                return path
    return ""
