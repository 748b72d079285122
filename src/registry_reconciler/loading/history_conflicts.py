"""Conflicts that git left in the history. A plan rests on nothing of it, and an apply does not write beside them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator

from registry_reconciler.errors import NewerFormat
from registry_reconciler.files.tree import Recorder, names_in
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.state import conflict_problem
from registry_reconciler.loading.state.files import conflict_line
from registry_reconciler.model.config import HISTORY_BEFORE_PATH, HISTORY_FOLDER, OLD_HISTORY_PATH
from registry_reconciler.model.problem import Problem

FORMAT = 1
_FORMAT = re.compile(rb'\{\s*"format":\s*(\d{1,9})\b')
LOOKED_AT = 20
"""So many files, the newest, are looked at: no two branches write one, so a conflict in any is a hand's work."""


def history_conflicts(tree: Recorder) -> Iterator[Problem]:
    """One problem for each file with the marks of a conflict. Only such a file becomes an input of a plan.

    Raises:
        NewerFormat: one of the newest says that its format is newer.
    """
    for path in _paths(tree):
        try:
            data = tree.tree.read(path) or b""
            refuse_newer(path, data)
            line = conflict_line(data)
            if line is not None:
                tree.read(path)
                yield conflict_problem(path, line)
            else:
                tree.look_at(path, data)
        except UnreadablePath:
            continue


def refuse_newer(path: str, data: bytes) -> None:
    """Stop at a file of the history that a newer program wrote."""
    format = _FORMAT.match(data)
    if format is not None and int(format[1]) > FORMAT:
        raise NewerFormat.of(path, f"history {int(format[1])}")


def _paths(tree: Recorder) -> list[str]:
    try:
        names = heapq.nlargest(
            LOOKED_AT, (name for name in names_in(tree.tree, HISTORY_FOLDER) if name.endswith(".json"))
        )
        olds = (OLD_HISTORY_PATH, HISTORY_BEFORE_PATH)
        old = [path for path in olds if tree.tree.kind(path) == "file"]
    except UnreadablePath:
        return []
    return [*old, *(f"{HISTORY_FOLDER}/{name}" for name in names)]


def both_lines(ours: bytes, theirs: bytes) -> bytes:
    """The lines of two sides of an old history, which has one an apply: each once, and no marks of a conflict."""
    rows = dict.fromkeys(line for side in (ours, theirs) for line in side.split(b"\n"))
    return b"".join(line + b"\n" for line in rows if line.startswith(b"{"))
