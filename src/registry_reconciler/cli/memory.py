"""Lets a command answer as it did before, where nothing that its answer rests on has changed.

``main`` asks here before it runs a command. While one runs, what it prints and what it read is noted; whatever it does
besides (a message, a file) makes the answer one that is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_reconciler.cache.fingerprint import Moment
    from registry_reconciler.files.tree import Recorder

COMMANDS = frozenset({"plan", "check", "drift"})


class Noted:
    """What a running command did so far.

    A plain class, as are named tuples elsewhere on the way of a known answer: that way is the fastest of all, and
    importing :mod:`dataclasses` would take a third of it.
    """

    def __init__(self, key: str, since: Moment) -> None:
        self.key = key
        self.since = since
        self.texts: list[str] = []
        self.seen: list[tuple[Path, Recorder]] = []
        self.spoiled = False


_running: list[Noted] = []
"""The command that is being noted: one or none."""


def record_output(text: str) -> None:
    """The command printed this on standard output."""
    for noted in _running:
        noted.texts.append(text)


def record_inputs(root: Path, tree: Recorder, *, secret: bool) -> None:
    """The command made a plan from this; ``secret``: it may hold secrets, then not even digests are kept."""
    if secret:
        mark_uncacheable()
    for noted in _running:
        noted.seen.append((root, tree))


def mark_uncacheable() -> None:
    """The command did something that cannot be done again by printing."""
    for noted in _running:
        noted.spoiled = True


def begin(words: Sequence[str]) -> tuple[str, int] | None:
    """The answer to these words and its exit code, if it is known; otherwise the command is noted from here on."""
    _running.clear()
    if not words or words[0] not in COMMANDS:
        return None
    from registry_reconciler.cache.reports import key_of, recall

    key = key_of(words)
    root = _root(words) if key is not None else None
    if key is None or root is None:
        return None
    known = recall(key, root)
    if known is not None:
        return known.text, known.exit
    from registry_reconciler.cache.fingerprint import Moment

    _running.append(Noted(key, Moment.now()))
    return None


def end(words: Sequence[str], exit: int) -> None:
    """The command is through; its answer is kept where that can be done."""
    if not _running:
        return
    noted = _running.pop()
    # Drift names who edited an entry, which git says and no file of the workspace.
    git = words[0] == "drift" and exit != 0
    if noted.spoiled or git or len(noted.seen) != 1:
        return
    from registry_reconciler.cache.reports import Report, remember

    root, tree = noted.seen[0]
    seen = {**tree.looked_at, **tree.inputs}
    remember(noted.key, root, Report("".join(noted.texts), exit), seen, tree.folders, noted.since)


def _root(words: Sequence[str]) -> Path | None:
    """The workspace that the words are about; ``None`` where they name none that is there."""
    from registry_reconciler.errors import NoWorkspace
    from registry_reconciler.files.root import SCHEMAS, find_root

    named = [word.partition("=")[2] for word in words if word.startswith("--root=")]
    named += [after for word, after in pairwise(words) if word == "--root"]
    if len(named) > 1:
        return None
    if named:
        return Path(named[0]).absolute() if (Path(named[0]) / SCHEMAS).is_dir() else None
    try:
        return find_root(Path.cwd())
    except (NoWorkspace, OSError):
        return None
