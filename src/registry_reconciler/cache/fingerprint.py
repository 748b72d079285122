"""What a run saw of the files of a workspace, and whether it would see the same now.

The guarantee: :func:`is_fresh` is true only if every file that the run read has the same bytes, every folder that it
listed the same entries, every path that it asked about the same kind, and a sparse checkout leaves out the same. It
assumes what git assumes of its index: a file whose size, times (of content and of status), inode and mode are what they
were was not written to, unless that could have happened within the resolution of the clock. So the times of anything
younger than that when it was looked at are not believed: its bytes are read again each time.

A clock that steps back gives old times to what is new. It is held against one that only runs forward
(:class:`Moment`): where it went back since times were noted, no time is believed, and bytes are read.

Symbolic links are not taken: where one is met, nothing is remembered.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from registry_reconciler.base.digest import digest_bytes
from registry_reconciler.files.git_index import hidden
from registry_reconciler.files.unreadable import MAX_BYTES

YOUNG = 2_000_000_000
"""Nanoseconds: the coarsest clock of a file system in use (FAT) ticks every two seconds."""

_DRIFT = 1_000_000_000
"""Nanoseconds that the two clocks may be apart without a step: corrections are slow, and take from either."""

TIMES_TELL = os.name != "nt"
"""Whether the system says when a file's status changed. On Windows that field is when it was made."""

Signature = list[int]
Row = tuple[str, str, "Signature | None"]


class Moment(NamedTuple):
    """A moment by the clock that files are dated with, and by one that nobody sets; both in nanoseconds."""

    dated: int
    steady: int

    @classmethod
    def now(cls) -> Moment:
        """This moment."""
        return cls(time.time_ns(), _steady())

    def clock_went_back(self) -> bool:
        """Whether the clock has been set back since, as far as that can be known."""
        dated, steady = Moment.now()
        # After a restart the steady one begins anew, and only the dates can be compared.
        passed = max(steady - self.steady, 0)
        return dated - self.dated < passed - _DRIFT - passed // 1000


def _steady() -> int:
    # It has to run on while the machine sleeps, as dates do.
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if boot is None else time.clock_gettime_ns(boot)


class NotKept(Exception):
    """What the run saw cannot be remembered, or is not so any more."""


class Fingerprint(NamedTuple):
    """What was seen.

    Attributes:
        paths: path, what was there (``sha256:…``, ``file``, ``dir``, ``absent``; with ``-w`` behind the digest of a
            file that is read-only, which a plan refuses to write, and ``+x`` or ``-x`` where that was asked), and what
            tells that it was not touched; ``None``: look at the bytes.
        folders: folder, digest of its entries (``absent``: none; with ``-w`` behind it where nothing can be made in it,
            which a plan refuses to do), and the same.
        taken: when this was.
        hidden: digest of the paths that a sparse checkout left out: they are not on the disk, as what is absent.
    """

    paths: tuple[Row, ...]
    folders: tuple[Row, ...]
    taken: Moment
    hidden: str

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "paths": [list(row) for row in self.paths],
            "folders": [list(row) for row in self.folders],
            "taken": list(self.taken),
            "hidden": self.hidden,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Fingerprint:
        """The inverse. Raises :class:`ValueError`, :class:`TypeError` or :class:`KeyError`."""
        dated, steady = data["taken"]
        if type(dated) is not int or type(steady) is not int:
            raise ValueError("no moment")
        paths, folders = tuple(map(_row, data["paths"])), tuple(map(_row, data["folders"]))
        return cls(paths, folders, Moment(dated, steady), data["hidden"])


def _row(data: Any) -> Row:
    path, noted, known = data
    if not isinstance(path, str) or not isinstance(noted, str):
        raise ValueError("no row of a fingerprint")
    if known is not None and not (type(known) is list and all(type(item) is int for item in known)):
        raise ValueError("no signature")
    return path, noted, known


def fingerprint_of(
    root: str,
    inputs: Mapping[str, str | None],
    folders: Mapping[str, tuple[tuple[str, str], ...]],
    since: Moment | None = None,
) -> Fingerprint:
    """What a run saw, taken from the files as they are now and held against what the run was told.

    Args:
        inputs: as :class:`registry_reconciler.files.tree.Recorder` gathers them.
        folders: its listings.
        since: before the run looked at anything. A file that is older than that by more than the resolution of the
            clock has the bytes that the run saw, unless the clock went back meanwhile.

    Raises:
        NotKept: something has changed since, or is of a sort that is not remembered.
    """
    moment = Moment.now()
    now = moment.dated
    dated = 0 if since is None or since.clock_went_back() else since.dated
    noted: dict[str, str] = {}
    for name, answer in inputs.items():
        path, mark, _ = name.partition("#executable")
        if mark:
            noted[path] = noted.get(path, "") + ("+x" if answer else "-x")
        else:
            noted[path] = (answer or "absent") + _read_only(root, path, answer) + noted.get(path, "")
    paths = tuple(_checked(root, path, what, _path_now, now, dated) for path, what in noted.items())
    listed = ((folder, _digest(entries) + _closed(root, folder)) for folder, entries in folders.items())
    rows = tuple(_checked(root, folder, what, _folder_now, now) for folder, what in listed)
    refuse_links(root, (*(row[0] for row in paths), *(row[0] for row in rows)))
    return Fingerprint(paths, rows, moment, _hidden(root))


def refresh(root: str, fingerprint: Fingerprint) -> Fingerprint:
    """The same fingerprint with the times of now. Raises :class:`NotKept` where something else is seen."""
    moment = Moment.now()
    now = moment.dated
    return Fingerprint(
        tuple(_checked(root, path, noted, _path_now, now) for path, noted, _ in fingerprint.paths),
        tuple(_checked(root, path, noted, _folder_now, now) for path, noted, _ in fingerprint.folders),
        moment,
        fingerprint.hidden,
    )


def _hidden(root: str) -> str:
    return _digest(tuple((path, "") for path in sorted(hidden(Path(root)))))


def is_fresh(root: str, fingerprint: Fingerprint) -> tuple[bool, bool]:
    """Whether a run would see the same, and whether the fingerprint is worth taking anew because times did not tell."""
    doubted = unsure = fingerprint.taken.clock_went_back()
    try:
        refuse_links(root, (*(row[0] for row in fingerprint.paths), *(row[0] for row in fingerprint.folders)))
        for rows, look in ((fingerprint.paths, _path_now), (fingerprint.folders, _folder_now)):
            for path, noted, known in rows:
                info = _lstat(os.path.join(root, path))
                if doubted or known is None or info is None or signature(info) != known:
                    unsure = unsure or noted != "absent"
                    if look(root, path, noted) != noted:
                        return False, False
        if _hidden(root) != fingerprint.hidden:
            return False, False
    except (NotKept, OSError, ValueError):
        return False, False
    return True, unsure


def _checked(
    root: str, path: str, noted: str, look: Callable[[str, str, str], str], now: int, since: int = 0
) -> Row:
    # Looked at before it is read: what is written in between makes the signature too old, never too new.
    info = _lstat(os.path.join(root, path))
    if info is not None and noted.startswith("sha256:") and noted[-2:] not in ("+x", "-x"):
        old_enough = max(info.st_mtime_ns, info.st_ctime_ns) < since - YOUNG
        if old_enough and TIMES_TELL and stat.S_ISREG(info.st_mode):
            return path, noted, signature(info)
    if look(root, path, noted) != noted:
        raise NotKept(path)
    if info is None or not TIMES_TELL or max(info.st_mtime_ns, info.st_ctime_ns) > now - YOUNG:
        return path, noted, None
    return path, noted, signature(info)


def _lstat(full: str) -> os.stat_result | None:
    try:
        return os.lstat(full)
    except (FileNotFoundError, NotADirectoryError):
        return None


def signature(info: os.stat_result) -> Signature:
    """What changes when a file is touched: mode, place, size and times."""
    return [info.st_mode, info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns]


def _path_now(root: str, path: str, noted: str) -> str:
    """What is at a path now, as much as was told of it."""
    full = os.path.join(root, path)
    info = _lstat(full)
    mark = ""
    if noted.endswith(("+x", "-x")):
        mark = "+x" if info is not None and info.st_mode & stat.S_IXUSR else "-x"
    if info is None:
        return "absent" + mark
    if stat.S_ISDIR(info.st_mode):
        return "dir" + mark
    if not stat.S_ISREG(info.st_mode):
        raise NotKept(path)
    if not noted.startswith("sha256:"):
        return ("file" if noted.startswith(("file", "absent", "dir")) else "") + mark
    if info.st_size > MAX_BYTES:
        raise NotKept(path)  # it counts as unreadable, and is not read to find out whether it is the same
    with open(full, "rb") as stream:
        return digest_bytes(stream.read()) + _read_only(root, path, noted) + mark


def _folder_now(root: str, folder: str, noted: str) -> str:
    del noted
    entries = []
    try:
        with os.scandir(os.path.join(root, folder)) as found:
            for entry in found:
                if entry.is_symlink():
                    raise NotKept(entry.path)
                kind = "dir" if entry.is_dir() else "file" if entry.is_file() else "other"
                entries.append((entry.name, kind))
    except (FileNotFoundError, NotADirectoryError):
        entries = []
    return _digest(tuple(sorted(entries))) + _closed(root, folder)


def _closed(root: str, folder: str) -> str:
    full = os.path.join(root, folder)
    return "" if os.access(full, os.W_OK | os.X_OK) or not os.path.isdir(full) else "-w"


def _read_only(root: str, path: str, answer: str | None) -> str:
    was_read = answer is not None and answer.startswith("sha256:")
    return "-w" if was_read and not os.access(os.path.join(root, path), os.W_OK) else ""


def _digest(entries: tuple[tuple[str, str], ...]) -> str:
    if not entries:
        return "absent"
    text = "\0".join(f"{name}\0{kind}" for name, kind in entries)
    return digest_bytes(text.encode("utf-8", "surrogateescape"))


def refuse_links(root: str, paths: tuple[str, ...]) -> None:
    """Neither a path nor a folder on the way to it may be a symbolic link. Raises :class:`NotKept`."""
    parents = {""}
    for path in paths:
        parents.add(path)
        while path:
            path = path.rpartition("/")[0]
            if path in parents:
                break
            parents.add(path)
    for parent in parents:
        info = _lstat(os.path.join(root, parent)) if parent else None
        if info is not None and stat.S_ISLNK(info.st_mode):
            raise NotKept(parent)
