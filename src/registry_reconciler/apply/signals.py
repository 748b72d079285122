"""SIGINT and SIGTERM while files are written."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any

from registry_reconciler.errors import Stopped


class Signals:
    """Listens while it is entered: the first signal is a request, the second kills as if nobody had listened.

    ``phase`` says what the first one does: ``late`` only notes it for :meth:`check`, ``now`` raises at once
    (while the caller's verification runs, which may take long and can always be taken back).
    """

    def __init__(self) -> None:
        self.phase = "late"
        self._seen: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
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
        """Raise :class:`Stopped`, a failure to write, when a signal came."""
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
