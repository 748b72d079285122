"""The workspace lock: one writer or many readers, kept by the operating system.

The lock is a ``flock`` on the folder ``.system/registry`` itself. A folder needs no file to be made, so a
reader works in a read-only checkout; no cleaning command removes it under its holder; and it is free the
moment its holder dies, however it dies. Nothing here ever breaks a lock by looking at a process id.
``owner.json`` says who holds it, for messages only.

A second lock, on ``.system``, is a turnstile: a writer stands in it while it waits for the readers that are
inside, so that a stream of readers cannot keep it out.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from registry_reconciler.apply import files
from registry_reconciler.apply.anchor import APPLY, REGISTRY, Anchor
from registry_reconciler.apply.journal import IGNORE_TEXT
from registry_reconciler.errors import LockHeld, RegistryFailure, WriteFailure

try:
    import fcntl
except ImportError:  # Windows: see docs/durability.md
    fcntl = None  # type: ignore[assignment]

_TURNSTILE = ".system"
_OWNER = "owner.json"
_IGNORE = ".gitignore"
_SHORTEST_WAIT, _LONGEST_WAIT = 0.002, 0.05

_NO_LOCK_HERE = frozenset(
    (
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ELOOP,
        errno.ENOLCK,
        errno.ENOSYS,
        errno.EOPNOTSUPP,
        errno.EACCES,
        errno.EPERM,
    )
)

_mine: set[tuple[int, int, Path]] = set()
"""(process, thread, root) of this process' writers: a reader inside one is let through, a fork is not."""


class Owner(NamedTuple):
    """Who holds the lock, as it said itself; cleaned for display. ``since`` is UTC, ISO 8601."""

    pid: int
    host: str
    since: str
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, running '{self.command}' since {self.since}"


class WorkspaceLock:
    """A held lock; a context manager that gives it back. Made by :meth:`acquire` only."""

    def __init__(self, root: Path, fd: int, *, shared: bool, made: tuple[str, ...] = ()) -> None:
        self.root = root
        self.shared = shared
        self._fd = fd
        self._made = made
        self._key = _key(root)
        if not shared:
            _mine.add(self._key)

    @classmethod
    def acquire(cls, root: Path, *, command: str, timeout: float, shared: bool = False) -> WorkspaceLock:
        """Wait until the lock is free, at most ``timeout`` seconds (0: do not wait).

        Args:
            root: the workspace.
            command: what to tell others who have to wait.
            shared: many may hold it at once, and nobody writes. Nothing is made or written then.

        Raises:
            LockHeld: somebody else held it all the time; the text names the holder.
            WriteFailure: this system or file system has no such lock, or the workspace cannot be opened.
        """
        root = Path(os.path.realpath(root))
        if not files.DURABLE:
            if shared:
                return cls(root, -1, shared=True)
            raise WriteFailure(
                "nothing was written: this system has no folder locks and no folder descriptors, so an apply "
                "could not keep its promise; run it on Linux, macOS or inside WSL"
            )
        made = () if shared else _make_place(root)
        fd = _wait(root, shared=shared, deadline=time.monotonic() + timeout, timeout=timeout)
        lock = cls(root, fd, shared=shared, made=made)
        if not shared:
            lock._say_who(command)
        return lock

    @property
    def held(self) -> bool:
        """Whether it has not been released yet."""
        return self._key in _mine and self._key[0] == os.getpid() if not self.shared else self._fd >= 0

    def release(self) -> None:
        """Give the lock back and remove what was made for it. Does nothing the second time."""
        if not self.shared and self.held:
            _mine.discard(self._key)
            with contextlib.suppress(OSError), Anchor(self.root) as anchor:
                _tidy(anchor, self._made)
        if self._fd >= 0:
            _let_go(self._fd, self._key[0])
            self._fd = -1

    def __enter__(self) -> WorkspaceLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _say_who(self, command: str) -> None:
        import socket
        from datetime import UTC, datetime

        # A message only: whatever stops it (a full disk, say) stops the apply itself later.
        text = json.dumps(
            {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "command": command,
            }
        ).encode()
        with contextlib.suppress(OSError), Anchor(self.root) as anchor:
            make_apply_folder(anchor)
            with anchor.held(APPLY) as folder:
                if _OWNER in os.listdir(folder):
                    files.unlink(_OWNER, folder)
                _write_small(_OWNER, text, folder)


def holds(root: Path) -> bool:
    """Whether this thread is the writer of ``root``."""
    return _key(Path(os.path.realpath(root))) in _mine


def _key(root: Path) -> tuple[int, int, Path]:
    return (os.getpid(), threading.get_ident(), root)


def owner_of(root: Path) -> Owner | None:
    """Who says to hold the lock; ``None`` when nobody does or it cannot be read."""
    try:
        with Anchor(root) as anchor, anchor.held(APPLY) as folder:
            fd = os.open(_OWNER, os.O_RDONLY | files.NOFOLLOW | files.NONBLOCK | files.CLOEXEC, dir_fd=folder)
            with os.fdopen(fd, "rb") as stream:
                found = json.loads(stream.read(4096))
        return Owner(
            int(found["pid"]), _plain(found["host"]), _plain(found["since"]), _plain(found["command"])
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _plain(text: Any) -> str:
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in str(text)[:200])


def make_apply_folder(anchor: Anchor) -> None:
    """Make the folder for journals and keep git out of it. OSError when it cannot."""
    if not anchor.is_folder(APPLY):
        above, _, name = APPLY.rpartition("/")
        with anchor.held(above) as registry:
            try:
                files.make_folder(name, registry)
            except OSError as error:
                # It is not there; what refuses it is the folder that it would stand in.
                raise OSError(error.errno, error.strerror, above) from error
    with anchor.held(APPLY) as folder:
        if _is_ours(folder):
            files.unlink(_IGNORE, folder)  # half written by somebody who was killed
        if _IGNORE not in os.listdir(folder):
            _write_small(_IGNORE, IGNORE_TEXT, folder)


def _tidy(anchor: Anchor, made: tuple[str, ...]) -> None:
    with contextlib.suppress(OSError), anchor.held(APPLY) as folder:
        if _OWNER in os.listdir(folder):
            files.unlink(_OWNER, folder)
        if os.listdir(folder) == [_IGNORE] and _is_ours(folder, whole=True):
            files.unlink(_IGNORE, folder)
    for path in (APPLY, *made):
        above, _, name = path.rpartition("/")
        with contextlib.suppress(OSError), anchor.held(path) as folder:
            if os.listdir(folder):
                return
        with contextlib.suppress(OSError), anchor.held(above) as folder:
            files.remove_folder(name, folder)
        anchor.forget(path)


def _write_small(name: str, data: bytes, folder: int) -> None:
    fd = files.create(name, folder)
    try:
        files.write(fd, data)
    finally:
        os.close(fd)


def _is_ours(folder: int, *, whole: bool = False) -> bool:
    """Whether the ignore file is one of ours that was cut short, or (``whole``) also one that was not."""
    try:
        fd = os.open(_IGNORE, os.O_RDONLY | files.NOFOLLOW | files.NONBLOCK | files.CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(fd, "rb") as stream:
        text = stream.read(len(IGNORE_TEXT) + 1)
    # After a power cut a file that was never synced may be cut short or hold zeros.
    return IGNORE_TEXT.startswith(text.rstrip(b"\0")) and (whole or text != IGNORE_TEXT)


def _make_place(root: Path) -> tuple[str, ...]:
    """Make the folder that is locked where it is missing (``init``); what was made, inner one first."""
    made: tuple[str, ...] = ()
    try:
        with Anchor(root) as anchor:
            for path in (_TURNSTILE, REGISTRY):
                above, _, name = path.rpartition("/")
                if anchor.is_folder(path):
                    continue
                with anchor.held(above) as folder, contextlib.suppress(FileExistsError):
                    files.make_folder(name, folder)
                    made = (path, *made)
                    files.sync(folder)
    except OSError as error:
        raise WriteFailure(
            f"nothing was written: cannot make {REGISTRY!r} in {str(root)!r}: {error}"
        ) from error
    return made


def _wait(root: Path, *, shared: bool, deadline: float, timeout: float) -> int:
    pause = _SHORTEST_WAIT
    with contextlib.ExitStack() as gate:
        inside = False
        while True:
            try:
                if not inside:
                    inside = _try(gate, root, _TURNSTILE, shared=shared) is not None
                if inside:
                    room = _try(gate, root, REGISTRY, shared=shared)
                    if room is not None:
                        return os.dup(room)
            except OSError as error:
                if shared and error.errno in _NO_LOCK_HERE:
                    # Where there is nothing to lock, or no lock to be had, nobody can be writing either.
                    return -1
                if shared:
                    raise RegistryFailure(
                        f"cannot lock {REGISTRY!r} for reading: {error.strerror or error}"
                    ) from error
                raise WriteFailure(
                    f"nothing was written: cannot lock {REGISTRY!r} in {str(root)!r}: "
                    f"{error.strerror or error}"
                ) from error
            if time.monotonic() >= deadline:
                raise _held_by_other(root, timeout)
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(pause * 1.5, _LONGEST_WAIT)


def _try(gate: contextlib.ExitStack, root: Path, path: str, *, shared: bool) -> int | None:
    """A locked descriptor that ``gate`` closes, or ``None`` when somebody else holds it."""
    fd = os.open(root / path, os.O_RDONLY | files.DIRECTORY | files.NOFOLLOW | files.CLOEXEC)
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        # Somebody who made this folder and gave up may have removed it meanwhile: lock what is there.
        now, then = os.stat(root / path), os.fstat(fd)
        if (now.st_dev, now.st_ino) != (then.st_dev, then.st_ino):
            os.close(fd)
            return None
    except OSError as error:
        os.close(fd)
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
            return None
        raise
    if path == _TURNSTILE:
        gate.callback(_let_go, fd, os.getpid())
    else:
        gate.callback(os.close, fd)  # the lock goes on in a copy
    return fd


def _let_go(fd: int, owner: int) -> None:
    # A process that was forked meanwhile has the descriptor as well, and would hold the lock until it ends.
    if os.getpid() == owner:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)
    os.close(fd)


def _held_by_other(root: Path, timeout: float) -> LockHeld:
    owner = owner_of(root)
    who = str(owner) if owner is not None else "another process (perhaps one that only reads)"
    return LockHeld(
        f"the workspace is locked by {who}; waited {timeout:g} s. It is free as soon as that process ends; "
        "try again, or wait longer with --lock-timeout"
    )


@contextlib.contextmanager
def shared_lock(root: Path, timeout: float) -> Iterator[None]:
    """Hold the lock as a reader; a reader inside its own writer is let through. Writes nothing."""
    if holds(root):
        yield
        return
    with WorkspaceLock.acquire(root, command="", timeout=timeout, shared=True):
        yield
