"""A process of its own that starts one script and ends all that came of it. Linux; run by its path.

A child that starts a session of its own, or whose parent has gone, is out of reach of a process group. Here
it is not: this process is the reaper of all that descend from it, however often they fork, so that they stay
its descendants until they end. The script's time is over when it ends itself, and when the other end of
``control`` says so or is gone, also because the program that called has died.

It imports little, as it is started for every script, and nothing of this package.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

_SUBREAPER, _PARENT_DEATH_SIGNAL = 36, 1
_SECONDS_TO_END = 5.0
_LOOK_AGAIN = 0.002


class _Children:
    """The script and whatever descends from it."""

    def __init__(self, script: int) -> None:
        self._script = script
        self.status: int | None = None

    def remain(self) -> bool:
        """Take the word of those that have ended; whether there are others."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._script:
                    self.status = status
        except ChildProcessError:
            return False

    def wait(self, control: int) -> None:
        """Until the script has ended, or nobody waits for it any more."""
        watch = select.poll()
        watch.register(control, select.POLLIN)
        pause = 20
        if hasattr(os, "pidfd_open"):
            try:
                watch.register(os.pidfd_open(self._script), select.POLLIN)
                pause = 1000
            except OSError:
                pass  # an old kernel: then looking often has to do
        while self.remain() and self.status is None:
            if any(fd == control for fd, _ in watch.poll(pause)):
                return

    def end(self) -> int:
        """End everything; how many could not be ended."""
        end = time.monotonic() + _SECONDS_TO_END
        while self.remain():
            # First stopped: what is stopped starts no other in the moment between looking and ending.
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in descendants(os.getpid()):
                    # It may have ended, or have become another user's.
                    with contextlib.suppress(OSError):
                        os.kill(pid, number)
            if time.monotonic() > end:
                return len(descendants(os.getpid())) or 1
            time.sleep(_LOOK_AGAIN)
        return 0


def descendants(top: int) -> list[int]:
    """All processes below one, as far as they can be seen."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if fields[0] != b"Z":  # it has ended, and its children are somebody else's
                children.setdefault(int(fields[1]), []).append(int(name))
    found = []
    waiting = [top]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _task(fd: int) -> tuple[list[bytes], dict[bytes, bytes]]:
    """The arguments and the environment of the script."""
    with open(fd, "rb") as file:
        count, *words = file.read().split(b"\0")
    pairs = (word.partition(b"=") for word in words[: int(count)])
    return words[int(count) :], {name: value for name, _, value in pairs}


def _become(arguments: list[bytes], environment: dict[bytes, bytes], status: int, libc: ctypes.CDLL) -> None:
    """Become the script. What this process is left with when it cannot is the number of the error."""
    number = 0
    try:
        # Should somebody kill the supervisor, the script at least does not outlive it.
        libc.prctl(_PARENT_DEATH_SIGNAL, ctypes.c_ulong(signal.SIGKILL))
        os.setsid()
        # Python ignores these, and a program takes over what is ignored.
        for signal_number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(signal_number, signal.SIG_DFL)
        os.execvpe(arguments[0], arguments, environment)
    except OSError as error:
        number = error.errno or 0
    os.write(status, b"start %d\n" % number)


def main(task: int, status: int, control: int) -> None:
    """Start the script of ``task``, wait, end everything, and say on ``status`` how it went."""
    for fd in (status, control):
        os.set_inheritable(fd, False)
    # Where the caller ignores it, nobody would learn how a child ended, here least of all.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SUBREAPER, ctypes.c_ulong(1)) != 0:
        os.write(status, b"start %d\n" % ctypes.get_errno())
        return
    arguments, environment = _task(task)
    script = os.fork()
    if script == 0:
        try:
            _become(arguments, environment, status, libc)
        finally:
            os._exit(127)
    # The pipes are the script's alone: who reads them is to see them end.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    children = _Children(script)
    children.wait(control)
    left = children.end()
    code = -signal.SIGKILL if children.status is None else os.waitstatus_to_exitcode(children.status)
    os.write(status, b"%d %d\n" % (code, left))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
