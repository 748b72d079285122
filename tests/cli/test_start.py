"""What a command imports before it answers: a known answer is given without what computes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import Box

CODE = """\
import sys
known = set(sys.modules)
from registry_reconciler.cli.main import main
code = main(sys.argv[1:])
print(code, *sorted({*sys.modules} - known), file=sys.stderr)
"""


def run(folder: Path, cache: Path, *words: str) -> tuple[str, list[str]]:
    """What a command printed, and its exit code with what it imported."""
    ended = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout, ended.stderr.splitlines()[-1].split()


@pytest.mark.parametrize(
    "words", [("plan",), ("check", "--format", "json"), ("plan", "--root", ".", "--target", "route/*")]
)
def test_a_known_answer_comes_before_parser_values_and_plan(
    words: tuple[str, ...], applied: Box, tmp_path: Path
) -> None:
    computed, imported = run(applied.root, tmp_path / "cache", *words)
    assert {"typer", "msgspec", "registry_reconciler.planning.pipeline"} <= {*imported}
    again, imported = run(applied.root, tmp_path / "cache", *words)
    assert (again, imported[0]) == (computed, "0")
    heavy = {"typer", "dataclasses", "msgspec", "inspect", "yaml", "jsonschema_rs", "subprocess"}
    assert heavy.isdisjoint(imported)
    assert {one for one in imported if one.startswith("registry_reconciler.")} <= {
        f"registry_reconciler.{one}"
        for one in (
            *(
                "apply",
                "apply.anchor",
                "apply.files",
                "apply.journal",
                "apply.lock",
                "apply.reading",
            ),
            *("base", "base.cache_place", "base.digest", "base.escape", "base.interrupts", "base.user_dirs"),
            *("cache", "cache.fingerprint", "cache.reports", "cache.store"),
            *("cli", "cli.ending", "cli.interrupt", "cli.main", "cli.memory", "cli.output", "cli.seen"),
            *(
                "errors",
                "files",
                "files.git_index",
                "files.names",
                "files.reserved",
                "files.root",
                "files.unreadable",
            ),
            "version",
        )
    }


def test_a_call_that_the_parser_refuses_is_refused_again(applied: Box, tmp_path: Path) -> None:
    for _ in range(2):
        said, imported = run(applied.root, tmp_path / "cache", "plan", "--width", "3")
        assert (said, imported[0]) == ("", "64")
