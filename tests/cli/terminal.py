"""The installed command in a terminal of a certain size, through a pseudo terminal of the system."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\]8;;[^\x1b]*\x1b\\")
_PATIENCE = 60.0
_LEFT_OUT = frozenset({"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "LESS"})


class Screen(NamedTuple):
    """What a command left: its exit code, all that it wrote, and what of it can be read."""

    exit: int
    raw: str

    @property
    def text(self) -> str:
        """Without escapes, and without what was wiped: the line of progress."""
        lines = [line.rsplit("\r", 1)[-1] for line in self.raw.split("\n")]
        return ESCAPES.sub("", "\n".join(lines))


def terminal(
    folder: Path,
    words: Sequence[str],
    *,
    answer: str = "",
    env: dict[str, str] | None = None,
    columns: int = 80,
    rows: int = 24,
    interrupt: bytes = b"",
) -> Screen:
    """Run ``registry`` in a terminal.

    Args:
        answer: typed when the question comes.
        interrupt: when this was shown, Ctrl-C is typed.
    """
    import fcntl
    import pty
    import struct
    import termios

    pid, master = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.chdir(folder)
        kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        # Not execv: readline, where a test runner has it, writes COLUMNS into the environment behind our back.
        os.execve(
            Path(sys.executable).parent / "registry",
            ["registry", *words],
            {**kept, "TERM": "xterm", "PAGER": "cat", **(env or {})},
        )
    seen, typed, since = b"", False, time.monotonic()
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
        if time.monotonic() - since > _PATIENCE:
            os.kill(pid, signal.SIGKILL)
        if not typed and answer and b"[y/N]" in seen:
            typed = True
            os.write(master, answer.encode())
        if not typed and interrupt and interrupt in seen:
            typed = True
            os.write(master, b"\x03")
    _, status = os.waitpid(pid, 0)
    os.close(master)
    return Screen(os.waitstatus_to_exitcode(status), seen.decode().replace("\r\n", "\n"))
