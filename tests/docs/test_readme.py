"""The README's first session, run line by line through the installed command.

``python -m tests.docs.test_readme`` writes the output anew; read the diff before you commit it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def commands(block: str) -> list[str]:
    """The commands of a block: ``$ `` begins one, ``> `` continues it, everything else is output."""
    found: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(line[2:])
        elif line.startswith("> ") and found:
            found[-1] += "\n" + line[2:]
    return found


TOLD_BY_CHANCE = (
    (
        re.compile(r"history/\d{8}T\d+Z-[0-9a-f]{12}\.json"),
        "history/20261120T091244031542Z-0a1b2c3d4e5f.json",
    ),
    (re.compile(r"(state/[a-z/-]+)-[0-9a-f]{12}\.(state|lines)"), r"\1-4f2e6a0b9c1d.\2"),
)
"""Names that are other ones each time, and what a page shows instead."""


def settled(text: str) -> str:
    """The output with the names that differ each time replaced."""
    for pattern, shown in TOLD_BY_CHANCE:
        text = pattern.sub(shown, text)
    return text


def show(command: str) -> str:
    first, *rest = command.split("\n")
    return "".join([f"$ {first}\n", *(f"> {line}\n" for line in rest)])


def session(root: Path, text: str) -> str:
    """The README's text with every block's output as it is now."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "80",
    }

    def run(match: re.Match[str]) -> str:
        out = ""
        for command in commands(match.group(1)):
            done = subprocess.run(
                ["sh", "-c", command], cwd=root, env=environment, capture_output=True, text=True, check=False
            )
            out += show(command) + settled(done.stdout + done.stderr)
        return f"```console\n{out}```"

    return BLOCK.sub(run, text)


def test_the_first_session_is_true(tmp_path: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("the session is for a POSIX shell")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    text = README.read_text("utf-8")
    assert session(tmp_path, text) == text
    assert len(BLOCK.findall(text)) >= 6


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        README.write_text(session(Path(folder), README.read_text("utf-8")), "utf-8")
