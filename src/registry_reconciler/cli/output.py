"""Standard output for reports, standard error for everything else, and files that the user named.

Bytes, not characters: the same report is the same bytes on every system. Where a terminal cannot show a
character, it is shown as an escape.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TextIO

from registry_reconciler.base.interrupts import WriteFlag
from registry_reconciler.cli import memory
from registry_reconciler.cli.seen import seen
from registry_reconciler.errors import RegistryFailure, UsageFailure


class ReportFailure(RegistryFailure):
    """A file that the user named for a report or a saved plan could not be written."""

    code = "report_failed"


class AnswerFailure(RegistryFailure):
    """Standard output takes no more. Where files had been written, they stay, and that has to be said."""

    code = "io"

    def __init__(self, error: OSError) -> None:
        done = (
            "all files were written before that"
            if WriteFlag.some
            else "registry changed no file of the workspace"
        )
        text = f"the answer could not be written to standard output: {error.strerror or error}; {done}"
        super().__init__(text, next=(("registry", "log"),) if WriteFlag.some else ())


def put(text: str, *, long: bool = False) -> None:
    """Write a report to standard output and flush it, so that a full disk is noticed here.

    Args:
        long: it is the whole answer, so that a pager may show it.
    """
    memory.record_output(text)
    seen.answered = True
    if long and stdout_is_terminal() and stdin_is_terminal():
        from registry_reconciler.cli.pager import paged

        if paged(text):
            return
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would be written once more when the interpreter ends, and fail with a traceback.
        abandon_stdout()
        raise AnswerFailure(error) from error


def say(text: str) -> None:
    """Write a message for people to standard error; what cannot be seen in it is made visible."""
    from registry_reconciler.base.escape import runner_safe, visible

    memory.mark_uncacheable()
    shown = "\n".join(visible(line) for line in text.rstrip("\n").split("\n"))
    try:
        _write(sys.stderr, runner_safe(shown) + "\n")
    except OSError:
        # Nobody can be told that nobody can be told.
        return


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:
        return
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text)
        stream.flush()
        return
    stream.flush()
    encoding = stream.encoding if stream.isatty() else "utf-8"
    buffer.write(text.encode(encoding or "utf-8", "backslashreplace"))
    buffer.flush()


def abandon_stdout() -> None:
    """Let nothing be written any more: the interpreter would report the fault again when it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        return


def write_file(path: Path, text: str) -> None:
    """Write a file that the user named, whole or not at all.

    Raises:
        ReportFailure: the system refused; what was there is unharmed.
        UsageFailure: it would take the place of a file of the workspace.
    """
    from registry_reconciler.apply.files import write_report

    memory.mark_uncacheable()
    require_replaceable(path)
    try:
        write_report(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        hint = "" if path.parent.is_dir() else f". Make the folder first: mkdir -p {path.parent}"
        hint = ". Name a file" if path.is_dir() else hint
        raise ReportFailure(f"{path} could not be written: {error.strerror or error}{hint}") from error


def require_replaceable(path: Path) -> None:
    """A slip in a name must not cost a file that a workspace or a fleet is made of.

    Raises:
        UsageFailure: a fragment, a registry file, a fleet's file, or a file of the engine or of git stands there.
    """
    real = Path(os.path.realpath(path))
    if not real.is_file():
        return
    _, folder, in_git = real.as_posix().rpartition("/.git/")
    if _OWN_OF_GIT.fullmatch(in_git) if folder else _is_input(real):
        reader = "git" if folder else "registry"
        raise UsageFailure(f"{path} is read by {reader}, and would be lost: name another file")


_OWN_OF_GIT = re.compile(
    r"[A-Z_]+|config(\.worktree)?|description|index|packed-refs|shallow"
    r"|(branches|hooks|info|lfs|logs|modules|objects|refs|rebase-\w+|sequencer|worktrees)/.*"
)
"""What git keeps in its folder, where people put reports too, since it tracks nothing there."""


def _is_input(real: Path) -> bool:
    from registry_reconciler.files.reserved import FRAGMENT_SCHEMA, zone_of
    from registry_reconciler.files.root import FLEET_FILE, nearest
    from registry_reconciler.files.tree import DiskTree
    from registry_reconciler.loading.catalog import load_catalog

    root = nearest(real.parent)
    if root is None:
        return real.name == FLEET_FILE
    path = real.relative_to(root).as_posix()
    zone = zone_of(path)
    if zone is not None:
        # What lies there and is no fragment, an earlier report has left.
        left_there = zone == "desired" and not path.endswith((".yaml", ".yml"))
        return zone != FRAGMENT_SCHEMA and not left_there
    kinds = load_catalog(DiskTree(root)).kinds.values()
    return real.name == FLEET_FILE or any(kind.file.match(path) is not None for kind in kinds)


def stdout_is_terminal() -> bool:
    """Whether a person looks at the report."""
    return _is_terminal(sys.stdout)


def stdout_shows_lines() -> bool:
    """Whether lines and corners can be seen: a terminal says its encoding, everything else gets UTF-8."""
    return not stdout_is_terminal() or (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def stderr_is_terminal() -> bool:
    """Whether a person looks at the messages."""
    return _is_terminal(sys.stderr)


def stdin_is_terminal() -> bool:
    """Whether a person can be asked."""
    return _is_terminal(sys.stdin)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
