"""The hooks, run by pre-commit itself: installed from this repository, called by ``git commit``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.runner import ROOT
from tests.support import Box

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("CI") != "true", reason="installs from a package index; .ci/run does it"
    ),
]

TOOL = "pre-commit==4.7.0"


def commit(box: Box, home: Path) -> tuple[int, str]:
    """Add everything and commit it."""
    environment = {**os.environ, "PRE_COMMIT_HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    box.git("add", "-A")
    done = subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-m", "try"],
        cwd=box.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_hooks_stop_what_is_wrong_and_let_the_rest_pass(committed: Box, tmp_path: Path) -> None:
    source = tmp_path / "source"
    committed.git("clone", "-q", str(ROOT), str(source))
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=source, check=True, capture_output=True, text=True
    ).stdout.strip()
    committed.write(
        ".pre-commit-config.yaml",
        f"repos:\n  - repo: {source}\n    rev: {revision}\n    hooks:\n"
        + "".join(f"      - id: {name}\n" for name in ("registry-fmt", "registry-check", "registry-applied")),
    )
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "tool")], check=True)
    python = tmp_path / "tool/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", TOOL], check=True, timeout=600)
    subprocess.run(
        [python, "-m", "pre_commit", "install", "--install-hooks"],
        cwd=committed.root,
        env={**os.environ, "PRE_COMMIT_HOME": str(home)},
        check=True,
        capture_output=True,
        timeout=600,
    )
    code, said = commit(committed, home)
    assert code == 0, said

    committed.replace("desired/all.yaml", "topic: errors", "topic: faults")
    code, said = commit(committed, home)  # apply was forgotten
    assert code == 1, said
    assert "registry apply was run" in said
    assert "1 to update" in said

    committed.run("apply", "--yes")
    code, said = commit(committed, home)
    assert code == 0, said

    committed.replace("desired/all.yaml", "module_type: http_api", "module_type: http_ap")
    code, said = commit(committed, home)
    assert code == 1, said
    assert "Did you mean 'http_api'?" in said

    committed.replace("desired/all.yaml", "module_type: http_ap\n", "module_type: http_api\n")
    committed.write("desired/other.yaml", "module_type:\n- {description: B, id: batch}\n")
    committed.run("apply", "--yes")
    code, said = commit(committed, home)  # the formatter has put the key first
    assert code == 1, said
    assert "files were modified by this hook" in said
    code, said = commit(committed, home)
    assert code == 0, said
