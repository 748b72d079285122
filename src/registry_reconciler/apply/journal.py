"""The journal of one apply: a folder with the staged contents and a record of what they are for.

Layout, all inside ``.system/registry/.apply/``::

    .gitignore           so that git never sees any of it
    owner.json           who holds the lock; for messages only
    tx-<random>/         one transaction
        <n>.new          staged content of step n; after an exchange it is the old file
        <n>.old          a copy of the old content, only where the file system cannot exchange
        <n>.gone         a file that step n deleted
        RECORD           written; outside of this folder nothing but empty folders has been made
        COMMIT           the same file after the commit point: go forward
        ABORT            the same file after a failure: go back
    kept-<random>-...    bytes that nobody here wrote, found where they would have been lost

The name of a transaction's folder is random, so that a folder that came with a branch can be told from one
that was made here: git tracks the former. A record that git tracks, whose checksum fails, that is a link, or
that names a path which no apply writes is ignored.
"""

from __future__ import annotations

import enum
import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from registry_reconciler.apply import files
from registry_reconciler.apply.anchor import (
    APPLY,
    REGISTRY,
    Anchor,
    NotAFile,
    UnsafePath,
    standing_in,
    why_unsafe,
)
from registry_reconciler.files import git_index
from registry_reconciler.files.reserved import leads_astray

IGNORE_TEXT = b"# made by registry while it applies\n*\n"
_HEAD = b"registry-journal 1 "
_MOST_RECORD_BYTES = 64 << 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_FOLDER = re.compile(r"tx-[0-9a-f]{16}\Z")


class Direction(enum.Enum):
    """Where an interrupted transaction has to go; the value is the name of its record."""

    UNDECIDED = "RECORD"
    FORWARD = "COMMIT"
    BACK = "ABORT"


class JournalStep(NamedTuple):
    """One file of a transaction: ``before`` and ``after`` are digests, ``None`` for: not there.

    ``path`` is what the plan calls it, ``real`` where that leads without links.
    """

    index: int  # type: ignore[assignment]  # instead of the method of tuples
    path: str
    real: str
    before: str | None
    after: str | None


class JournalRecord(NamedTuple):
    """All that recovery needs to know.

    Attributes:
        made: folders that were missing and are made, outer ones first.
        emptied: folders that go when a delete leaves them empty, inner ones first, with mode.
        owners: user and group of those folders, for when they come back.
    """

    steps: tuple[JournalStep, ...]
    made: tuple[str, ...]
    emptied: tuple[tuple[str, int], ...]
    owners: tuple[tuple[str, int, int], ...] = ()


class BadRecord(Exception):
    """A record that must not be believed; the text says why."""


def encode(record: JournalRecord) -> bytes:
    """The record as bytes, with its own checksum."""
    body = json.dumps(
        {
            "steps": [[step.path, step.real, step.before, step.after] for step in record.steps],
            "made": list(record.made),
            "emptied": [list(pair) for pair in record.emptied],
            "owners": [list(owner) for owner in record.owners],
        },
        separators=(",", ":"),
    ).encode()
    return _HEAD + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def decode(data: bytes) -> JournalRecord:
    """The inverse of :func:`encode`. Raises :class:`BadRecord` unless every byte is as it was written."""
    head, _, body = data.partition(b"\n")
    if head != _HEAD + hashlib.sha256(body).hexdigest().encode():
        raise BadRecord("its checksum does not fit")
    try:
        found = json.loads(body)
        steps = tuple(JournalStep(index, *_checked_step(item)) for index, item in enumerate(found["steps"]))
        made = tuple(str(item) for item in found["made"])
        emptied = tuple((str(path), int(mode) & 0o7777) for path, mode in found["emptied"])
        owners = tuple((str(path), int(uid), int(gid)) for path, uid, gid in found.get("owners", ()))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRecord("its content is malformed") from error
    return JournalRecord(steps, made, emptied, owners)


def _checked_step(step: Any) -> tuple[str, str, str | None, str | None]:
    path, real, before, after = step
    if not isinstance(path, str) or not isinstance(real, str):
        raise ValueError("a path is no text")
    for digest in (before, after):
        if digest is not None and not _DIGEST.match(digest):
            raise ValueError("a digest is malformed")
    if before == after:
        raise ValueError("a step that changes nothing")
    return path, real, before, after


def distrust(record: JournalRecord, anchor: Anchor, may_write: Callable[[str], bool] | None) -> str | None:
    """Why recovery must not touch what ``record`` names; ``None`` when an apply here could have made it."""
    for step in record.steps:
        for path in {step.path, step.real}:
            reason = why_unsafe(path)
            if reason is not None:
                return f"it names {path!r}: {reason}"
        if may_write is not None and not may_write(step.path):
            return f"it names {step.path!r}, which no apply writes"
        if leads_astray(step.path, step.real):
            return f"it says that {step.path!r} leads to {step.real!r}, which is reserved"
        if step.real != step.path:
            try:
                leads_to = anchor.resolve(step.path)
            except UnsafePath as error:
                return f"it names {step.path!r}: {error}"
            if leads_to != step.real:
                return f"it says that {step.path!r} leads to {step.real!r}, and it leads to {leads_to!r}"
    above = {folder for step in record.steps for folder in folders_above(step.real)}
    for folder in (*record.made, *(path for path, _ in record.emptied)):
        if folder not in above or folder == APPLY:
            return f"it names the folder {folder!r}, which none of its files is in"
    return None


def folders_above(path: str) -> Iterator[str]:
    """All folders that a path is in, outer ones first, without the root."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        yield "/".join(parts[:depth])


class FoundTransaction(NamedTuple):
    """A transaction's folder as it was found.

    Attributes:
        record: ``None`` when no file outside of it was touched.
        made: then the folders that may have been made for it, outer ones first.
    """

    name: str
    direction: Direction
    record: JournalRecord | None
    made: tuple[str, ...] = ()


def scan(
    anchor: Anchor, may_write: Callable[[str], bool] | None = None
) -> tuple[tuple[FoundTransaction, ...], tuple[str, ...]]:
    """The transactions that stand there, and a warning for each that is not to be believed. Only reads.

    Raises:
        OSError: what is there cannot be read. It may be an apply that is half done, so nobody may go on.
    """
    names, warnings = _list_folders(anchor)
    found = []
    for name in names:
        try:
            journal = _read_folder(anchor, name)
            if journal.record is not None:
                reason = distrust(journal.record, anchor, may_write)
                if reason is not None:
                    raise BadRecord(reason)
        except (BadRecord, NotAFile) as error:
            warnings.append(_ignored(f"{APPLY}/{name}", str(error)))
            continue
        if git_index.mentions(anchor.root, f"{APPLY}/{name}"):
            warnings.append(_ignored(f"{APPLY}/{name}", "git tracks it, so no apply here made it"))
            continue
        found.append(journal)
    return tuple(found), tuple(warnings)


def _ignored(place: str, reason: str) -> str:
    return f"ignored the journal {place!r}: {reason}; look at it and remove it by hand"


def _list_folders(anchor: Anchor) -> tuple[list[str], list[str]]:
    if not anchor.is_folder(REGISTRY):
        return [], []
    if not anchor.is_folder(APPLY):
        nothing = anchor.standing(APPLY) == "absent"
        return [], [] if nothing else [_ignored(APPLY, "it is not a folder")]
    with anchor.held(APPLY) as fd:
        return sorted(name for name in os.listdir(fd) if _FOLDER.match(name)), []


def _read_folder(anchor: Anchor, name: str) -> FoundTransaction:
    place = f"{APPLY}/{name}"
    if not anchor.is_folder(place):
        raise BadRecord("it is not a folder")
    with anchor.held(place) as fd:
        for direction in (Direction.BACK, Direction.FORWARD):
            data = _read(fd, direction.value)
            if data is not None:
                return FoundTransaction(name, direction, decode(data))
        return FoundTransaction(name, Direction.UNDECIDED, None, _folders_of(anchor, fd))


def _folders_of(anchor: Anchor, folder: int) -> tuple[str, ...]:
    """The folders that were being made when the commit point had not been reached.

    A record that cannot be believed was still being written, and then none had been made. Only empty folders are
    removed, so it is enough that an apply could have made them by their names.
    """
    try:
        data = _read(folder, Direction.UNDECIDED.value)
        record = None if data is None else decode(data)
    except BadRecord:
        return ()
    return () if record is None or distrust(record, anchor, None) is not None else record.made


def _read(folder: int, name: str) -> bytes | None:
    try:
        fd = os.open(name, os.O_RDONLY | files.NOFOLLOW | files.NONBLOCK | files.CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO) and standing_in(folder, name) != "file":
            raise BadRecord(f"its {name} is no file") from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise BadRecord(f"its {name} is no file")
    with os.fdopen(fd, "rb") as stream:
        data = stream.read(_MOST_RECORD_BYTES + 1)
    if len(data) > _MOST_RECORD_BYTES:
        raise BadRecord("it is too large")
    return data


def new_folder_name() -> str:
    """A name that no branch can have guessed."""
    return f"tx-{os.urandom(8).hex()}"
