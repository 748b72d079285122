"""Runs what a workspace names: scripts in their own process, Python functions only where the user allowed it.

A script runs without a shell, in the workspace, with JSON on standard input, a time limit for it and all its
children, only the environment variables that were declared, and a limit on what it may say.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from registry_reconciler.interrupts import Hold

DEFAULT_TIMEOUT = 60.0
MAX_OUTPUT = 1 << 20

_ALWAYS = ("PATH", "SYSTEMROOT")
"""Variables that a program needs to be found and started at all."""


class HandlerError(Exception):
    """A handler cannot be run, or ran and failed. The text is for the caller."""


class HandlerTimeout(HandlerError):
    """It took longer than its time limit and was stopped."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use.

    Attributes:
        seconds: wall-clock time for the program and its children.
        output: bytes of standard output, and as many of standard error.
    """

    seconds: float = DEFAULT_TIMEOUT
    output: int = MAX_OUTPUT

    def narrowed(self, seconds: object) -> Limits:
        """With the time limit that an entry asks for, when that is shorter: an entry may narrow, never
        widen.
        """
        if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 < seconds < self.seconds:
            return Limits(float(seconds), self.output)
        return self


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    code: int
    out: bytes
    err: bytes

    def said(self) -> str:
        """The last line of standard error, shortened: what a person needs to know why it failed."""
        lines = self.err.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:500] if lines else ""


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
    root: Path, command: object, payload: object, *, environment: Mapping[str, str], limits: Limits
) -> Finished:
    """Run a program to its end.

    Raises:
        HandlerTimeout: it and its children were killed at the time limit.
        HandlerError: it could not be started, or said more than it may.
    """
    hold = Hold()
    try:
        return _run_script(root, command, payload, environment, limits, hold)
    finally:
        hold.end()


def _run_script(
    root: Path, command: object, payload: object, environment: Mapping[str, str], limits: Limits, hold: Hold
) -> Finished:
    argv = command_line(root, command)
    data = json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        process = subprocess.Popen(
            argv,
            cwd=root,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A group of its own, so that the time limit reaches the children too.
            start_new_session=True,
            close_fds=True,
        )
    except (OSError, ValueError) as error:
        raise HandlerError(f"{argv[0]!r} cannot be started: {error}") from error
    return _Run(process, limits).finish(data, os.path.basename(argv[0]), hold)


class _Run:
    """One child process: its pipes are served by threads, so that a full pipe never blocks the time limit."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._too_much = threading.Event()

    def finish(self, data: bytes, name: str, hold: Hold) -> Finished:
        process = self._process
        out, err = bytearray(), bytearray()
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        workers = [
            threading.Thread(target=self._feed, args=(process.stdin, data), daemon=True),
            threading.Thread(target=self._collect, args=(process.stdout, out), daemon=True),
            threading.Thread(target=self._collect, args=(process.stderr, err), daemon=True),
        ]
        for worker in workers:
            worker.start()
        try:
            hold.end()
            code = process.wait(self._limits.seconds)
        except subprocess.TimeoutExpired:
            raise HandlerTimeout(f"{name} was stopped after {self._limits.seconds:g} s") from None
        finally:
            # Also after a normal end: a child left behind would hold the pipes and outlive its permission.
            self._kill()
            for worker in workers:
                worker.join(1)
        if self._too_much.is_set():
            raise HandlerError(f"{name} was stopped: it wrote more than {self._limits.output} bytes")
        return Finished(code, bytes(out), bytes(err))

    def _feed(self, pipe: IO[bytes], data: bytes) -> None:
        # A program need not read its input.
        try:
            with pipe:
                pipe.write(data)
        except (BrokenPipeError, OSError):
            return

    def _collect(self, pipe: IO[bytes], into: bytearray) -> None:
        with pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                if len(into) + len(chunk) > self._limits.output:
                    self._too_much.set()
                    self._kill()
                    return
                into += chunk

    def _kill(self) -> None:
        try:
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        except (ProcessLookupError, PermissionError):
            pass
        self._process.wait()


def output_value(finished: Finished, name: str) -> Any:
    """What a script said: JSON, else text; nothing is ``None``.

    Raises:
        HandlerError: it ended with another code than 0.
    """
    if finished.code != 0:
        raise HandlerError(f"{name} ended with {_ending(finished.code)}: {finished.said()}".rstrip(": "))
    text = finished.out.decode("utf-8", "replace")
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def load_function(root: Path, reference: object) -> Callable[..., Any]:
    """The function ``package.module:function`` (or ``folder/file.py:function`` of the workspace). Imports it.

    Raises:
        HandlerError: it cannot be imported, or is not there.
    """
    if not isinstance(reference, str):
        raise HandlerError("the function must be named as package.module:function")
    place, colon, name = reference.partition(":")
    if not colon:
        place, _, name = reference.rpartition(".")
    if not place or not name:
        raise HandlerError(f"{reference!r} names no function: write package.module:function")
    try:
        found: Any = _load_file(root, place) if place.endswith(".py") else _load_module(root, place)
        for part in name.split("."):
            found = getattr(found, part)
    except HandlerError:
        raise
    except Exception as error:  # importing runs foreign code, which may raise anything
        raise HandlerError(f"{reference!r} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise HandlerError(f"{reference!r} is not a function")
    function: Callable[..., Any] = found
    return function


def _load_module(root: Path, name: str) -> Any:
    import sys
    from importlib import import_module

    place = os.path.realpath(root)
    # Last on the path: a workspace cannot replace a module that is installed.
    if place not in sys.path:
        sys.path.append(place)
    return import_module(name)


def _load_file(root: Path, path: str) -> Any:
    import hashlib
    from importlib.util import module_from_spec, spec_from_file_location

    real = command_line(root, [f"./{path}"])[0]
    name = "registry_workspace_" + hashlib.sha256(real.encode()).hexdigest()[:16]
    spec = spec_from_file_location(name, real)
    if spec is None or spec.loader is None:
        raise HandlerError(f"{path!r} is no Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call_function(function: Callable[..., Any], payload: object, context: object, *, seconds: float) -> Any:
    """Call ``function(payload, context)``, or ``function(payload)`` when it takes one argument.

    Raises:
        HandlerTimeout: it did not return in time. Python cannot stop it; its thread goes on.
        Exception: whatever it raises.
    """
    answer: list[tuple[Literal["value", "error"], Any]] = []
    arguments = (payload, context)[: _arity(function)]

    def work() -> None:
        try:
            answer.append(("value", function(*arguments)))
        except BaseException as error:
            answer.append(("error", error))

    thread = threading.Thread(target=work, daemon=True, name="registry-handler")
    thread.start()
    thread.join(seconds)
    if not answer:
        raise HandlerTimeout(
            f"{getattr(function, '__name__', 'the function')} did not return within {seconds:g} s"
        )
    kind, result = answer[0]
    if kind == "error":
        if not isinstance(result, Exception):
            raise HandlerError(f"the function ended the program: {type(result).__name__}")
        raise result
    return result


def _arity(function: Callable[..., Any]) -> int:
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return 2
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return min(2, len(positional))
