"""The files that git opens whatever a repository is asked: at a pipe it would wait for who writes to it."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from registry_reconciler.base.escape import visible

_ALWAYS = ("HEAD", "config", "config.worktree", "commondir", "packed-refs", "index")


def irregular_file(repository: Path | str) -> str:
    """Why git is not asked: one of those files is there, and is no regular file; "" where there is none such."""
    for folder in _folders(str(repository)):
        for name in _ALWAYS:
            path = os.path.join(folder, name)
            if _is_irregular(path):
                return _fault(path)
    inner = os.path.join(repository, ".git")
    return _fault(inner) if not os.path.isdir(inner) and _is_irregular(inner) else ""


def _fault(path: str) -> str:
    return f"{visible(path)} is no regular file, so git is not asked"


def _folders(repository: str) -> list[str]:
    """Where git keeps these files: in ``.git``, where that file points, or beside the objects of a bare repository."""
    inner = os.path.join(repository, ".git")
    if os.path.isdir(inner):
        return [inner]
    if os.path.isfile(inner):
        own = _named_in(inner, b"gitdir:", repository)
        if own is None:
            return []
        # A work tree beside others, or a submodule: what all of them share stands elsewhere.
        shared = _named_in(os.path.join(own, "commondir"), b"", own)
        return [own] if shared is None else [own, shared]
    return [repository] if os.path.isdir(os.path.join(repository, "objects")) else []


def _named_in(path: str, word: bytes, beside: str) -> str | None:
    """The path that a small file says behind a word; ``None`` where it is no such file."""
    with contextlib.suppress(OSError):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                line = file.read(10_000).strip()
            if line.startswith(word):
                return os.path.join(beside, os.fsdecode(line.removeprefix(word).strip()))
    return None


def _is_irregular(path: str) -> bool:
    with contextlib.suppress(OSError):
        return not stat.S_ISREG(os.stat(path).st_mode)
    return False
