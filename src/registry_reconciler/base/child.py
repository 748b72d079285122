"""Work that somebody else wrote the instructions for, in a process of its own that can be ended.

Expressions and templates of a workspace come with its pull requests. They are run where they can take no more time
and memory than they were given, and where their end is not the end of the command. The child is a plain Python without
the environment and without the working directory on its path; both sides talk in frames of JSON over two pipes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from msgspec import Struct

_HEAD = struct.Struct(">I")
_MOST = 512 * 1024 * 1024
"""Bytes of one frame; a longer one is an answer out of bounds."""


class Limits(Struct, frozen=True):
    """What a child may take: seconds by the clock until it answers, and bytes of address space."""

    seconds: float
    memory: int


class ChildEnded(Exception):
    """The child did not answer; the text says why: over its time, over its memory, or broken."""


class Child:
    """A process that runs ``main`` of a module of this package, which calls :func:`serve`."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._module = module
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Child:
        """Start it."""
        home = str(Path(__file__).resolve().parents[2])
        start = (
            f"import sys; sys.path.append({home!r}); from importlib import import_module; "
            f"import_module({self._module!r}).main({self._limits.memory})"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
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
        until = time.monotonic() + (seconds or self._limits.seconds)
        self._send(question)
        while True:
            frame = self._receive(until)
            if not isinstance(frame, dict) or "ask" not in frame:
                return frame
            self._send(answer(frame["ask"]) if answer is not None else None)

    def _send(self, frame: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            write_frame(self._process.stdin, frame)
        except (BrokenPipeError, ConnectionResetError) as fault:
            raise ChildEnded(self._why()) from fault

    def _receive(self, until: float) -> Any:
        (size,) = _HEAD.unpack(self._read(_HEAD.size, until))
        if size > _MOST:
            raise ChildEnded("its answer is too long")
        return json.loads(self._read(size, until))

    def _read(self, size: int, until: float) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        pipe, parts = self._process.stdout.fileno(), []
        while size:
            left = until - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise ChildEnded("it took too long")
            part = os.read(pipe, min(size, 1 << 20))
            if not part:
                raise ChildEnded(self._why())
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _why(self) -> str:
        assert self._process is not None
        code = self._process.wait()
        if code in (MEMORY_CODE, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT):
            return "it took too much memory"
        return f"it ended with exit code {code}"


MEMORY_CODE = 86
"""How a child ends that runs out of memory."""


def write_frame(pipe: IO[bytes], frame: Any) -> None:
    """One frame onto a pipe."""
    data = json.dumps(frame, ensure_ascii=True).encode("ascii")
    pipe.write(_HEAD.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> Any:
    """One frame from a pipe; raises :class:`EOFError` where it is closed."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    return json.loads(pipe.read(_HEAD.unpack(head)[0]))


class Parent:
    """The other end, in the child."""

    def __init__(self) -> None:
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer

    def ask(self, question: Any) -> Any:
        """Ask the parent something while it waits for the answer."""
        write_frame(self._out, {"ask": question})
        return read_frame(self._in)

    def serve(self, handle: Callable[[Any], Any]) -> None:
        """Answer questions until the parent has no more."""
        while True:
            try:
                question = read_frame(self._in)
            except EOFError:
                return
            write_frame(self._out, handle(question))


def serve(memory: int, handle: Callable[[Any, Parent], Any]) -> None:
    """What ``main`` of a child's module calls: hold to the memory, and answer questions."""
    limit_memory(memory)
    parent = Parent()
    try:
        parent.serve(lambda question: handle(question, parent))
    except MemoryError:
        os._exit(MEMORY_CODE)


def limit_memory(memory: int) -> None:
    """Let this process have no more address space than this, and write no core; where the system has such limits."""
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue  # e.g. macOS does not take RLIMIT_AS; the time still ends it
