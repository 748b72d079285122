"""After an interruption: finish or undo it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from registry_reconciler.apply import journal
from registry_reconciler.apply.anchor import Anchor
from registry_reconciler.apply.failures import ChangeRefused, WriteConflict, reason_of
from registry_reconciler.apply.folders import discard, remove_folders
from registry_reconciler.apply.install import Bench
from registry_reconciler.apply.journal import Direction, FoundTransaction
from registry_reconciler.apply.lock import WorkspaceLock
from registry_reconciler.apply.reading import RECOVER
from registry_reconciler.errors import WriteFailure


class RecoverResult(Struct, frozen=True):
    """What recovery did.

    Attributes:
        direction: ``forward`` (the apply is done now), ``back`` (all is as before it) or ``nothing``.
        files: the paths of the transaction.
        conflicts: paths that were edited by hand in the meantime; they are left as they are.
        kept: where bytes are that would have been lost otherwise, as paths from the root.
        warnings: journals that were ignored, and remains that could not be removed.
    """

    direction: str = "nothing"
    files: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def recover(
    root: Path,
    *,
    may_write: Callable[[str], bool] | None = None,
    lock: WorkspaceLock | None = None,
    timeout: float = 0.0,
) -> RecoverResult:
    """Finish an interrupted apply, or undo it; any number of times, also after it was interrupted itself.

    What was committed goes forward; if somebody else's bytes stand where it has to write, it goes back
    instead. What was not committed, or was being taken back, goes back. Bytes that are neither old nor new
    stay.

    Args:
        root: the workspace.
        may_write: the paths that an apply here may write; a journal that names others is ignored with a
            warning.
        lock: the writer's lock, when the caller holds it; otherwise it is taken for the time of the call.
        timeout: seconds to wait for the lock.

    Raises:
        LockHeld: an apply is running.
        WriteFailure: the system refused; the journal is still there, and the next recovery goes on.
    """
    if lock is None:
        with WorkspaceLock.acquire(root, command="recover", timeout=timeout) as own:
            return recover(root, may_write=may_write, lock=own)
    if lock.shared or not lock.held:
        raise WriteFailure("nothing was written: recovery needs the writer's lock")
    try:
        with Anchor(lock.root) as anchor:
            return _recover(anchor, may_write)
    except OSError as error:
        raise WriteFailure(
            f"recovery stopped ({reason_of(error)}); no byte is lost: put that right and run "
            "'registry recover' again",
            next=(RECOVER,),
        ) from error


def _recover(anchor: Anchor, may_write: Callable[[str], bool] | None) -> RecoverResult:
    found, warnings = journal.scan(anchor, may_write)
    result = RecoverResult(warnings=warnings)
    for interrupted in found:
        if interrupted.record is None:
            remove_folders(anchor, interrupted.made)
            discard(anchor, interrupted.name)
        else:
            result = _carry_out(anchor, interrupted, result)
    return result


def _carry_out(anchor: Anchor, found: FoundTransaction, so_far: RecoverResult) -> RecoverResult:
    assert found.record is not None
    bench = Bench(anchor, found.name, found.record)
    try:
        direction = found.direction
        if direction is Direction.FORWARD:
            direction = _try_forward(bench)
        if direction is Direction.BACK:
            bench.back()
        kept = bench.keep(sorted({*bench.strangers(), *bench.slots_of(bench.conflicts)}))
        bench.close_record(direction)
        conflicts = (*bench.edited, *bench.conflicts)
    finally:
        bench.close()
    discard(anchor, found.name)
    return RecoverResult(
        "forward" if direction is Direction.FORWARD else "back",
        (*so_far.files, *(step.path for step in found.record.steps)),
        (*so_far.conflicts, *conflicts),
        (*so_far.kept, *kept),
        so_far.warnings,
    )


def _try_forward(bench: Bench) -> Direction:
    # The record of a killed apply may have been renamed and not yet synced: nothing may depend on it before.
    bench.settle_record()
    try:
        bench.forward()
    except (WriteConflict, ChangeRefused):
        # Somebody else's bytes are there, or the system will not have it: what can never be done must not be tried
        # for ever, and what was there before can be there again.
        bench.edited.clear()
        bench.turn(Direction.FORWARD, Direction.BACK)
        return Direction.BACK
    return Direction.FORWARD
