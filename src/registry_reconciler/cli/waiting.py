"""What is said while somebody waits: one line on standard error that is overwritten, on a terminal only.

It comes after half a second and goes when the answer comes. Steps that count say how far they are, and how long the
rest takes if it goes on like that.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size

from registry_reconciler.base.progress import listening
from registry_reconciler.cli.output import stderr_is_terminal

PATIENCE = 0.5
"""Seconds after which a command is long enough for its steps to be named."""

_EVERY = 0.2
_SURE = 1.0
"""Seconds that a step has to have counted before what is left is guessed."""


class NoLine:
    """Nobody looks, so nothing is said."""

    def clear(self) -> None:
        """Make room for something else on the screen."""

    def end(self) -> None:
        """The last step is done."""


@contextmanager
def waiting() -> Iterator[NoLine]:
    """Name the steps of what takes long; nothing where nobody looks."""
    if not stderr_is_terminal() or os.environ.get("TERM") == "dumb":
        yield NoLine()
        return
    line = Line()
    with listening(line):
        try:
            yield line
        finally:
            line.end()


class Line(NoLine):
    """The step that is being waited for, and a thread that shows it."""

    def __init__(self) -> None:
        self._name = ""
        self._began = time.monotonic()
        self._done = self._total = 0
        self._over = threading.Event()
        self._shown = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._thread.start()

    def begin(self, name: str) -> None:
        """A step begins, and with it the one before ends."""
        self._name, self._total = name, 0

    def count(self, total: int) -> None:
        """The step has so many parts."""
        self._done, self._began, self._total = 0, time.monotonic(), total

    def advance(self) -> None:
        """One more part is done."""
        self._done += 1

    def clear(self) -> None:
        """Make room for something else on the screen; the next step is shown below it."""
        with self._lock:
            self._name, self._total = "", 0
            if self._shown:
                self._shown = False
                _write("\r\x1b[K")

    def end(self) -> None:
        """The last step is done: wipe the line."""
        self._over.set()
        self._thread.join()
        self.clear()

    def _show(self) -> None:
        if self._over.wait(PATIENCE):
            return
        while True:
            with self._lock:
                if self._name:
                    self._shown = True
                    _write(f"\r\x1b[K{self.text()[: get_terminal_size((80, 24)).columns - 1]}")
            if self._over.wait(_EVERY):
                return

    def text(self) -> str:
        """``checking: 12,000 of 100,000, 8 s left``."""
        done, total = self._done, self._total
        if not total:
            return f"{self._name} ..."
        text = f"{self._name}: {min(done, total):,} of {total:,}"
        taken = time.monotonic() - self._began
        if taken < _SURE or not done:
            return text
        return f"{text}, {left(taken / done * max(total - done, 0))} left"


def left(seconds: float) -> str:
    """How long, as people say it: ``8 s``, ``2 min``."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / 60)} min"


def _write(text: str) -> None:
    import sys

    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return
