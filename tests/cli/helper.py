"""Workspaces to try commands in, and ways to run commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_reconciler.cli.main import main

FRAGMENT = """\
module_type:
  - id: http_api
    description: An API.
module_instance:
  - module_id: payments.api
    module_type: http_api
    module_level: 1
    description: Takes card payments.
module_maturity:
  - module_id: payments.api
    maturity: FUNCTIONAL
route:
  # When something goes wrong.
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments.api
    when_to_use: A client gets an error.
"""

EVERYTHING = (
    "module_instance/payments.api",
    "module_maturity/payments.api",
    "module_type/http_api",
    "route/api.errors",
)
ROUTES = "modules/routes/api.yaml"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as JSON; every command's envelope is checked on the way."""
        data: dict[str, Any] = json.loads(self.out)
        assert {"format_version", "command", "exit", "errors", "next"} <= data.keys()
        assert data["exit"] == self.exit
        return data


class Box:
    """A workspace, and the command line run in it."""

    def __init__(self, root: Path, capsys: Any) -> None:
        self.root = root
        self.capsys = capsys

    def run(self, *words: str) -> Ran:
        """One command, in this process."""
        before = os.getcwd()
        os.chdir(self.root)
        self.capsys.readouterr()
        try:
            code = main(words)
        finally:
            os.chdir(before)
        said = self.capsys.readouterr()
        return Ran(code, said.out, said.err)

    def write(self, path: str, text: str) -> None:
        """A file of the workspace."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """A file of the workspace."""
        return (self.root / path).read_text(encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file; ``old`` has to be there."""
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def files(self) -> dict[str, bytes]:
        """Every file with its bytes, those of git left out."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".git" not in path.parts
        }

    def git(self, *words: str) -> str:
        """A git command in the workspace."""
        return git(self.root, *words)


def git(folder: Path, *words: str) -> str:
    """A git command that depends on nothing of the machine."""
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *settings, *words], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def installed(*words: str, cwd: Path, stdin: str | None = None, env: dict[str, str] | None = None) -> Ran:
    """A command through the installed script."""
    script = Path(sys.executable).parent / ("registry.exe" if os.name == "nt" else "registry")
    done = subprocess.run(
        [str(script), *words],
        cwd=cwd,
        input=stdin.encode() if stdin is not None else None,
        stdin=subprocess.DEVNULL if stdin is None else None,
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
