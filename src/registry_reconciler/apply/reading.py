"""Readers: they keep out while an apply runs, and until an interrupted one is recovered.

Imported by every plan, so it imports nothing of what writes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from registry_reconciler.apply import journal
from registry_reconciler.apply.anchor import APPLY, Anchor
from registry_reconciler.apply.journal import Direction, FoundTransaction
from registry_reconciler.apply.lock import shared_lock
from registry_reconciler.errors import InterruptedApply, LockHeld

RECOVER = ("registry", "recover")
"""The command that finishes or undoes what was interrupted."""


class Pending(NamedTuple):
    """An interrupted transaction that nobody holds.

    Attributes:
        direction: ``forward`` or ``back``: where recovery will take it.
        files: the paths concerned.
        warnings: journals that were ignored.
    """

    direction: str
    files: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class Reading(NamedTuple):
    """What a reader should know: warnings about journals that were ignored."""

    warnings: tuple[str, ...] = ()


def pending(root: Path, *, may_write: Callable[[str], bool] | None = None) -> Pending | None:
    """The interrupted transaction of a workspace, or ``None`` (also while an apply runs). Writes nothing."""
    try:
        with shared_lock(root, 0.0):
            found, warnings = _scan(root, may_write)
    except LockHeld:
        return None
    if found is None or found.record is None:
        return None
    direction = "forward" if found.direction is Direction.FORWARD else "back"
    return Pending(direction, tuple(step.path for step in found.record.steps), warnings)


@contextlib.contextmanager
def reader(
    root: Path, lock_timeout: float, *, may_write: Callable[[str], bool] | None = None
) -> Iterator[Reading]:
    """Read the workspace as nobody writes it. Writes nothing itself, and needs no permission to.

    Args:
        root: the workspace.
        lock_timeout: seconds to wait for an apply to end.
        may_write: paths that an apply here may write; a journal that names others is ignored with a warning.

    Raises:
        LockHeld: an apply ran all the time.
        InterruptedApply: an apply was interrupted and nobody has recovered it.
    """
    with shared_lock(root, lock_timeout):
        found, warnings = _scan(root, may_write)
        if found is not None:
            raise InterruptedApply(
                "an earlier apply was interrupted, and its files may be half new: run 'registry recover'",
                next=(RECOVER,),
            )
        yield Reading(warnings)


def _scan(
    root: Path, may_write: Callable[[str], bool] | None
) -> tuple[FoundTransaction | None, tuple[str, ...]]:
    try:
        anchor = Anchor(root)
    except OSError:
        return None, ()
    try:
        with anchor:
            found, warnings = journal.scan(anchor, may_write)
    except OSError as error:
        raise InterruptedApply(
            f"an earlier apply may have been interrupted, and its journal {APPLY!r} cannot be read "
            f"({error.strerror or error}): run 'registry recover' as the user who applied",
            next=(RECOVER,),
        ) from error
    return next((interrupted for interrupted in found if interrupted.record is not None), None), warnings
