"""Write many files as one: all of them or none, whatever happens in between.

The guarantee
    After :func:`commit` returned, every file is new and durable. After it raised, and after any kill or power
    cut at any instruction followed by :func:`registry_reconciler.apply.recovery.recover`, the workspace is
    wholly as it was before or wholly as it was to become. Bytes that somebody else wrote in the meantime are
    never overwritten and never lost. A reader that uses :func:`registry_reconciler.apply.reading.reader`
    never sees a mixture.

What it assumes
    A local, journaling file system on Linux or macOS; renames are atomic; ``fsync`` of a file and of a folder
    does what it says or fails; the journal and the files are on one file system; whoever else writes does not
    write into the journal. With an exchange of names (Linux 3.15, macOS 10.12) a hand edit is safe at every
    moment; without it, for a few microseconds per file it is not (docs/durability.md).

The protocol
    1. Under the lock: look at every file once; what is there has to be what the plan was made from.
    2. Stage all new content in the journal, synced; write the record of paths and digests, synced; sync the
       journal's folders. Nothing outside the journal has been touched.
    3. Make every folder that is missing, synced, and ask the file system about every new name. Look at every input
       again. Rename RECORD to COMMIT and sync: the commit point.
    4. Exchange, place or take away each file; make every folder durable.
    5. Let the caller verify. If that or anything after the commit point fails: rename COMMIT to ABORT and
       sync, which makes the direction durable, then undo.
    6. Remove the record and sync, then the rest of the journal. What fails here is a warning: the apply is
       done.

    A sync that failed is never repeated: the record stays, and recovery has the last word.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from registry_reconciler.apply import files, journal
from registry_reconciler.apply.anchor import APPLY, Anchor
from registry_reconciler.apply.failures import (
    OwnerRefused,
    Undurable,
    WriteConflict,
    failures,
    reason_of,
    stale,
)
from registry_reconciler.apply.folders import discard, remove_folders
from registry_reconciler.apply.install import Bench
from registry_reconciler.apply.journal import Direction, JournalRecord, JournalStep
from registry_reconciler.apply.lock import WorkspaceLock, make_apply_folder
from registry_reconciler.apply.operations import (
    FileOp,
    OpTarget,
    Receipt,
    check_inputs,
    folder_there,
    look,
    refuse_early,
)
from registry_reconciler.apply.reading import RECOVER
from registry_reconciler.apply.signals import Signals
from registry_reconciler.apply.staging import stage
from registry_reconciler.base.interrupts import WriteFlag
from registry_reconciler.base.progress import counted, step
from registry_reconciler.errors import InterruptedApply, RegistryFailure, StalePlan, WriteFailure

_BATCH = 32
"""Files that are open at once while they are staged: enough to sync together, few enough for any limit."""


def commit(
    root: Path,
    ops: Sequence[FileOp],
    *,
    lock: WorkspaceLock,
    inputs: Mapping[str, str | None],
    remove_empty: Sequence[str] = (),
    verify: Callable[[], None] | None = None,
    may_write: Callable[[str], bool] | None = None,
) -> Receipt:
    """Carry out all of ``ops``, or none.

    Args:
        root: the workspace.
        ops: at most one for a file. One that changes nothing is only checked.
        lock: the writer's lock on ``root``, held by the caller.
        inputs: what the plan was computed from, as :class:`registry_reconciler.files.tree.Recorder` remembers it;
            looked at again just before the commit point.
        remove_empty: folders that go when a delete of this call leaves them empty.
        verify: called when all files are new and can still be taken back; whatever it raises takes them back.
        may_write: the paths that recovery will accept; an op outside of them is refused here already.

    Raises:
        StalePlan: a file or input is not what it was; ``entries`` are the paths. Nothing was written.
        InterruptedApply: an earlier apply has to be recovered first.
        WriteFailure: the system refused, or a signal came. The text says whether the files are as they were
            or what recovers them.
    """
    if lock.shared or not lock.held or lock.root != Path(os.path.realpath(root)):
        raise WriteFailure("nothing was written: the caller does not hold this workspace's lock")
    with Signals() as signals, failures("nothing was written"), Anchor(lock.root) as anchor:
        warnings = _refuse_interrupted(anchor, may_write)
        targets = look(anchor, ops, may_write)
        work = [target for target in targets if target.before != target.after]
        if not work:
            check_inputs(lock.root, inputs)
            return Receipt(warnings=warnings)
        bench = _prepare(anchor, work, remove_empty, signals)
        try:
            ours = frozenset(bench.record.made)
            return _run(bench, work, signals, lambda: check_inputs(lock.root, inputs, ours), verify, warnings)
        finally:
            bench.close()


# Before the commit point


def _refuse_interrupted(anchor: Anchor, may_write: Callable[[str], bool] | None) -> tuple[str, ...]:
    """Make sure that no transaction is open, and clear away those that never began. The warnings."""
    found, warnings = journal.scan(anchor, may_write)
    for interrupted in found:
        if interrupted.record is not None:
            raise InterruptedApply(
                "an earlier apply was interrupted; nothing was written. Run 'registry recover' first",
                next=(RECOVER,),
            )
        remove_folders(anchor, interrupted.made)
        discard(anchor, interrupted.name)
    return warnings


def _prepare(
    anchor: Anchor, work: Sequence[OpTarget], remove_empty: Sequence[str], signals: Signals
) -> Bench:
    """Write the journal: staged contents and the record. Nothing outside of it is touched."""
    record = _record(anchor, work, remove_empty)
    make_apply_folder(anchor)
    name = journal.new_folder_name()
    with anchor.held(APPLY) as above:
        device = os.fstat(above).st_dev
        refuse_early(anchor, work, device)
        files.make_folder(name, above, 0o700)
    try:
        bench = Bench(anchor, name, record)
        try:
            _stage(bench, work, signals)
        except BaseException:
            bench.close()
            raise
        return bench
    except BaseException:
        with contextlib.suppress(OSError):
            discard(anchor, name)
        raise


def _record(anchor: Anchor, work: Sequence[OpTarget], remove_empty: Sequence[str]) -> JournalRecord:
    steps = tuple(
        JournalStep(index, target.op.path, target.real, target.before, target.after)
        for index, target in enumerate(work)
    )
    above = {
        folder for step in steps if step.after is not None for folder in journal.folders_above(step.real)
    }
    made = tuple(folder for folder in sorted(above) if not anchor.is_folder(folder))
    left = {folder for step in steps if step.after is None for folder in journal.folders_above(step.real)}
    gone, owners = [], []
    for folder in sorted(left.intersection(remove_empty), reverse=True):
        if anchor.is_folder(folder):
            info = os.fstat(anchor.folder(folder))
            gone.append((folder, info.st_mode & 0o7777))
            owners.append((folder, info.st_uid, info.st_gid))
    return JournalRecord(steps, made, tuple(gone), tuple(owners))


def _stage(bench: Bench, work: Sequence[OpTarget], signals: Signals) -> None:
    step("writing beside the files")
    for start in counted(range(0, len(work), _BATCH)):
        signals.check()
        with contextlib.ExitStack() as stack:
            fds: list[int] = []
            for index, target in enumerate(work[start : start + _BATCH], start):
                source = None
                if target.state is not None:
                    source = stack.enter_context(bench.anchor.opened(target.real))
                    # Going back after a power cut needs the old bytes: an editor may not have synced them.
                    fds.append(source)
                if target.op.content is not None:
                    fds.append(_staged(bench, target, f"{index}.new", target.op.content, source))
                    stack.callback(os.close, fds[-1])
            files.sync_all(fds)
    record = stage(Direction.UNDECIDED.value, bench.folder, journal.encode(bench.record), None)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, record)
        above = [stack.enter_context(bench.anchor.held(path)) for path in (APPLY, APPLY.rpartition("/")[0])]
        files.sync_all([record, bench.folder, *above])


def _staged(bench: Bench, target: OpTarget, name: str, content: bytes, source: int | None) -> int:
    folder = folder_there(bench.anchor, target)
    above = os.fstat(bench.anchor.folder(folder))
    try:
        return stage(name, bench.folder, content, target.state, source, above)
    except OwnerRefused as error:
        if target.state is None:
            advice = (
                "join that group, or stop the folder from giving its group: "
                f"chmod g-s {shlex.quote(folder or '.')}"
            )
        else:
            advice = "run as its owner, or make it yours and of a group that you are in (chown, chgrp)"
        raise WriteFailure(
            f"nothing was written: {target.op.path!r} cannot be written: {error.strerror}; {advice}"
        ) from error


# The commit point and after


def _run(
    bench: Bench,
    work: Sequence[OpTarget],
    signals: Signals,
    check_inputs: Callable[[], None],
    verify: Callable[[], None] | None,
    warnings: tuple[str, ...],
) -> Receipt:
    try:
        bench.make_folders()
        check_inputs()
        signals.check()
        WriteFlag.some = True
        files.rename(Direction.UNDECIDED.value, bench.folder, Direction.FORWARD.value, bench.folder)
    except BaseException as error:
        failure = _give_up(bench, error)
        if failure is error:
            raise
        raise failure from error
    try:
        _install(bench, signals, verify)
    except BaseException as error:
        failure = _take_back(bench, error)
        if failure is error:
            raise
        raise failure from error
    return _receipt(work, (*warnings, *_finish(bench), *signals.missed()))


def _give_up(bench: Bench, error: BaseException) -> BaseException:
    """Leave nothing behind of what did not come to its commit point. What to raise."""
    try:
        bench.remove_made()
        if isinstance(error, Undurable):
            raise error
    except OSError as second:
        return InterruptedApply(
            f"no file was written ({_say_stopped(error)}), but folders that were made for it may still be there "
            f"({reason_of(second)}): run 'registry recover'",
            next=(RECOVER,),
        )
    with contextlib.suppress(OSError):
        discard(bench.anchor, bench.name)
    return stale((error.path,)) if isinstance(error, WriteConflict) else error


def _install(bench: Bench, signals: Signals, verify: Callable[[], None] | None) -> None:
    bench.settle_record()
    bench.forward()
    signals.check()
    if verify is not None:
        try:
            signals.phase = "now"
            signals.check()
            verify()
        finally:
            signals.phase = "late"
    strangers = bench.strangers()
    if strangers:
        raise WriteConflict(bench.record.steps[int(strangers[0].partition(".")[0])].path)
    if bench.edited:
        raise WriteConflict(bench.edited[0])


def _take_back(bench: Bench, error: BaseException) -> BaseException:
    """Undo after the commit point. What to raise: ``error``, saying how the workspace is now."""
    stopped = _say_stopped(error)
    try:
        bench.turn(Direction.FORWARD, Direction.BACK)
        bench.back()
        kept = bench.keep(sorted({*bench.strangers(), *bench.slots_of(bench.conflicts)}))
        if isinstance(error, Undurable):
            raise error
        bench.close_record(Direction.BACK)
    except (OSError, WriteConflict) as second:
        return InterruptedApply(
            f"{stopped}, and taking it back stopped too ({reason_of(second)}); "
            "the files may be half new: run 'registry recover'",
            next=(RECOVER,),
        )
    with contextlib.suppress(OSError):
        discard(bench.anchor, bench.name)
    note = "".join(f"; bytes that would have been lost are in {path!r}" for path in kept)
    left = "".join(f"; {path!r} was edited by hand and is left as it is" for path in bench.conflicts)
    if isinstance(error, WriteConflict):
        return StalePlan(
            f"{error.path!r} was changed by hand while it was written; everything else is as it was before"
            f"{left}{note}",
            entries=(error.path,),
            next=(("registry", "plan"),),
        )
    if isinstance(error, RegistryFailure) and not (left or note):
        return error
    if isinstance(error, OSError | RegistryFailure | KeyboardInterrupt):
        return WriteFailure(f"{stopped}; the files are as they were before{left}{note}")
    return error


def _say_stopped(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"writing stopped ({reason_of(error)})"
    if isinstance(error, WriteConflict):
        return f"writing stopped ({error.path!r} was changed by hand meanwhile)"
    return f"writing stopped ({str(error) or type(error).__name__})"


def _finish(bench: Bench) -> tuple[str, ...]:
    """Remove the record, then the journal. All files are new and durable: what fails here is a warning."""
    try:
        bench.close_record(Direction.FORWARD)
    except OSError as error:
        return (
            f"the apply is done, and its journal could not be closed ({reason_of(error)}): "
            "run 'registry recover'",
        )
    try:
        discard(bench.anchor, bench.name)
    except OSError as error:
        return (f"the apply is done, and {bench.place!r} could not be removed ({reason_of(error)})",)
    return ()


def _receipt(work: Sequence[OpTarget], warnings: tuple[str, ...]) -> Receipt:
    return Receipt(
        written=tuple(
            target.op.path for target in work if target.before is not None and target.after is not None
        ),
        created=tuple(target.op.path for target in work if target.before is None),
        deleted=tuple(target.op.path for target in work if target.after is None),
        warnings=warnings,
    )
