"""What git tracks and what a sparse checkout hides of it, read from its index without git.

Whether it tracks a path is asked about the journal of an apply, whose name is random: whatever is in the index under
that name came with the repository and was made by no apply here. So doubt counts as tracked, and an entry that a split
index has taken out again may count too. What is hidden is asked by every tree of the disk (:func:`hidden`).

Nothing is started for this, and it works where git is not installed: all versions of the index (2 to 4), split and
sparse ones, SHA-1 and SHA-256, worktrees and submodules. Only what a split or a sparse index hides is asked of git.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

LARGEST = 1 << 30
"""No larger index is read. That of the Linux kernel has 10 MB."""

_STAT = 40
_FOLDER = 0o040000
_DIGESTS = (20, 32)
"""Bytes of a SHA-1 and of a SHA-256."""


_HAS_MORE_FLAGS = 0x4000
_SKIPPED = 0x4000
"""Of the further flags: the work tree need not have it."""


class Tracked(NamedTuple):
    """One entry of the index: its path, its mode, and whether the work tree need not have it."""

    name: bytes
    mode: int
    skipped: bool


class _UnknownIndex(Exception):
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
    except (_UnknownIndex, OSError, MemoryError):
        return True


def untracked(root: Path, paths: Collection[str]) -> frozenset[str]:
    """Those of some paths that the index does not have. Outside of git, and in doubt, there are none."""
    found = _repository(Path(os.path.realpath(root)))
    if found is None:
        return frozenset()
    top, place = found
    real = os.path.realpath(root)
    whole = {
        path: os.fsencode(os.path.relpath(os.path.join(real, path), top)).replace(os.fsencode(os.sep), b"/")
        for path in paths
    }
    try:
        texts = [_content(file) for file in _index_files(place)]
        # Most are there as they are spelt, and to find that takes no decoding.
        missing = {
            path: name for path, name in whole.items() if not any(_spells(name, text) for text in texts)
        }
        if not missing:
            return frozenset()
        names = set(_names(place))
    except (_UnknownIndex, OSError, MemoryError):
        return frozenset()
    folders = tuple(name for name in names if name.endswith(b"/"))
    return frozenset(
        path for path, name in missing.items() if name not in names and not name.startswith(folders)
    )


def _spells(name: bytes, text: bytes) -> bool:
    at = text.find(name + b"\0")
    return at > 0 and text[at - 1] != ord("/")


def hidden(root: Path) -> Mapping[str, int]:
    """What a sparse checkout may leave out below ``root``: the mode of each path.

    A folder whose files cannot be told ends with a slash. Whether a path is on the disk all the same is not looked at.
    Only an index of version 3 or later can mark a path so: of any other no more than twelve bytes are read.
    """
    found = _repository(Path(os.path.realpath(root)))
    if found is None:
        return {}
    top, place = found
    try:
        if not any(_may_skip(path) for path in _index_files(place)):
            return {}
        tracked = _tracked(_content(place / "index"))
        whole = not any(place.glob("sharedindex.*")) and not any(
            tracked.mode == _FOLDER for tracked in tracked
        )
    except (_UnknownIndex, OSError, MemoryError):
        tracked, whole = [], False
    if not whole:
        answer = _as_git_says(root)
        if answer is not None:
            return answer
    return dict(_below(root, top, (tracked for tracked in tracked if tracked.skipped)))


def _index_files(place: Path) -> Iterator[Path]:
    if (place / "index").exists():
        yield place / "index"
    yield from place.glob("sharedindex.*")


def _may_skip(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(8)
    return int.from_bytes(head[4:8]) != 2


def _below(root: Path, top: Path, tracked: Iterator[Tracked]) -> Iterator[tuple[str, int]]:
    inside = os.fsencode(os.path.relpath(os.path.realpath(root), top)).replace(os.fsencode(os.sep), b"/")
    start = b"" if inside == b"." else inside + b"/"
    for row in tracked:
        if row.name.startswith(start) and row.name != start:
            yield os.fsdecode(row.name[len(start) :]), row.mode
        elif row.name.endswith(b"/") and start.startswith(row.name):
            yield "", row.mode


def _as_git_says(root: Path) -> dict[str, int] | None:
    """The same from git itself, which puts split indexes together and looks into the folders of sparse ones."""
    from registry_reconciler.files import git_call

    answer = git_call.ask(root, ["ls-files", "-z", "-t", "--stage"], check=False)
    if answer is None:
        return None
    found = {}
    for row in answer.split(b"\0"):
        mode_and_more, _, name = row.partition(b"\t")
        if mode_and_more.startswith(b"S "):
            found[os.fsdecode(name)] = int(mode_and_more.split()[1], 8)
    return found


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
        raise _UnknownIndex(path)
    return path.read_bytes()


def _entries(data: bytes) -> list[bytes]:
    return [tracked.name for tracked in _tracked(data)]


def _tracked(data: bytes) -> list[Tracked]:
    version = int.from_bytes(data[4:8])
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        raise _UnknownIndex(version)
    for digest in _DIGESTS:
        try:
            return _decoded(data, version, digest)
        except (_UnknownIndex, IndexError, ValueError):
            continue
    raise _UnknownIndex("its entries cannot be told")


def _decoded(data: bytes, version: int, digest: int) -> list[Tracked]:
    found: list[Tracked] = []
    at, last = 12, b""
    for _ in range(int.from_bytes(data[8:12])):
        start = at
        mode = int.from_bytes(data[at + 24 : at + 28])
        flags = int.from_bytes(data[at + _STAT + digest : at + _STAT + digest + 2])
        at += _STAT + digest + 2
        skipped = False
        if flags & _HAS_MORE_FLAGS:
            skipped = bool(int.from_bytes(data[at : at + 2]) & _SKIPPED)
            at += 2
        kept = b""
        if version == 4:
            cut, at = _varint(data, at)
            if cut > len(last):
                raise _UnknownIndex("a name that is cut by more than it has")
            kept = last[: len(last) - cut]
        end = data.index(b"\0", at)
        name = kept + data[at:end]
        # The length stands there too, as far as twelve bits hold it: so the size of the digest is told.
        if min(len(name), 0xFFF) != flags & 0xFFF:
            raise _UnknownIndex("a name of another length")
        at = end + 1 if version == 4 else start + ((end - start) // 8 + 1) * 8
        last = name
        if mode == _FOLDER and not name.endswith(b"/"):
            raise _UnknownIndex("a folder that is not marked as one")
        found.append(Tracked(name, mode, skipped))
    if len(data) < at + digest:
        raise _UnknownIndex("it is cut off")
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number as packs write offsets, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at + 1
