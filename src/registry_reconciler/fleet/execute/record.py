"""Where a command had nothing to do: remembered, so that the next run over the same commit need not look again.

What was changed needs no record: its branch is one.
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

from registry_reconciler.cache import store


def is_known(folder: str, root: str, digest: str, base: str) -> bool:
    """Whether the command of a digest had nothing to do at a commit."""
    place = _place(folder, root, digest)
    return place is not None and store.own_bytes(place, 500) == _mark(base)


def remember(folder: str, root: str, digest: str, base: str) -> None:
    """The command of a digest had nothing to do at a commit."""
    place = _place(folder, root, digest)
    if place is not None:
        store.write(place, _mark(base))


def _mark(base: str) -> bytes:
    return f"{base} {_program()}".encode()


@functools.cache
def _program() -> str:
    return store.program()


def _place(folder: str, root: str, digest: str) -> Path | None:
    from registry_reconciler.base.user_dirs import cache_dir

    base = cache_dir()
    name = hashlib.sha256(os.fsencode(f"{folder}\0{root}")).hexdigest()[:32]
    return None if base is None else base / "fleet" / "exec" / digest / name
