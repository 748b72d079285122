"""What ``mypy --strict`` infers of a program that uses handles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from registry_reconciler.runtime import Definition, Key, RegistryDbBuilder, RegistryMeta, item, open_runtime


class Tool:
    def __init__(self, meta: RegistryMeta) -> None:
        self.meta = meta


builder = RegistryDbBuilder()
tool = builder.register("tools", Tool(RegistryMeta("t", "t")))
reveal_type(tool)
db = builder.build()
reveal_type(db.resolve(tool))
reveal_type(db.runtime().resolve(tool))
reveal_type(db.runtime().snapshot().resolve(tool))


@item("actions")
def double(number: int) -> str:
    return str(number)


reveal_type(db.resolve(double)(1))
reveal_type(open_runtime().resolve(tool))
"""

EXPECTED = ["Key[program.Tool]", "program.Tool", "program.Tool", "program.Tool", "str", "program.Tool"]


@pytest.mark.slow
def test_types_of_a_user_are_inferred_through_handles(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file", "", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert "error" not in done.stdout, done.stdout + done.stderr
    shown = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    assert [
        one.removeprefix("registry_reconciler.runtime.registry.meta.").replace("builtins.", "")
        for one in shown
    ] == EXPECTED
