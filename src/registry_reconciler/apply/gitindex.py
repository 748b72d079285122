"""Whether git tracks a path, read from its index without git.

It is asked about the journal of an apply, whose name is random: whatever is in the index under that name came with the
repository and was made by no apply here. So doubt counts as tracked, and an entry that a split index has taken out
again may count too. Nothing is started for this, and it works where git is not installed: all versions of the index
(2 to 4), split and sparse ones, SHA-1 and SHA-256, worktrees and submodules.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

LARGEST = 1 << 30
"""No larger index is read. That of the Linux kernel has 10 MB."""

_STAT = 40
_FOLDER = 0o040000
_DIGESTS = (20, 32)
"""Bytes of a SHA-1 and of a SHA-256."""


class _Doubt(Exception):
    """The index cannot be read, or is none that is known."""


def mentions(root: Path, path: str) -> bool:
    """Whether the index of the repository that ``root`` lies in has anything at or below ``path``.

    Letter case does not count, as the disk may not tell it apart.
    """
    found = _repository(Path(os.path.realpath(root)))
    if found is None:
        return False
    top, place = found
    whole = os.fsencode(os.path.relpath(os.path.join(os.path.realpath(root), path), top))
    whole = whole.replace(os.fsencode(os.sep), b"/").lower() + b"/"
    own = b"/" + os.fsencode(path).lower() + b"/"
    try:
        return any(_covers(name.lower(), own, whole) for name in _names(place))
    except (_Doubt, OSError, MemoryError):
        return True


def _covers(name: bytes, own: bytes, whole: bytes) -> bool:
    # A sparse index holds a folder in place of what is in it; only its name ends with a slash.
    return own in b"/" + name + b"/" or (name.endswith(b"/") and whole.startswith(name))


def _repository(root: Path) -> tuple[Path, Path] | None:
    """The top of the work tree and the folder of its index; ``None`` outside of git."""
    for folder in (root, *root.parents):
        place = folder / ".git"
        try:
            kind = stat.S_IFMT(place.stat().st_mode)
            if kind == stat.S_IFREG:
                with place.open("rb") as file:
                    text = file.read(1 << 16)
                if text.startswith(b"gitdir:"):
                    return folder, folder / os.fsdecode(text.removeprefix(b"gitdir:").strip())
            elif kind == stat.S_IFDIR and (place / "HEAD").exists():
                return folder, place
        except OSError:
            continue
    return None


def _names(place: Path) -> Iterator[bytes]:
    """The paths in the index and in what it shares; a folder ends with a slash."""
    if (place / "index").exists():
        yield from _entries(_content(place / "index"))
    for shared in place.glob("sharedindex.*"):
        yield from _entries(_content(shared))


def _content(path: Path) -> bytes:
    info = path.stat()
    if not stat.S_ISREG(info.st_mode) or info.st_size > LARGEST:
        raise _Doubt(path)
    return path.read_bytes()


def _entries(data: bytes) -> list[bytes]:
    version = int.from_bytes(data[4:8])
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        raise _Doubt(version)
    for digest in _DIGESTS:
        try:
            return _decoded(data, version, digest)
        except (_Doubt, IndexError, ValueError):
            continue
    raise _Doubt("its entries cannot be told")


def _decoded(data: bytes, version: int, digest: int) -> list[bytes]:
    names: list[bytes] = []
    at, last = 12, b""
    for _ in range(int.from_bytes(data[8:12])):
        start = at
        mode = int.from_bytes(data[at + 24 : at + 28])
        flags = int.from_bytes(data[at + _STAT + digest : at + _STAT + digest + 2])
        at += _STAT + digest + 2
        if flags & 0x4000:
            at += 2
        kept = b""
        if version == 4:
            cut, at = _varint(data, at)
            if cut > len(last):
                raise _Doubt("a name that is cut by more than it has")
            kept = last[: len(last) - cut]
        end = data.index(b"\0", at)
        name = kept + data[at:end]
        # The length stands there too, as far as twelve bits hold it: so the size of the digest is told.
        if min(len(name), 0xFFF) != flags & 0xFFF:
            raise _Doubt("a name of another length")
        at = end + 1 if version == 4 else start + ((end - start) // 8 + 1) * 8
        last = name
        if mode == _FOLDER and not name.endswith(b"/"):
            raise _Doubt("a folder that is not marked as one")
        names.append(name)
    if len(data) < at + digest:
        raise _Doubt("it is cut off")
    return names


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number as packs write offsets, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at + 1
