"""``Containerfile``: what it copies is there, and its steps install a command that works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.ci.runner import ROOT

TEXT = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ")
BUILD, LAST = TEXT.split("\n\nFROM ", 1)


def test_what_is_copied_is_there_and_sent_to_the_builder() -> None:
    sent = [
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    ]
    sources = [
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert set(sources) == {"pyproject.toml", "README.md", "LICENSE", "requirements/run.txt", "src"}
    for source in sources:
        assert (ROOT / source).exists()
        assert any(fnmatch(source, pattern) for pattern in sent)


def test_it_runs_as_nobody_special_and_is_the_command() -> None:
    assert re.search(r"^USER 1000:1000$", LAST, re.MULTILINE)
    assert LAST.rstrip().endswith('ENTRYPOINT ["registry"]\nCMD ["--help"]')


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("CI") != "true", reason="installs from a package index; .ci/run does it")
def test_its_steps_install_the_command(tmp_path: Path) -> None:
    steps = re.findall(r"^RUN (.*)$", BUILD, re.MULTILINE)
    assert len(steps) == 3
    for step in steps:
        command = step.replace("/opt/registry", str(tmp_path / "opt")).replace("/source", str(ROOT))
        command = command.replace("python -m venv", f"{sys.executable} -m venv")
        done = subprocess.run(["sh", "-euc", command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        [tmp_path / "opt/bin/registry", "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("registry ")
