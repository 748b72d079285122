"""``registry completion``: the words that are offered, and the script of bash in a bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import Box, installed


def offered(box: Box, *words: str) -> list[str]:
    done = installed("completion", "words", "--", *words, cwd=box.root)
    assert (done.exit, done.err) == (0, "")
    return done.out.splitlines()


def test_commands_options_kinds_addresses_and_codes(applied: Box) -> None:
    assert {"plan", "set", "schema", "help"} <= set(offered(applied, ""))
    assert offered(applied, "ren") == ["rename"]
    assert offered(applied, "schema", "n") == ["new"]
    assert "--target" in offered(applied, "plan", "--t")
    assert offered(applied, "plan", "--format", "js") == ["json"]
    assert "route/" in offered(applied, "show", "r")
    assert offered(applied, "show", "route/") == ["route/api.errors"]
    assert offered(applied, "plan", "--target", "route/api") == ["route/api.errors"]
    assert offered(applied, "rm", "route/api.errors", "module_type/") == ["module_type/http_api"]
    assert offered(applied, "explain", "REF00")[:2] == ["REF001", "REF002"]
    assert "REF001" in offered(applied, "fix", "R")
    assert "route" in offered(applied, "add", "ro")
    assert offered(applied, "completion", "z") == ["zsh"]
    assert offered(applied, "nothing", "x") == []


def test_each_argument_is_offered_what_its_help_says(applied: Box) -> None:
    assert offered(applied, "allow", "route/") == ["route/api.errors"]
    assert "REF001" in offered(applied, "allow", "route/api.errors", "R")
    assert offered(applied, "drift", "route/") == ["route/api.errors"]
    assert offered(applied, "schema", "migrate", "ro") == ["route"]
    assert offered(applied, "rename", "--root", ".", "route/") == ["route/api.errors"]
    assert offered(applied, "rename", "route/api.errors", "route/") == []
    assert offered(applied, "graph", "route") == ["route/"]


def test_what_is_pending_is_offered_and_what_is_broken_is_not_said(applied: Box) -> None:
    applied.write("desired/more.yaml", "module_type: [{id: cron}]\n")
    assert "module_type/cron" in offered(applied, "set", "module_type/c")
    applied.write("desired/more.yaml", "module_type: [")
    assert offered(applied, "set", "module_type/h") == ["module_type/http_api"]


def test_outside_of_a_workspace(empty: Box) -> None:
    assert offered(empty, "show", "r") == []
    assert offered(empty, "pla") == ["plan"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_there_is_a_script(shell: str, applied: Box) -> None:
    done = installed("completion", shell, cwd=applied.root)
    assert done.exit == 0
    assert "registry completion words" in done.out
    program = shutil.which({"powershell": "pwsh"}.get(shell, shell))
    if program and shell != "powershell":
        checked = subprocess.run([program, "-n"], input=done.out, text=True, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")
    assert installed("completion", "tcsh", cwd=applied.root).exit == 64


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(applied: Box) -> None:
    script = installed("completion", "bash", cwd=applied.root).out
    script += 'COMP_WORDS=(registry show route/); COMP_CWORD=2; _registry; printf "%s\\n" "${COMPREPLY[@]}"\n'
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=applied.root,
        env={**os.environ, "PATH": path},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "route/api.errors\n", "")
