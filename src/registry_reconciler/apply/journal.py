"""The journal of one apply: a folder with the staged contents and a record of what they are for.

Layout, all inside ``.system/registry/.apply/``::

    .gitignore           so that git never sees any of it
    owner.json           who holds the lock; for messages only
    tx-<random>/         one transaction
        <n>.new          staged content of step n; after an exchange it is the old file
        <n>.old          a copy of the old content, only where the file system cannot exchange
        <n>.gone         a file that step n deleted
        RECORD           written, but nothing outside this folder has been touched
        COMMIT           the same file after the commit point: go forward
        ABORT            the same file after a failure: go back
    kept-<random>-...    bytes that nobody here wrote, found where they would have been lost

The name of a transaction's folder is random, so that a folder that came with a branch can be told from one
that was made here: git tracks the former. A record that git tracks, whose checksum fails, that is a link, or
that names a path which no apply writes is ignored.
"""

from __future__ import annotations

import enum
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from registry_reconciler.apply import files
from registry_reconciler.apply.anchor import (
    APPLY,
    REGISTRY,
    Anchor,
    NotAFile,
    UnsafePath,
    state_in,
    why_unsafe,
)

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


class Step(NamedTuple):
    """One file of a transaction: ``before`` and ``after`` are digests, ``None`` for: not there.

    ``path`` is what the plan calls it, ``real`` where that leads without links.
    """

    index: int  # type: ignore[assignment]  # instead of the method of tuples
    path: str
    real: str
    before: str | None
    after: str | None


class Record(NamedTuple):
    """All that recovery needs to know.

    Attributes:
        made: folders that were missing and are made, outer ones first.
        emptied: folders that go when a delete leaves them empty, inner ones first, with mode.
    """

    steps: tuple[Step, ...]
    made: tuple[str, ...]
    emptied: tuple[tuple[str, int], ...]


class BadRecord(Exception):
    """A record that must not be believed; the text says why."""


def encode(record: Record) -> bytes:
    """The record as bytes, with its own checksum."""
    body = json.dumps(
        {
            "steps": [[step.path, step.real, step.before, step.after] for step in record.steps],
            "made": list(record.made),
            "emptied": [list(one) for one in record.emptied],
        },
        separators=(",", ":"),
    ).encode()
    return _HEAD + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def decode(data: bytes) -> Record:
    """The inverse of :func:`encode`. Raises :class:`BadRecord` unless every byte is as it was written."""
    head, _, body = data.partition(b"\n")
    if head != _HEAD + hashlib.sha256(body).hexdigest().encode():
        raise BadRecord("its checksum does not fit")
    try:
        found = json.loads(body)
        steps = tuple(Step(index, *_checked_step(one)) for index, one in enumerate(found["steps"]))
        made = tuple(str(one) for one in found["made"])
        emptied = tuple((str(path), int(mode) & 0o7777) for path, mode in found["emptied"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRecord("its content is malformed") from error
    return Record(steps, made, emptied)


def _checked_step(one: Any) -> tuple[str, str, str | None, str | None]:
    path, real, before, after = one
    if not isinstance(path, str) or not isinstance(real, str):
        raise ValueError("a path is no text")
    for digest in (before, after):
        if digest is not None and not _DIGEST.match(digest):
            raise ValueError("a digest is malformed")
    if before == after:
        raise ValueError("a step that changes nothing")
    return path, real, before, after


def distrust(record: Record, anchor: Anchor, may_write: Callable[[str], bool] | None) -> str | None:
    """Why recovery must not touch what ``record`` names; ``None`` when an apply here could have made it."""
    for step in record.steps:
        for path in {step.path, step.real}:
            reason = why_unsafe(path)
            if reason is not None:
                return f"it names {path!r}: {reason}"
        if may_write is not None and not may_write(step.path):
            return f"it names {step.path!r}, which no apply writes"
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


class Found(NamedTuple):
    """A transaction's folder as it was found. ``record`` is ``None`` when nothing outside it was touched."""

    name: str
    direction: Direction
    record: Record | None


def scan(
    anchor: Anchor, may_write: Callable[[str], bool] | None = None
) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """The transactions that stand there, and a warning for each that is not to be believed. Only reads."""
    names, warnings = _list_folders(anchor)
    found = []
    for name in names:
        try:
            one = _read_folder(anchor, name)
            if one.record is not None:
                reason = distrust(one.record, anchor, may_write)
                if reason is not None:
                    raise BadRecord(reason)
        except (BadRecord, NotAFile) as error:
            warnings.append(_ignored(f"{APPLY}/{name}", str(error)))
            continue
        if tracked(anchor.root, f"{APPLY}/{name}"):
            warnings.append(_ignored(f"{APPLY}/{name}", "git tracks it, so no apply here made it"))
            continue
        found.append(one)
    return tuple(found), tuple(warnings)


def _ignored(place: str, reason: str) -> str:
    return f"ignored the journal {place!r}: {reason}; look at it and remove it by hand"


def _list_folders(anchor: Anchor) -> tuple[list[str], list[str]]:
    if not anchor.is_folder(REGISTRY):
        return [], []
    try:
        with anchor.held(APPLY) as fd:
            return sorted(one for one in os.listdir(fd) if _FOLDER.match(one)), []
    except FileNotFoundError:
        return [], []
    except NotADirectoryError:
        return [], [_ignored(APPLY, "it is not a folder")]
    except OSError as error:
        return [], [_ignored(APPLY, error.strerror or str(error))]


def _read_folder(anchor: Anchor, name: str) -> Found:
    try:
        with anchor.held(f"{APPLY}/{name}") as fd:
            for direction in (Direction.BACK, Direction.FORWARD):
                data = _read(fd, direction.value)
                if data is not None:
                    return Found(name, direction, decode(data))
    except OSError as error:
        raise BadRecord(error.strerror or str(error)) from error
    return Found(name, Direction.UNDECIDED, None)


def _read(folder: int, name: str) -> bytes | None:
    try:
        fd = os.open(name, os.O_RDONLY | files.NOFOLLOW | files.NONBLOCK | files.CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as stream:
        data = stream.read(_MOST_RECORD_BYTES + 1)
    if len(data) > _MOST_RECORD_BYTES:
        raise BadRecord("it is too large")
    return data


def tracked(root: Path, path: str) -> bool:
    """Whether git tracks anything at or below ``path``; False where there is no git index."""
    import subprocess

    index = _index_of(root)
    if index is None:
        return False
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--", path]
    try:
        answer = subprocess.run(
            command,
            cwd=root,
            env=environment,
            capture_output=True,
            check=True,
            timeout=20,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        # No usable git: the names stand in the index as plain text, unless it is of the rare version 4.
        try:
            return (path + "/").encode() in index.read_bytes()
        except OSError:
            return False
    return bool(answer.stdout)


def _index_of(root: Path) -> Path | None:
    for folder in (root.absolute(), *root.absolute().parents):
        place = folder / ".git"
        if place.is_file():
            try:
                text = place.read_text(encoding="utf-8", errors="replace")
            except OSError:
                return None
            place = folder / text.removeprefix("gitdir:").strip()
        if place.is_dir():
            return place / "index" if (place / "index").is_file() else None
    return None


def new_folder_name() -> str:
    """A name that no branch can have guessed."""
    return f"tx-{os.urandom(8).hex()}"


def slot_states(folder: int, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The digest of each of the files ``names`` in a journal folder."""
    for name in names:
        state = state_in(folder, name)
        if state is not None:
            yield name, state.digest
