"""What Ctrl-C does while the program runs a command: it says so, also in JSON, and leaves at once.

Only ``registry run`` and what works on a fleet unwind, for what they started has to be ended too: the interruption
is raised, and raised again where Python would only print it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

from registry_reconciler.base.interrupts import (
    INTERRUPTED,
    Hold,
    leave,
    message,
    new_line,
    on_interrupt,
    say_plainly,
    too_late,
)
from registry_reconciler.cli.seen import seen


def begin(command: str, words: Sequence[str]) -> None:
    """From here on a command runs, in a process of its own."""
    seen.answered = False
    if command == "run" or command.startswith("fleet"):
        on_interrupt(_raise_once)
        sys.unraisablehook = _raise_again
        _end_with_its_script()
        return

    def stop(_number: int, frame: FrameType | None) -> None:
        on_interrupt(leave)
        if _runs(frame, "_write_whole"):
            # A report or a cache is being written: what was begun of it is taken away on the way out.
            seen.interrupted = True
            raise KeyboardInterrupt
        try:
            _say(command, words, frame)
        finally:
            os._exit(INTERRUPTED)

    on_interrupt(stop)


def end() -> None:
    """The command is through; only the process has to end."""
    for stream in (sys.stdout, sys.stderr):
        # A reader that does not read keeps us waiting here, where Ctrl-C still counts.
        try:
            stream.flush()
        except OSError:
            # The interpreter would try once more, and end with a code and words of its own.
            from registry_reconciler.cli.output import abandon_stdout

            abandon_stdout()
        except (ValueError, AttributeError):
            pass
    too_late()


def _raise_once(*_: object) -> None:
    # What unwinds ends a script, which takes no time and must not be cut short.
    if not seen.interrupted:
        seen.interrupted = True
        _raise(KeyboardInterrupt())


def _raise(what: BaseException) -> None:
    if Hold.held:
        Hold.waiting = what
    else:
        raise what


def _raise_again(unraisable: Any) -> None:
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        import _thread

        # From another thread, so that it comes when this call is over.
        _thread.start_new_thread(_again, ())
    else:
        sys.__unraisablehook__(unraisable)


def _again() -> None:
    import _thread
    import time

    time.sleep(0.02)
    seen.interrupted = False
    _thread.interrupt_main()


def _end_with_its_script() -> None:
    """A polite request to end unwinds like Ctrl-C, so that the script does not outlive us."""
    import signal

    def end(number: int, _frame: FrameType | None) -> None:
        _raise(SystemExit(128 + number))

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)


def _say(command: str, words: Sequence[str], frame: FrameType | None) -> None:
    """Say it as every failure is said; in the middle of an import or of a report, only in a line."""
    answer = not seen.answered
    if answer and not _imports(frame):
        try:
            from registry_reconciler.cli.failures import Interrupted, answer_failure

            new_line()
            answer_failure(command, words, Interrupted(message(command)))
            return
        except BaseException:
            # The buffers of the streams may be in the middle of a write.
            answer = not seen.answered
    say_plainly(command, words, answer=answer)


def _runs(frame: FrameType | None, name: str) -> bool:
    while frame is not None:
        if frame.f_code.co_name == name:
            return True
        frame = frame.f_back
    return False


def _imports(frame: FrameType | None) -> bool:
    return _runs(frame, "_find_and_load") or _runs(frame, "_handle_fromlist")
