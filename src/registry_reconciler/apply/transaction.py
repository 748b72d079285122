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
import errno
import os
import shlex
import signal
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from msgspec import Struct

from registry_reconciler.apply import files, journal
from registry_reconciler.apply.anchor import APPLY, Anchor, FileState, NotAFile, UnsafePath, why_unsafe
from registry_reconciler.apply.install import (
    Bench,
    Conflict,
    OwnerRefused,
    Undurable,
    discard,
    remove_folders,
    stage,
)
from registry_reconciler.apply.journal import Direction, Record, Step
from registry_reconciler.apply.lock import WorkspaceLock, make_apply_folder
from registry_reconciler.apply.reading import RECOVER
from registry_reconciler.base.interrupts import Written
from registry_reconciler.errors import InterruptedApply, RegistryFailure, StalePlan, Stopped, WriteFailure
from registry_reconciler.files.names import Names, short, spelling
from registry_reconciler.files.reserved import leads_astray
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.files.unreadable import Hidden, Unreadable
from registry_reconciler.model.entry import digest_bytes

_BATCH = 32
"""Files that are open at once while they are staged: enough to sync together, few enough for any limit."""


class FileOp(Struct, frozen=True):
    """One file to write or delete.

    Attributes:
        path: from the root, ``/``-separated. A link there that stays inside the workspace stays a link; the
            file that it leads to gets the content.
        before: ``sha256:...`` of the bytes that must be there now; ``None``: nothing may be there.
        content: the new bytes; ``None``: delete.
    """

    path: str
    before: str | None
    content: bytes | None


class Receipt(Struct, frozen=True):
    """What was done: files with new content, new files, files that are gone (as the plan calls them)."""

    written: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


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
    with _Signals() as signals, _failures("nothing was written"), Anchor(lock.root) as anchor:
        warnings = _refuse_interrupted(anchor, may_write)
        targets = _look(anchor, ops, may_write)
        work = [one for one in targets if one.before != one.after]
        if not work:
            check_inputs(lock.root, inputs)
            return Receipt(warnings=warnings)
        bench = _prepare(anchor, work, remove_empty, signals)
        try:
            ours = frozenset(bench.record.made)
            return _run(bench, work, signals, lambda: check_inputs(lock.root, inputs, ours), verify, warnings)
        finally:
            bench.close()


class _Target(Struct, frozen=True):
    """An op with what was found at its place."""

    op: FileOp
    real: str
    state: FileState | None
    after: str | None

    @property
    def before(self) -> str | None:
        return self.op.before


# Before the commit point


def _look(anchor: Anchor, ops: Sequence[FileOp], may_write: Callable[[str], bool] | None) -> list[_Target]:
    """Find every file and compare it with what the plan expects. Reads, and makes the old content durable."""
    targets: list[_Target] = []
    taken: dict[str, str] = {}
    stale: list[str] = []
    names = Names(DiskTree(anchor.root))
    # Where a system may take two names for one file, the one that goes makes room first.
    made = {spelling(one.path) for one in ops if one.content is not None}
    ops = sorted(ops, key=lambda one: one.content is not None or spelling(one.path) not in made)
    for op in ops:
        real = _real_path(anchor, op, may_write)
        if real in taken:
            raise WriteFailure(f"nothing was written: {op.path!r} and {taken[real]!r} are the same file")
        taken[real] = op.path
        try:
            state = anchor.state(real)
        except NotAFile as error:
            raise WriteFailure(f"nothing was written: {op.path!r} cannot be written: {error}") from error
        if (state.digest if state else None) != op.before:
            stale.append(op.path)
            continue
        if op.before is None and op.content is not None:
            fault = names.fault(op.path) or names.fault(real)
            if fault is not None:
                raise WriteFailure(f"nothing was written: {short(op.path)} cannot be made: {fault}")
            names.take(real)
        elif op.content is None:
            names.leave(real)
        targets.append(_Target(op, real, state, None if op.content is None else digest_bytes(op.content)))
    if stale:
        raise _stale(tuple(stale))
    return targets


def _real_path(anchor: Anchor, op: FileOp, may_write: Callable[[str], bool] | None) -> str:
    reason = why_unsafe(op.path)
    if reason is None and may_write is not None and not may_write(op.path):
        reason = "it is not a path that an apply writes"
    if reason is not None:
        raise WriteFailure(f"nothing was written: {op.path!r} is refused: {reason}")
    try:
        real = anchor.resolve(op.path)
    except UnsafePath as error:
        raise WriteFailure(f"nothing was written: {op.path!r} is refused: {error}") from error
    if leads_astray(op.path, real):
        raise WriteFailure(
            f"nothing was written: {op.path!r} is refused: a symbolic link leads to {real!r}, "
            "which belongs to registry itself or to git"
        )
    if real != op.path and op.content is None:
        raise WriteFailure(
            f"nothing was written: {op.path!r} is to be deleted and is reached through a symbolic link to "
            f"{real!r}; remove the link by hand and plan again"
        )
    return real


def _refuse_interrupted(anchor: Anchor, may_write: Callable[[str], bool] | None) -> tuple[str, ...]:
    """Make sure that no transaction is open, and clear away those that never began. The warnings."""
    found, warnings = journal.scan(anchor, may_write)
    for one in found:
        if one.record is not None:
            raise InterruptedApply(
                "an earlier apply was interrupted; nothing was written. Run 'registry recover' first",
                next=(RECOVER,),
            )
        remove_folders(anchor, one.made)
        discard(anchor, one.name)
    return warnings


def _prepare(
    anchor: Anchor, work: Sequence[_Target], remove_empty: Sequence[str], signals: _Signals
) -> Bench:
    """Write the journal: staged contents and the record. Nothing outside of it is touched."""
    record = _record(anchor, work, remove_empty)
    make_apply_folder(anchor)
    name = journal.new_folder_name()
    with anchor.held(APPLY) as above:
        device = os.fstat(above).st_dev
        _refuse_early(anchor, work, device)
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


def _record(anchor: Anchor, work: Sequence[_Target], remove_empty: Sequence[str]) -> Record:
    steps = tuple(Step(index, one.op.path, one.real, one.before, one.after) for index, one in enumerate(work))
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
    return Record(steps, made, tuple(gone), tuple(owners))


def _refuse_early(anchor: Anchor, work: Sequence[_Target], device: int) -> None:
    """Find what would fail after the commit point while failing is still free."""
    for one in work:
        folder = _folder_there(anchor, one)
        fd = anchor.folder(folder)
        if os.fstat(fd).st_dev != device or (one.state is not None and one.state.device != device):
            raise WriteFailure(
                f"nothing was written: {one.op.path!r} is on another file system than {APPLY!r}, "
                "and renames between them are not atomic"
            )
        shown = folder or "the workspace's root"
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=fd):
            raise WriteFailure(
                f"nothing was written: no permission to write in {shown!r}; change its mode or owner"
            )
        name = one.real.rpartition("/")[2]
        if one.state is not None and not os.access(name, os.W_OK, dir_fd=fd):
            raise WriteFailure(f"nothing was written: {one.op.path!r} is read-only; change its mode or owner")


def _folder_there(anchor: Anchor, one: _Target) -> str:
    """The folder of a file, or the nearest one above that is there already."""
    folder = one.real.rpartition("/")[0]
    while folder and not anchor.is_folder(folder):
        folder = folder.rpartition("/")[0]
    return folder


def _stage(bench: Bench, work: Sequence[_Target], signals: _Signals) -> None:
    for start in range(0, len(work), _BATCH):
        signals.check()
        with contextlib.ExitStack() as stack:
            fds: list[int] = []
            for index, one in enumerate(work[start : start + _BATCH], start):
                source = None
                if one.state is not None:
                    source = stack.enter_context(bench.anchor.opened(one.real))
                    # Going back after a power cut needs the old bytes: an editor may not have synced them.
                    fds.append(source)
                if one.op.content is not None:
                    fds.append(_staged(bench, one, f"{index}.new", one.op.content, source))
                    stack.callback(os.close, fds[-1])
            files.sync_all(fds)
    record = stage(Direction.UNDECIDED.value, bench.folder, journal.encode(bench.record), None)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, record)
        above = [stack.enter_context(bench.anchor.held(path)) for path in (APPLY, APPLY.rpartition("/")[0])]
        files.sync_all([record, bench.folder, *above])


def _staged(bench: Bench, one: _Target, name: str, content: bytes, source: int | None) -> int:
    folder = _folder_there(bench.anchor, one)
    above = os.fstat(bench.anchor.folder(folder))
    try:
        return stage(name, bench.folder, content, one.state, source, above)
    except OwnerRefused as error:
        if one.state is None:
            advice = (
                "join that group, or stop the folder from giving its group: "
                f"chmod g-s {shlex.quote(folder or '.')}"
            )
        else:
            advice = "run as its owner, or make it yours and of a group that you are in (chown, chgrp)"
        raise WriteFailure(
            f"nothing was written: {one.op.path!r} cannot be written: {error.strerror}; {advice}"
        ) from error


def check_inputs(root: Path, inputs: Mapping[str, str | None], ours: Container[str] = ()) -> None:
    """Raise StalePlan unless every input is what the plan was computed from.

    Args:
        ours: folders that were missing then, and were made since by whoever asks.
    """
    tree = DiskTree(root)
    stale = tuple(path for path, expected in inputs.items() if not _same_input(tree, path, expected, ours))
    if stale:
        raise _stale(stale)


def _same_input(tree: DiskTree, path: str, expected: str | None, ours: Container[str]) -> bool:
    if path.endswith("#executable"):
        return tree.executable(path.removesuffix("#executable")) == (expected is not None)
    if path.endswith("#writable"):
        return not tree.room(path.removesuffix("#writable")).writable
    if expected in ("unreadable", "hidden"):
        return _fault_of(tree, path) == expected
    if expected is None or not expected.startswith("sha256:"):
        return tree.kind(path) == ("dir" if path in ours and expected is None else expected or "absent")
    try:
        data = tree.read(path)
    except Unreadable:
        return False
    return data is not None and digest_bytes(data) == expected


def _fault_of(tree: DiskTree, path: str) -> str | None:
    """How an input says that something is no file that can be read; ``None`` where it is one."""
    try:
        tree.read(path)
    except Hidden:
        return "hidden"
    except Unreadable:
        return "unreadable"
    return None


def _stale(paths: tuple[str, ...]) -> StalePlan:
    shown = ", ".join(repr(path) for path in paths[:5]) + (" and others" if len(paths) > 5 else "")
    return StalePlan(
        f"nothing was written: {shown} changed after the plan was made; plan again",
        entries=paths,
        next=(("registry", "plan"),),
    )


# The commit point and after


def _run(
    bench: Bench,
    work: Sequence[_Target],
    signals: _Signals,
    check_inputs: Callable[[], None],
    verify: Callable[[], None] | None,
    warnings: tuple[str, ...],
) -> Receipt:
    try:
        bench.make_folders()
        check_inputs()
        signals.check()
        Written.some = True
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
    return _stale((error.path,)) if isinstance(error, Conflict) else error


def _install(bench: Bench, signals: _Signals, verify: Callable[[], None] | None) -> None:
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
        raise Conflict(bench.record.steps[int(strangers[0].partition(".")[0])].path)
    if bench.edited:
        raise Conflict(bench.edited[0])


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
    except (OSError, Conflict) as second:
        return InterruptedApply(
            f"{stopped}, and taking it back stopped too ({reason_of(second)}); "
            "the files may be half new: run 'registry recover'",
            next=(RECOVER,),
        )
    with contextlib.suppress(OSError):
        discard(bench.anchor, bench.name)
    note = "".join(f"; bytes that would have been lost are in {path!r}" for path in kept)
    left = "".join(f"; {path!r} was edited by hand and is left as it is" for path in bench.conflicts)
    if isinstance(error, Conflict):
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
    if isinstance(error, Conflict):
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


def _receipt(work: Sequence[_Target], warnings: tuple[str, ...]) -> Receipt:
    return Receipt(
        written=tuple(one.op.path for one in work if one.before is not None and one.after is not None),
        created=tuple(one.op.path for one in work if one.before is None),
        deleted=tuple(one.op.path for one in work if one.after is None),
        warnings=warnings,
    )


# Failures and signals

_ADVICE = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space and try again",
    errno.EACCES: "change its mode or owner, or run as its owner",
    errno.EPERM: "change its mode or owner, or run as its owner",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "the file system takes no name or path that long: choose a shorter one",
    errno.EXDEV: "a part of the workspace lies on another file system or quota: something is mounted in it",
    errno.EBUSY: "something is mounted there or holds it: unmount it and try again",
    errno.ESTALE: "the file system is remote, or was mounted anew: see docs/durability.md",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "the system has too many files open",
    errno.EIO: "the disk or its connection is failing: look at the system's log before you try again",
}


def reason_of(error: BaseException) -> str:
    """What happened, where, and what helps, in one line."""
    if isinstance(error, Conflict):
        return f"{error.path!r} was changed by hand"
    if not isinstance(error, OSError):
        return str(error)
    where = f" at {os.fsdecode(error.filename)!r}" if isinstance(error.filename, str | bytes) else ""
    advice = _ADVICE.get(error.errno or 0)
    return f"{error.strerror or error}{where}" + (f"; {advice}" if advice else "")


@contextlib.contextmanager
def _failures(state: str) -> Iterator[None]:
    """Turn what the system says into a failure with a text; ``state`` says how the workspace is."""
    try:
        yield
    except NotAFile as error:
        raise WriteFailure(f"{state}: {error}") from error
    except OSError as error:
        raise WriteFailure(f"{state}: {reason_of(error)}") from error


class _Signals:
    """SIGINT and SIGTERM while writing: the first is a request, the second kills as if nobody had listened.

    ``phase`` says what the first one does: ``late`` only notes it for :meth:`check`, ``now`` raises at once
    (while the caller's verification runs, which may take long and can always be taken back).
    """

    def __init__(self) -> None:
        self.phase = "late"
        self._seen: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._seen is not None:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._seen = number
        if self.phase == "now":
            self.check()

    def check(self) -> None:
        """Raise WriteFailure when a signal came."""
        if self._seen is not None:
            raise Stopped(
                f"interrupted by {signal.Signals(self._seen).name}; the files are as they were before",
                number=self._seen,
            )

    def missed(self) -> tuple[str, ...]:
        """A warning for a signal that came when nothing could be stopped any more."""
        if self._seen is None:
            return ()
        return (f"{signal.Signals(self._seen).name} came too late: the apply was done already",)
