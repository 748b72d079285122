"""A copy of the package that a test adds something to, and a workspace in which its commands run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import registry_reconciler


class House:
    """A copy of the package, and a workspace."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "src"
        self.box = folder / "box"
        self.box.mkdir()
        package = Path(registry_reconciler.__file__).parent
        shutil.copytree(
            package, self.source / "registry_reconciler", ignore=shutil.ignore_patterns("__pycache__")
        )
        self.package = self.source / "registry_reconciler"
        self.rules = self.package / "rules"

    def write(self, path: str, text: str) -> None:
        """A file of the workspace."""
        target = self.box / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """What a file of the workspace says."""
        return (self.box / path).read_text(encoding="utf-8")

    def add_row(self, table: str, *rows: tuple[str, str]) -> None:
        """Put lines behind others that stand in a module of the copy once: an import and the row of a table."""
        path = self.package / table
        text = path.read_text(encoding="utf-8")
        for before, row in rows:
            assert text.count(before) == 1, before
            text = text.replace(before, before + row)
        path.write_text(text, encoding="utf-8")

    def python(self, *words: str, exits: int = 0) -> str:
        """The output of a module of the copy, run in the workspace."""
        settings = {"PYTHONPATH": str(self.source), "REGISTRY_NO_CACHE": "1"}
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.box,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == exits, done.stdout + done.stderr
        return done.stdout

    def registry(self, *words: str, exits: int = 0) -> str:
        """What a command of the copy says."""
        return self.python("registry_reconciler", *words, exits=exits)

    def json(self, *words: str, exits: int = 0) -> Any:
        """A command's JSON."""
        return json.loads(self.registry(*words, "--format", "json", exits=exits))
