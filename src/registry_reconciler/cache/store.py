"""Files in the user's cache directory: where they lie, who may have written them, whether they are whole.

Every cache keeps its files by this module: replayed reports and what outputs were made of as JSON records, what is
known of a large workspace, and the index that the run time opens. Whatever cannot be read, or is not exactly what was
written, or could have been written by somebody else, is as good as absent. Nothing here raises.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from registry_reconciler.base.cache_place import is_outside

OFF = "REGISTRY_NO_CACHE"
"""Whoever sets this variable wants no answer that was computed before."""

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


def may_lie(root: str | Path) -> bool:
    """Whether records about a workspace may be kept where they would be."""
    place = folder()
    return place is not None and is_outside(place, root)


def file_of(folder: str, root: str | Path, suffix: str) -> Path | None:
    """The one file about a workspace in a folder of its own; ``None`` where the user has no place outside of it."""
    from registry_reconciler.base.user_dirs import cache_dir

    base = cache_dir()
    if base is None:
        return None
    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
    place = base / folder / f"{name}{suffix}"
    return place if is_outside(place, root) else None


def program() -> str:
    """This program: the files of the package, the interpreter, and when packages were last installed."""
    package = Path(__file__).resolve().parent.parent
    seen = hashlib.sha256(sys.version.encode())
    waiting = [str(package)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda held: held.name):
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        waiting.append(entry.path)
                    continue
                info = entry.stat()
                times = f"{info.st_mtime_ns}\0{info.st_ctime_ns}"
                line = f"{entry.path}\0{info.st_ino}\0{info.st_size}\0{times}\0"
                seen.update(line.encode(errors="replace"))
    for place in sys.path:
        if place.endswith(("site-packages", "dist-packages")):
            seen.update(f"{place}\0{os.stat(place).st_mtime_ns}\0".encode(errors="replace"))
    return seen.hexdigest()


def own_bytes(path: Path, largest: int) -> bytes | None:
    """The bytes of a regular file that nobody but the user can have written, in a folder of which that is true."""
    if not _is_own_folder(path.parent):
        return None
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        handle = os.open(path, flags)
    except OSError:
        return None
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or not _is_own(info) or info.st_size > largest:
            return None
        with os.fdopen(handle, "rb", closefd=False) as stream:
            return stream.read()
    except OSError:
        return None
    finally:
        os.close(handle)


def write(path: Path, data: bytes) -> bool:
    """Write a file, if that can be done; whether it was."""
    if path.parent.exists() and not _is_own_folder(path.parent):
        return False
    from registry_reconciler.apply.files import write_cache

    return write_cache(path, data)


def read_whole(path: Path, largest: int) -> bytes | None:
    """What :func:`write_whole` wrote; ``None`` where that is not there, whole, and its user's alone."""
    checksum, _, body = (own_bytes(path, largest) or b"").partition(b"\n")
    return body if checksum == hashlib.sha256(body).hexdigest().encode() else None


def write_whole(path: Path, body: bytes) -> bool:
    """Write a file with its checksum, if that can be done; whether it was."""
    return write(path, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


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


def _is_own_folder(path: Path) -> bool:
    try:
        info = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and _is_own(info)


def _is_own(info: os.stat_result) -> bool:
    """Whether a file or folder belongs to the user, and nobody else can write to it."""
    return not hasattr(os, "geteuid") or (info.st_uid == os.geteuid() and not info.st_mode & 0o022)


def _prune(place: Path) -> None:
    from registry_reconciler.apply.files import remove_cache

    try:
        with os.scandir(place) as entries:
            found = sorted((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path) for entry in entries)
    except OSError:
        return
    for _, path in found[: max(len(found) - MOST, 0)]:
        remove_cache(Path(path))
