"""The other end of :mod:`registry_reconciler.base.child`: what the module of a child imports, so it is light.

A child is started for every run that renders or judges, and is waited for. So this end has the standard library alone,
and of that only what is loaded anyway.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Callable
from typing import IO, Any

HEAD = struct.Struct(">I")
MOST = 512 * 1024 * 1024
"""Bytes of one frame; a longer one is an answer out of bounds."""

MEMORY_CODE = 86
"""How a child ends that runs out of memory."""


def write_frame(pipe: IO[bytes], data: bytes) -> None:
    """One frame onto a pipe."""
    pipe.write(HEAD.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes:
    """One frame from a pipe; raises :class:`EOFError` where it is closed, or more than anybody answers."""
    head = pipe.read(HEAD.size)
    size = HEAD.unpack(head)[0] if len(head) == HEAD.size else MOST + 1
    data = pipe.read(size) if size <= MOST else b""
    if len(data) < size:
        raise EOFError
    return data


class Parent:
    """Who started this process."""

    def __init__(self) -> None:
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer

    def ask(self, question: Any) -> Any:
        """Ask the parent something while it waits for the answer."""
        self._write({"ask": question})
        return json.loads(read_frame(self._in))

    def _write(self, answer: Any) -> None:
        write_frame(self._out, json.dumps(answer).encode("ascii"))

    def serve(self, handle: Callable[[Any], Any]) -> None:
        """Answer questions until the parent has no more."""
        while True:
            try:
                question = json.loads(read_frame(self._in))
            except EOFError:
                return
            self._write(handle(question))


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
