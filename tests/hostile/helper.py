"""A workspace, and the installed command run in it under limits."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import FRAGMENT

LAUNCHER = Path(__file__).with_name("launcher.py")
MEMORY = 300_000_000
"""Bytes that no input may make the command use."""

SAFETY = 120
"""Seconds after which a command counts as hanging; the limit on its CPU time is in the launcher."""


@dataclass(frozen=True)
class Used:
    """What a command said, and what it used: seconds of CPU and bytes at the peak."""

    exit: int
    out: str
    err: str
    cpu: float
    memory: int

    @property
    def json(self) -> dict[str, Any]:
        """Standard output, which was asked for as JSON."""
        data: dict[str, Any] = json.loads(self.out)
        return data

    def problems_at(self, path: str) -> list[dict[str, Any]]:
        """The problems whose primary location is in a file."""
        return [one for one in self.json["problems"] if one["location"]["path"] == path]


def script() -> str:
    """The installed command."""
    return str(Path(sys.executable).parent / "registry")


def run(root: Path, *words: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Used:
    """One command in a workspace; the report about it lies beside the workspace."""
    report = root.parent / "used.json"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCHER), str(report), script(), *words],
        cwd=root,
        env={
            **os.environ,
            "REGISTRY_ACTOR": "ada",
            "XDG_CACHE_HOME": str(root.parent / "cache"),
            **(env or {}),
        },
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        check=False,
        timeout=SAFETY,
    )
    used = json.loads(report.read_text("utf-8"))
    return Used(
        used["exit"],
        done.stdout.decode(),
        done.stderr.decode("utf-8", "replace"),
        used["cpu"],
        used["memory"],
    )


def unharmed(used: Used) -> None:
    """What holds whatever the input was: an answer, no fault of our own, within memory."""
    assert used.exit in (0, 1, 2, 3, 64), (used.exit, used.err[-500:])
    assert "Traceback" not in used.err + used.out
    assert "fault of registry" not in used.err + used.out
    assert used.memory < MEMORY, used.memory


def snapshot(root: Path) -> dict[str, str]:
    """Every path with what stands there; nothing is followed and nothing waits."""
    found: dict[str, str] = {}
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(folder, name)
            key = path.relative_to(root).as_posix()
            if path.is_symlink():
                found[key] = f"link {path.readlink()}"
            elif path.is_file():
                found[key] = f"file {path.stat().st_mtime_ns} {_digest(path)}"
            else:
                found[key] = "other"
    return found


def _digest(path: Path) -> str:
    if path.stat().st_size > 1_000_000:
        return str(path.stat().st_size)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_base(folder: Path) -> Path:
    """A workspace with the four entries of the tests of the command line, applied."""
    folder.mkdir()
    assert run(folder, "init").exit == 0
    (folder / "desired/all.yaml").write_text(FRAGMENT, encoding="utf-8")
    applied = run(folder, "apply", "--yes")
    assert applied.exit == 0, applied.err
    return folder


def copy_of(base: Path, folder: Path) -> Path:
    """A workspace of its own for one test."""
    shutil.copytree(base, folder, symlinks=True)
    return folder
