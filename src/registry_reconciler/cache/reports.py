"""Finished reports: what a command printed, as long as nothing that it was computed from has changed.

A report belongs to a key: this very program and interpreter, the words of the command, the directory, and what of the
environment shapes output. Of that a keyed digest is kept, and nothing that could be read. A report is given again only
if the fingerprint of the run that made it still holds, under the reader's lock, with no apply pending. Commands that
write, answers that depend on more than files of the workspace, and those about workspaces with secrets are never kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from registry_reconciler.cache import store
from registry_reconciler.cache.fingerprint import Fingerprint, Moment, NotKept, fingerprint_of, is_fresh
from registry_reconciler.cache.store import OFF, program

_FLAGS = frozenset(
    {
        "--allow-mass-delete",
        "--no-check",
        "--leave-outputs",
        "--detailed-exitcode",
        "--brief",
        "--full",
        "--no-color",
    }
)
_VALUED = frozenset(
    {"--target", "--exclude", "--adopt", "--overwrite", "--max-bytes", "--label", "--root", "--format"}
    | {"--lock-timeout", "--width", "--fail-on"}
)
_ENVIRONMENT = (
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
    # Terminals that know links say so in these.
    "FORCE_HYPERLINK",
    "TERM_PROGRAM",
    "VTE_VERSION",
    "KITTY_WINDOW_ID",
    "WT_SESSION",
    "KONSOLE_VERSION",
    "COLUMNS",
    "LINES",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_SHA",
)
"""What reports are shaped by, name by name: no other variable is looked at, as any of them may be a password.

How text is encoded, which other variables decide, is asked of the streams.
"""
_LONGEST = 4 * 1024 * 1024


class Report(NamedTuple):
    """What a command printed on standard output, and its exit code."""

    text: str
    exit: int


def key_of(words: Sequence[str]) -> str | None:
    """What a report of these words belongs to; ``None`` where none is kept."""
    if not words or os.environ.get(OFF) or os.environ.get("REGISTRY_CATALOG") or not _plain(words[1:]):
        return None
    streams = [_stream(sys.stdout), _stream(sys.stderr)]
    environment = [os.environ.get(name) for name in _ENVIRONMENT]
    try:
        parts = [list(words), os.getcwd(), streams, environment, program()]
    except OSError:
        return None
    return repr(parts)


def _plain(words: Sequence[str]) -> bool:
    """Whether only options are used that shape a report: one that is not known here may write."""
    waiting = False
    for word in words:
        name, equals, _ = word.partition("=")
        if waiting:
            waiting = False
        elif name in _VALUED:
            waiting = not equals
        elif word.startswith("-") and word not in _FLAGS:
            return False
    return not waiting


def _stream(stream: Any) -> list[object]:
    try:
        terminal = stream.isatty()
        return [terminal, stream.encoding, list(os.get_terminal_size(stream.fileno())) if terminal else []]
    except (AttributeError, OSError, ValueError):
        return []


def recall(key: str, root: Path) -> Report | None:
    """The report of a key, if it still holds for the workspace at ``root``."""
    if not store.may_lie(root):
        return None
    record = store.load(key)
    if record is None or record.get("root") != os.path.realpath(root):
        return None
    try:
        fingerprint = Fingerprint.from_json(record["fingerprint"])
        report = Report(record["text"], record["exit"])
    except (KeyError, TypeError, ValueError):
        return None
    if type(report.text) is not str or type(report.exit) is not int:
        return None
    from registry_reconciler.apply import reader
    from registry_reconciler.errors import RegistryFailure

    try:
        with reader(root, 0):
            holds, unsure = is_fresh(record["root"], fingerprint)
            if holds and unsure:
                _refresh(key, record, fingerprint)
    except RegistryFailure:
        return None  # the command itself waits, or says why not
    return report if holds else None


def _refresh(key: str, record: dict[str, Any], fingerprint: Fingerprint) -> None:
    """Take the fingerprint anew where files were touched or young, so that times tell the next time."""
    from registry_reconciler.cache.fingerprint import refresh

    try:
        fresh = refresh(record["root"], fingerprint)
    except (NotKept, OSError):
        return
    same = (fresh.paths, fresh.folders) == (fingerprint.paths, fingerprint.folders)
    if not same or fingerprint.taken.clock_went_back():
        store.save(key, {**record, "fingerprint": fresh.to_json()})


def remember(
    key: str,
    root: Path,
    report: Report,
    inputs: Mapping[str, str | None],
    folders: Mapping[str, tuple[tuple[str, str], ...]],
    since: Moment | None = None,
) -> None:
    """Keep a report, with what the run that made it saw since a moment. Nothing is kept where that cannot be told."""
    if len(report.text) > _LONGEST or not store.may_lie(root):
        return
    real = os.path.realpath(root)
    try:
        fingerprint = fingerprint_of(real, inputs, folders, since)
    except (NotKept, OSError, ValueError):
        return
    record = {"root": real, "fingerprint": fingerprint.to_json(), "text": report.text, "exit": report.exit}
    store.save(key, record)
