"""Records in the user's cache directory: small JSON files that only their user can write, each with its checksum.

Whatever cannot be read, or is not exactly what was written, is as good as absent. Nothing here raises.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

FORMAT = 1
MOST = 64
"""So many records are kept; the oldest go."""
_LARGEST = 64 * 1024 * 1024
_OWN_BYTES = 128
"""A checksum and 32 random bytes; larger is no file of these."""


def folder() -> Path | None:
    """Where records are kept; ``None`` where there is no such place."""
    from registry_reconciler.base.user_dirs import cache_dir

    base = cache_dir()
    return None if base is None else base / "reports"


def load(key: str) -> dict[str, Any] | None:
    """The record of a key."""
    place = folder()
    name = None if place is None else _name(place, key, make=False)
    body = None if place is None or name is None else read_whole(place / f"{name}.json", _LARGEST)
    if body is None:
        return None
    try:
        record = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("format") != FORMAT or record.get("key") != name:
        return None
    return record


def read_whole(path: Path, largest: int) -> bytes | None:
    """What :func:`write_whole` wrote; ``None`` where that is not there, whole, and its user's alone."""
    if not _ours(path.parent, directory=True) or not _ours(path, directory=False):
        return None
    try:
        data = path.read_bytes() if path.stat().st_size <= largest else b""
    except OSError:
        return None
    checksum, _, body = data.partition(b"\n")
    return body if checksum == hashlib.sha256(body).hexdigest().encode() else None


def write_whole(path: Path, body: bytes) -> bool:
    """Write a file with its checksum, if that can be done; whether it was."""
    if path.parent.exists() and not _ours(path.parent, directory=True):
        return False
    from registry_reconciler.apply.files import write_cache

    return write_cache(path, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def save(key: str, record: dict[str, Any]) -> None:
    """Keep a record, if that can be done."""
    place = folder()
    name = None if place is None else _name(place, key, make=True)
    if place is None or name is None:
        return
    body = json.dumps({**record, "format": FORMAT, "key": name}, separators=(",", ":")).encode()
    if len(body) < _LARGEST - 100 and write_whole(place / f"{name}.json", body):
        _prune(place)


def _name(place: Path, key: str, *, make: bool) -> str | None:
    """What stands for a key: a digest that nobody can guess back who has not the user's own random bytes."""
    path = place.parent / "reports.key"
    own = read_whole(path, _OWN_BYTES)
    if own is None and make:
        own = os.urandom(_OWN_BYTES // 4)
        if not write_whole(path, own):
            return None
    if not own:
        return None
    return hashlib.blake2b(key.encode("utf-8", "surrogateescape"), key=own, digest_size=20).hexdigest()


def _ours(path: Path, *, directory: bool) -> bool:
    """Whether a path is what it should be, belongs to the user, and nobody else can write to it."""
    try:
        info = os.lstat(path)
    except OSError:
        return False
    if not (stat.S_ISDIR(info.st_mode) if directory else stat.S_ISREG(info.st_mode)):
        return False
    return not hasattr(os, "getuid") or (info.st_uid == os.getuid() and not info.st_mode & 0o022)


def _prune(place: Path) -> None:
    from registry_reconciler.apply.files import remove_cache

    try:
        with os.scandir(place) as entries:
            found = sorted((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path) for entry in entries)
    except OSError:
        return
    for _, path in found[: max(len(found) - MOST, 0)]:
        remove_cache(Path(path))
