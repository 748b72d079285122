"""One line for each decision: when, what, what it needed, what it was granted, the verdict. Never a value."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from registry_reconciler.base.user_dirs import state_dir

AuditSink: TypeAlias = Callable[["AuditLine"], None]
"""Takes a line or raises; a decision whose line was not taken is a denial in enforce mode."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A decision.

    Attributes:
        time: UTC, ISO 8601.
        id: id of the item that was asked for (the key as given when it leads nowhere).
        verdict: ``allow``, ``log`` or the status of the refusal.
    """

    time: str
    id: str
    needed: tuple[str, ...]
    granted: tuple[str, ...]
    verdict: str
    mode: str
    readonly: bool
    caller: str
    environment: str

    def to_data(self) -> dict[str, Any]:
        """The line as JSON data."""
        return {
            "time": self.time,
            "id": self.id,
            "needed": list(self.needed),
            "granted": list(self.granted),
            "verdict": self.verdict,
            "mode": self.mode,
            "readonly": self.readonly,
            "caller": self.caller,
            "environment": self.environment,
        }


def now() -> str:
    """The time of a line."""
    moment = time.time()
    second = int(moment)
    return f"{_second(second)}.{int((moment - second) * 1000):03d}+00:00"


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def make_line(
    id: str,
    needed: Collection[str],
    granted: Collection[str],
    verdict: str,
    *,
    mode: str,
    readonly: bool,
    caller: str,
    environment: str,
) -> AuditLine:
    """A line of this moment."""
    wanted, given = tuple(sorted(needed)) if needed else (), tuple(sorted(granted)) if granted else ()
    return AuditLine(now(), id, wanted, given, verdict, mode, readonly, caller, environment)


class FileAudit:
    """Appends lines to a file that only the user can read; the file and its folder are made when needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, line: AuditLine) -> None:
        """Append one line. Raises OSError."""
        text = json.dumps(line.to_data(), ensure_ascii=True, separators=(",", ":")) + "\n"
        append_line(self.path, text.encode("ascii"))


def append_line(path: Path, data: bytes) -> None:
    """Append in one write, so that lines of several processes do not mix. Raises OSError."""
    os.makedirs(path.parent, 0o700, exist_ok=True)
    flags = (
        os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    handle = os.open(path, flags, 0o600)
    try:
        if os.write(handle, data) != len(data):
            raise OSError(f"{path}: the line was cut short")
    finally:
        os.close(handle)


def default_sink() -> AuditSink:
    """``audit.jsonl`` in the user's state directory; without such a directory, a sink that refuses every
    line.
    """
    folder = state_dir()
    if folder is not None:
        return FileAudit(folder / "audit.jsonl")

    def nowhere(_line: AuditLine) -> None:
        raise OSError("the user has no directory for state, so the audit log has no place")

    return nowhere
