"""Runs what a workspace names: scripts in their own process, Python functions only where the user allowed it.

A script runs without a shell, in the workspace, with JSON on standard input, a time limit for it and all its
children, only the environment variables that were declared, and a limit on what it may say.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.base.interrupts import Hold
from registry_reconciler.runtime.execution.plainjson import Unsound, json_fault, read_json
from registry_reconciler.runtime.registry.items import check_seconds

DEFAULT_TIMEOUT = 60.0
MAX_OUTPUT = 1 << 20

SUPERVISED = sys.platform == "linux" and hasattr(os, "memfd_create")
"""Whether all that a script started can be found and ended; elsewhere it is its process group alone."""

_SUPERVISOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "supervise.py")

_SECONDS_TO_END = 10.0
"""More than the supervisor takes for it; then it is the supervisor that hangs."""

_SECONDS_TO_READ = 5.0
"""What was written is there already; only where something else holds the pipes is this waited for."""

_ALWAYS = ("PATH", "SYSTEMROOT")
"""Variables that a program needs to be found and started at all."""


class HandlerError(Exception):
    """A handler cannot be run, or ran and failed. The text is for the caller."""


class HandlerTimeout(HandlerError):
    """It took longer than its time limit and was stopped."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one run may use.

    Attributes:
        seconds: wall-clock time for the program and its children.
        output: bytes of standard output, and as many of standard error.

    Raises:
        RegistryError: the seconds are no number above 0.
    """

    seconds: float = DEFAULT_TIMEOUT
    output: int = MAX_OUTPUT

    def __post_init__(self) -> None:
        check_seconds(self.seconds)

    def narrowed(self, seconds: object) -> RunLimits:
        """With the time limit that an entry asks for, when that is shorter: an entry may narrow, never
        widen.
        """
        if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 < seconds < self.seconds:
            return RunLimits(float(seconds), self.output)
        return self


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    code: int
    out: bytes
    err: bytes

    def last_words(self) -> str:
        """The last line of standard error, else of standard output, shortened: it may tell why it failed."""
        lines = (self.err.strip() or self.out).decode("utf-8", "replace").strip().splitlines()
        return visible(lines[-1][:500]) if lines else ""


def clean_environment(declared: object, extra: Mapping[str, str]) -> dict[str, str]:
    """The variables of a script: those always needed, the declared ones, and ``extra``.

    Args:
        declared: names to pass on from this process, or names with values.
    """
    given: dict[str, str] = {name: os.environ[name] for name in _ALWAYS if name in os.environ}
    # A relative part of PATH would be looked up in the workspace.
    given["PATH"] = os.pathsep.join(
        part for part in given.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(part)
    )
    given["LANG"] = "C.UTF-8"
    if isinstance(declared, Mapping):
        given.update({str(name): str(value) for name, value in declared.items()})
    elif isinstance(declared, Sequence) and not isinstance(declared, str):
        given.update({str(name): os.environ[str(name)] for name in declared if str(name) in os.environ})
    given.update(extra)
    return given


def command_line(root: Path, command: object) -> list[str]:
    """The program and its arguments. A program with a ``/`` is a file of the workspace.

    Raises:
        HandlerError: it is no command, not there, or outside the workspace.
    """
    parts = [command] if isinstance(command, str) else command
    if not isinstance(parts, list) or not parts or not all(isinstance(part, str) for part in parts):
        raise HandlerError("the command must be a list of strings")
    program = parts[0]
    if "/" not in program and os.sep not in program:
        return list(parts)
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(real_root, program))
    if os.path.isabs(program) or not real.startswith(real_root + os.sep):
        raise HandlerError(f"the command {program!r} lies outside the workspace")
    if not os.path.isfile(real):
        raise HandlerError(f"the command {program!r} does not exist")
    return [real, *parts[1:]]


def run_script(
    root: Path,
    command: object,
    payload: object,
    *,
    environment: Mapping[str, str],
    limits: RunLimits,
    output: Callable[[str, bytes], None] | None = None,
) -> Finished:
    """Run a program to its end. What it has started ends with it, however that ends.

    Args:
        output: gets what it writes at once: the stream's name, and the bytes. From threads of its own.

    Raises:
        HandlerTimeout: it and all that it started were killed at the time limit.
        HandlerError: it could not be started, or said more than it may, or left something that cannot be ended.
    """
    hold = Hold()
    try:
        return _run_script(root, command, payload, environment, limits, hold, output)
    finally:
        hold.end()


def _run_script(
    root: Path,
    command: object,
    payload: object,
    environment: Mapping[str, str],
    limits: RunLimits,
    hold: Hold,
    output: Callable[[str, bytes], None] | None,
) -> Finished:
    argv = command_line(root, command)
    fault = json_fault(payload)
    if fault:
        raise HandlerError(f"the input for {os.path.basename(argv[0])} is not JSON: {fault}")
    data = json.dumps(payload, ensure_ascii=False).encode()
    start = _Supervised if SUPERVISED else _Grouped
    try:
        child = start(argv, root, environment)
    except (OSError, ValueError) as error:
        raise HandlerError(f"{argv[0]!r} cannot be started: {error}") from error
    return _ChildRun(child, limits, output).finish(data, argv[0], hold)


def _popen(
    argv: Sequence[str], root: Path, environment: Mapping[str, str], *fds: int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        cwd=root,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A group of its own, so that the time limit reaches the children too, and Ctrl-C does not.
        start_new_session=True,
        close_fds=True,
        pass_fds=fds,
    )


class _Grouped:
    """A script and its process group. A child that leaves the group is not reached."""

    def __init__(self, argv: Sequence[str], root: Path, environment: Mapping[str, str]) -> None:
        self.process = _popen(argv, root, environment)

    def end(self) -> None:
        """End the group. Any number of times, from any thread."""
        try:
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        except (ProcessLookupError, PermissionError):
            pass

    def close(self) -> str:
        """After :meth:`end`: wait for the script; what could not be ended, or ""."""
        self.process.wait()
        return ""

    def code(self, name: str) -> int:  # noqa: ARG002  # as the other one has it
        """How it ended."""
        return self.process.returncode


class _Supervised:
    """A script below a supervisor (:mod:`registry_reconciler.runtime.execution.supervise`) that ends all it started."""

    def __init__(self, argv: Sequence[str], root: Path, environment: Mapping[str, str]) -> None:
        words = [f"{name}={value}" for name, value in environment.items()]
        task = [str(len(words)), *words, *argv]
        if any("\0" in word for word in task):
            raise ValueError("embedded null byte")
        if any(not name or "=" in name for name in environment):
            raise ValueError("illegal environment variable name")
        self._report = b""
        with contextlib.ExitStack() as stack:
            given = os.memfd_create("task")
            stack.callback(os.close, given)
            with open(given, "wb", closefd=False) as file:
                file.write(b"\0".join(map(os.fsencode, task)))
            os.lseek(given, 0, os.SEEK_SET)
            self._status, status = os.pipe()
            stack.callback(os.close, status)
            control, self._control = os.pipe()
            stack.callback(os.close, control)
            self._lock = threading.Lock()
            self._open = True
            # The script's variables are for the script; what starts Python at all is not theirs to say.
            plain = {name: os.environ[name] for name in (*_ALWAYS, "LD_LIBRARY_PATH") if name in os.environ}
            numbers = (str(fd) for fd in (given, status, control))
            try:
                self.process = _popen(
                    [sys.executable, "-I", "-S", _SUPERVISOR, *numbers], root, plain, given, status, control
                )
            except BaseException:
                os.close(self._status)
                os.close(self._control)
                raise

    def end(self) -> None:
        """Tell the supervisor to end everything. Any number of times, from any thread."""
        with self._lock:
            if self._open:
                self._open = False
                # A word, not only the end of the pipe: a fork of this program may hold it open as well.
                with contextlib.suppress(BrokenPipeError):
                    os.write(self._control, b".")
                os.close(self._control)

    def close(self) -> str:
        """After :meth:`end`: wait for the supervisor; what could not be ended, or ""."""
        try:
            self.process.wait(_SECONDS_TO_END)
            # The first line is the script's own, where it could not be started.
            self._report = os.read(self._status, 100).partition(b"\n")[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            os.close(self._status)
        left = self._report.split()[1:] if not self._report.startswith(b"start") else []
        return "" if left in ([], [b"0"]) else f"{left[0].decode()} of its processes could not be ended"

    def code(self, name: str) -> int:
        """How the script ended.

        Raises:
            HandlerError: it was never started, or took its supervisor along.
        """
        word, _, rest = self._report.partition(b" ")
        if word == b"start":
            raise HandlerError(f"{name!r} cannot be started: {os.strerror(int(rest))}")
        if not word:
            raise HandlerError(f"{os.path.basename(name)} ended its supervisor, so nobody knows how it ended")
        return int(word)


class _ChildRun:
    """One child process: its pipes are served by threads, so that a full pipe never blocks the time limit."""

    def __init__(
        self,
        child: _Grouped | _Supervised,
        limits: RunLimits,
        output: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self._child = child
        self._output = output
        self._limits = limits
        self._too_much = threading.Event()

    def finish(self, data: bytes, program: str, hold: Hold) -> Finished:
        name = os.path.basename(program)
        process = self._child.process
        out, err = bytearray(), bytearray()
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        workers = [
            threading.Thread(target=self._feed, args=(process.stdin, data), daemon=True),
            threading.Thread(target=self._collect, args=(process.stdout, out, "stdout"), daemon=True),
            threading.Thread(target=self._collect, args=(process.stderr, err, "stderr"), daemon=True),
        ]
        left = late = ""
        try:
            for worker in workers:
                worker.start()
            hold.end()
            process.wait(self._limits.seconds)
        except subprocess.TimeoutExpired:
            late = f"{name} was stopped after {self._limits.seconds:g} s"
        finally:
            # Also after a normal end: a child left behind would hold the pipes and outlive its permission.
            self._child.end()
            left = self._child.close()
            end = time.monotonic() + _SECONDS_TO_READ
            for worker in workers:
                if worker.ident is not None:
                    worker.join(max(0.0, end - time.monotonic()))
        if late:
            raise HandlerTimeout(late + (f"; {left}" if left else ""))
        if self._too_much.is_set():
            raise HandlerError(f"{name} was stopped: it wrote more than {self._limits.output} bytes")
        if left:
            raise HandlerError(f"{name} has ended, and {left}")
        if any(worker.is_alive() for worker in workers[1:]):
            # Half an answer may say the opposite of the whole, and none at all is a guard's "go on".
            raise HandlerError(f"{name} has ended, and something that it started holds its output open")
        return Finished(self._child.code(program), bytes(out), bytes(err))

    def _feed(self, pipe: IO[bytes], data: bytes) -> None:
        # A program need not read its input.
        try:
            with pipe:
                pipe.write(data)
        except (BrokenPipeError, OSError):
            return

    def _collect(self, pipe: IO[bytes], into: bytearray, name: str) -> None:
        with pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                if len(into) + len(chunk) > self._limits.output:
                    self._too_much.set()
                    self._child.end()
                    return
                into += chunk
                if self._output is not None:
                    self._output(name, chunk)


def output_value(finished: Finished, name: str) -> Any:
    """What a script said: JSON, else text; nothing is ``None``.

    Raises:
        HandlerError: it ended with another code than 0, or what it said is no UTF-8, or JSON for Python only.
    """
    if finished.code != 0:
        raise HandlerError(f"{name} ended with {ending(finished.code)}: {finished.last_words()}".rstrip(": "))
    try:
        text = finished.out.decode()
    except UnicodeDecodeError as error:
        raise HandlerError(f"the output of {name} is not UTF-8 (byte {error.start + 1})") from error
    if not text.strip():
        return None
    try:
        return read_json(text)
    except Unsound as fault:
        raise HandlerError(f"the output of {name} is no JSON that others can read: {fault}") from fault
    except ValueError:
        return text


def returned_value(value: Any, name: str, limits: RunLimits) -> Any:
    """What a Python function of a workspace returned.

    Raises:
        HandlerError: it is no JSON data, or more than a script may say.
    """
    fault = json_fault(value)
    if fault:
        raise HandlerError(f"what {name} returned is no JSON: {fault}")
    if len(json.dumps(value, ensure_ascii=False).encode()) > limits.output:
        raise HandlerError(f"what {name} returned is more than {limits.output} bytes of JSON")
    return value


def ending(code: int) -> str:
    """How a program ended, in words."""
    return f"exit {code}" if code >= 0 else f"signal {-code}"
