"""Where a function runs and how its time limit is held.

Without a limit: here, in the caller's thread and context. With one: here as well where that can be, by the alarm
of the main thread, which also ends what sleeps or waits; in another thread of the program in a thread of its own
with a copy of the context, which is ended as soon as it is back in Python code. Where a limit must hold whatever
the function does, it runs in a process of its own: that is killed, with all that it started.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import pickle
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Literal, NoReturn

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.execution.handlers import HandlerError, HandlerTimeout

_AGAIN = 0.5
"""Seconds after which a function is told again that its time is over, where it went on."""

_SIZE = 8
"""Bytes in front of an answer that say how long it is."""


class _Late(BaseException):
    """Ends a function that took too long, wherever it is in Python code."""


def within(work: Callable[[], Any], seconds: float | None, name: str, *, process: bool = False) -> Any:
    """What a piece of work returns.

    Raises:
        HandlerTimeout: it did not return in time.
        HandlerError: it ended the program, or cannot run where it should.
        Exception: whatever it raises.
    """
    if process:
        return _in_a_process(work, seconds, name)
    if seconds is None:
        try:
            return work()
        except (SystemExit, GeneratorExit) as error:
            raise ended(error) from error
    return _by_alarm(work, seconds, name) if _has_alarm() else elsewhere(work, seconds, name)


def ended(error: BaseException) -> HandlerError:
    """What is said of a function that would have ended the program; ``sys.exit`` may give a reason."""
    reason = visible(str(error)[:500])
    return HandlerError(
        f"the function ended the program: {type(error).__name__}{f': {reason}' if reason else ''}"
    )


def _too_late(name: str, seconds: float | None, what: str = "return") -> HandlerTimeout:
    return HandlerTimeout(f"{name} did not {what} within {seconds:g} s")


class LoopLimit:
    """``async with``: what runs in a loop may take until then, and is cancelled again while it goes on.

    Code that blocks the loop cannot be ended; what comes after its time is not taken.

    Raises:
        HandlerTimeout: at the end, when it was over.
    """

    def __init__(
        self, seconds: float | None, name: str, *, stated: float | None = None, what: str = "return"
    ) -> None:
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._end = None if seconds is None else self._loop.time() + seconds
        self._late = name, stated or seconds, what
        self._times = 0

    async def __aenter__(self) -> None:
        import asyncio

        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._before = task.cancelling()
        self._bell = None if self._end is None else self._loop.call_at(self._end, self._ring)

    def _ring(self) -> None:
        self._times += 1
        self._task.cancel()
        self._bell = self._loop.call_later(_AGAIN, self._ring)

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import asyncio

        if self._end is None or self._bell is None:
            return
        self._bell.cancel()
        for _ in range(self._times):
            self._task.uncancel()
        if isinstance(error, asyncio.CancelledError) and (
            not self._times or self._task.cancelling() > self._before
        ):
            return  # its caller is cancelled as well
        if isinstance(error, KeyboardInterrupt):
            return
        if self._times or self._loop.time() >= self._end:
            raise _too_late(*self._late) from error


def _has_alarm() -> bool:
    """Whether the alarm is there, and nobody uses it."""
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )


def _by_alarm(work: Callable[[], Any], seconds: float, name: str) -> Any:
    late, runs, rung = _Late(), [True], [False]

    def ring(_number: int, _frame: object) -> None:
        if runs:
            rung[0] = True
            raise late

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
        value = work()
    except _Late as error:
        if error is not late:
            raise
        raise _too_late(name, seconds) from None
    except (SystemExit, GeneratorExit) as error:
        raise (_too_late(name, seconds) if rung[0] else ended(error)) from error
    except Exception as error:
        if rung[0]:
            raise _too_late(name, seconds) from error
        raise
    finally:
        runs.clear()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if rung[0]:  # it caught what was to end it, and went on
        raise _too_late(name, seconds)
    return value


def elsewhere(work: Callable[[], Any], seconds: float | None, name: str) -> Any:
    """Run it in a thread with a copy of the context. Raises as :func:`within`."""
    answer: list[tuple[Literal["value", "error"], Any]] = []

    def run() -> None:
        try:
            answer.append(("value", work()))
        except BaseException as error:
            answer.append(("error", error))

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(run,), daemon=True, name="registry-handler"
    )
    thread.start()
    try:
        thread.join(seconds)
    except BaseException:
        _stop(thread)
        raise
    late = not answer
    if late and thread.is_alive():
        _stop(thread)
    if late or isinstance(answer[0][1], _Late):  # whatever it answers after it was told to end
        raise _too_late(name, seconds)
    kind, result = answer[0]
    if kind == "error":
        if not isinstance(result, (Exception, KeyboardInterrupt)):
            raise ended(result) from result
        raise result
    return result


def _stop(thread: threading.Thread) -> None:
    """Raise in a thread. What waits in C ends as soon as it is back in Python."""
    import ctypes

    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Late))
        thread.join(0.05)


def _in_a_process(work: Callable[[], Any], seconds: float | None, name: str) -> Any:
    if not hasattr(os, "fork"):
        raise HandlerError(f"{name} asks for a process of its own, and there is no fork here")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # nothing of the program's is to be written twice
            stream.flush()
    answer, own_end = os.pipe()
    pid = _forked()
    if pid == 0:
        os.close(answer)
        _child(work, own_end)
    os.close(own_end)
    try:
        data = _read_answer(answer, None if seconds is None else time.monotonic() + seconds)
    finally:
        # Also after a normal end: what it started ends with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
        os.close(answer)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    if data is None:
        raise _too_late(name, seconds)
    if not data:
        raise HandlerError(f"{name} ended its process")
    kind, value = pickle.loads(data)
    if kind == "value":
        return value
    raise value if kind == "error" else HandlerError(value)


def _forked() -> int:
    import warnings

    with warnings.catch_warnings():
        # Python warns of threads that are not in the child: nothing there waits for one of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _child(work: Callable[[], Any], end: int) -> NoReturn:
    """What the process does: the work, and one answer."""
    try:
        os.setsid()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        try:
            answer: tuple[str, Any] = ("value", work())
        except (SystemExit, GeneratorExit) as error:
            answer = ("words", str(ended(error)))
        except BaseException as error:
            import traceback

            error.add_note("In its own process:\n" + "".join(traceback.format_exception(error)))
            answer = ("error", error)
        data = _sendable(answer)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        with open(end, "wb") as pipe:
            pipe.write(len(data).to_bytes(_SIZE, "big") + data)
    finally:
        os._exit(0)


def _sendable(answer: tuple[str, Any]) -> bytes:
    kind, value = answer
    try:
        data = pickle.dumps(answer)
        if kind == "error":
            pickle.loads(data)  # an exception may be written down and not be made again
        return data
    except Exception as fault:
        if kind == "error":
            return pickle.dumps(("words", f"{type(value).__name__}: {value}"))
        return pickle.dumps(("words", f"what it returned cannot leave its process: {fault}"))


def _read_answer(pipe: int, end: float | None) -> bytes | None:
    """The answer, empty where the process ended without one, ``None`` where the time is over."""
    data = bytearray()
    while len(data) < _SIZE or len(data) < _SIZE + int.from_bytes(data[:_SIZE], "big"):
        left = None if end is None else max(0.0, end - time.monotonic())
        if not select.select([pipe], [], [], left)[0]:
            return None
        chunk = os.read(pipe, 1 << 16)
        if not chunk:
            return b""
        data += chunk
    return bytes(data[_SIZE:])
