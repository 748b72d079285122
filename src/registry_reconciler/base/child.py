"""Work that somebody else wrote the instructions for, in a process of its own that can be ended.

Expressions and templates of a workspace come with its pull requests. They are run where they can take no more time
and memory than they were given, and where their end is not the end of the command. The child is a plain Python without
the environment and without the working directory on its path; both sides talk in frames of JSON over two pipes.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from msgspec import Struct

from registry_reconciler.base.serving import MEMORY_CODE, read_frame, write_frame

_PATIENCE = 5
"""Seconds that a child may take to end after it closed its pipe."""


class ChildLimits(Struct, frozen=True):
    """What a child may take: seconds by the clock until it answers, and bytes of address space."""

    seconds: float
    memory: int


class ChildEnded(Exception):
    """The child did not answer; the text says why: over its time, over its memory, or broken.

    Attributes:
        late: it was ended because its time was over.
        code: its exit code otherwise.
    """

    def __init__(self, why: str, *, late: bool = False, code: int | None = None) -> None:
        super().__init__(why)
        self.late = late
        self.code = code


class _Clock:
    """Calls somebody when so many seconds were spent; those while it is stopped do not count."""

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self._seconds = seconds
        self._call = call
        self._began = time.monotonic()
        self._stopped_at: float | None = None
        self._done = False
        self.late = False
        self._timer = self._started(seconds)

    def _started(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._look)
        timer.daemon = True
        timer.start()
        return timer

    @property
    def spent(self) -> float:
        now = self._stopped_at
        return (time.monotonic() if now is None else now) - self._began

    def _look(self) -> None:
        if self._done:
            return
        left = self._seconds - self.spent
        if left > 0 or self._stopped_at is not None:
            self._timer = self._started(max(left, 0.05))
            return
        self.late = True
        self._call()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        self._stopped_at = time.monotonic()
        try:
            yield
        finally:
            self._began += time.monotonic() - self._stopped_at
            self._stopped_at = None

    def stop(self) -> None:
        self._done, self._stopped_at = True, time.monotonic()
        self._timer.cancel()


class Child:
    """A process that runs ``main`` of a module of this package, which calls ``serve`` of :mod:`.serving`.

    Args:
        environment: what of the environment it has; nothing where it is not said.
        folders: where packages are that it needs beside the standard library; where it is said, Python looks for no
            others, which takes a fifth of its start.
    """

    def __init__(
        self,
        module: str,
        limits: ChildLimits,
        environment: Mapping[str, str] | None = None,
        folders: Sequence[str] | None = None,
    ) -> None:
        self._module = module
        self._limits = limits
        self._folders = folders
        # Windows finds its own libraries by this one; nothing else is anybody's business there.
        self._environment = environment or {
            name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._clock: _Clock | None = None

    def start(self) -> Child:
        """Start it."""
        folders = [str(Path(__file__).resolve().parents[2]), *(self._folders or ())]
        start = (
            f"import gc, sys; gc.disable(); sys.path += {folders!r}; from importlib import import_module; "
            f"main = import_module({self._module!r}).main; gc.enable(); main({self._limits.memory})"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-I", *(["-S"] if self._folders is not None else []), "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            cwd=os.path.abspath(os.sep),
            start_new_session=True,  # Ctrl-C is for the command, which then ends the child
        )
        return self

    def __enter__(self) -> Child:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End it. One that is forgotten ends by itself when its pipe is closed."""
        process = self._process
        assert process is not None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()

    def ask(self, question: Any, answer: Callable[[Any], Any] | None = None, seconds: float = 0) -> Any:
        """Send a question and wait for the answer.

        Args:
            answer: gives what the child asks back on the way.
            seconds: for this question, if not those of the limits.

        Raises:
            ChildEnded: there is none.
        """
        process = self._process
        assert process is not None
        self._clock = _Clock(seconds or self._limits.seconds, process.kill)
        try:
            return self._talk(process, question, answer)
        except (OSError, EOFError, ValueError, RecursionError) as fault:
            raise self._ended(process, late=self._clock.late) from fault
        finally:
            self._clock.stop()

    @property
    def spent(self) -> float:
        """Seconds that the last question took."""
        return self._clock.spent if self._clock is not None else 0.0

    def unhurried(self) -> AbstractContextManager[None]:
        """While this is entered, the child waits for somebody who does something else: its time stands still."""
        assert self._clock is not None
        return self._clock.stopped()

    @staticmethod
    def _talk(process: subprocess.Popen[bytes], question: Any, answer: Callable[[Any], Any] | None) -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        write_frame(process.stdin, _encoded(question))
        while True:
            frame = _decoded(read_frame(process.stdout))
            if not isinstance(frame, dict) or "ask" not in frame:
                return frame
            write_frame(process.stdin, _encoded(answer(frame["ask"]) if answer is not None else None))

    @staticmethod
    def _ended(process: subprocess.Popen[bytes], *, late: bool) -> ChildEnded:
        if late:
            return ChildEnded("it took too long", late=True)
        try:
            code = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # it broke off its answer, and is still there
            process.kill()
            process.wait()
            return ChildEnded("its answer cannot be understood")
        if code in (MEMORY_CODE, -9, -11, -6):
            return ChildEnded("it took too much memory", code=code)
        return ChildEnded(f"it ended with exit code {code}", code=code)


def _encoded(frame: Any) -> bytes:
    try:
        return msgspec.json.encode(frame)
    except (TypeError, ValueError):  # a number that is written unusually, half of a character
        return json.dumps(frame).encode("ascii")


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.MsgspecError:  # it is stricter than JSON as Python writes it
        return json.loads(data)
