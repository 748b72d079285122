"""Reports as CI takes them: all formats in one run, at size, and the same bytes wherever and whenever they are made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registry_reconciler.report import FORMATS
from tests.support import Box

COUNT = 1_500
LIMITS = {"markdown": 65_000, "summary": 1_000_000, "brief": 16_000}

# A machine on another day: whoever asks for the time gets one four hundred days later.
ANOTHER_DAY = """\
import datetime, time
_time, _later = time.time, 400 * 86_400.0
time.time = lambda: _time() + _later
time.time_ns = lambda: int(time.time() * 1e9)
class _DateTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=_later)
datetime.datetime = _DateTime
"""


def reports(folder: Path) -> list[str]:
    return [word for form in FORMATS for word in ("--report", f"{form}={folder / form}")]


@pytest.fixture
def large(applied: Box) -> Box:
    """As many changes as problems: every new type refers to one that is not there."""
    lines = [f"  - {{id: t-{number}, outbound: [gone-{number}]}}" for number in range(COUNT)]
    applied.write("desired/large.yaml", "module_type:\n" + "\n".join(lines) + "\n")
    return applied


def test_all_formats_of_one_run_keep_to_their_limits_and_count_what_is_cut(
    large: Box, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    ran = large.run("plan", "--format", "github", *reports(folder))
    assert ran.exit == 3
    found = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert found.keys() == set(FORMATS)
    assert found["github"] == ran.out
    for form, limit in LIMITS.items():
        assert 0.5 * limit < len(found[form].encode()) <= limit or form == "summary"
    data = json.loads(found["json"])
    assert data["summary"]["create"] == data["summary"]["error"] == COUNT
    assert len(json.loads(found["sarif"])["runs"][0]["results"]) >= COUNT
    annotations = found["github"].splitlines()
    assert len([line for line in annotations if line.startswith("::error ")]) == 10
    assert f"{COUNT - 10:,} errors" in found["github"]
    assert found["markdown"].startswith("<!-- registry-plan root=. label= -->\n")
    assert "Cut to fit:" in found["markdown"]
    assert found["markdown"].count("REF001") > 100
    assert f"blocked by {COUNT:,} problems" in found["summary"]
    assert "\ncut: " in found["brief"]


def test_a_smaller_limit_is_kept_to(large: Box) -> None:
    for limit in (4_000, 20_000):
        ran = large.run("plan", "--format", "markdown", "--max-bytes", str(limit))
        assert 0.5 * limit < len(ran.out.encode()) <= limit


def made_by_another_machine(root: Path, folder: Path, cwd: Path, lib: Path, **env: str) -> dict[str, bytes]:
    folder.mkdir()
    words = ["plan", "--root", str(root), *reports(folder)]
    path = os.pathsep.join([str(lib), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "registry_reconciler", *words],
        cwd=cwd,
        env={**os.environ, **env, "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found.keys() == set(FORMATS), done.stderr.decode()
    return {**found, "stdout": done.stdout}


@pytest.mark.parametrize("blocked", [True, False])
def test_another_folder_machine_and_day_give_the_same_bytes(
    applied: Box, tmp_path: Path, blocked: bool
) -> None:
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    applied.write(
        "desired/new.yaml", "module_type:\n- {id: b, name: ü, outbound: [a]}\n- {id: a, inbound: [b]}\n"
    )
    if blocked:
        applied.replace("desired/all.yaml", "module_id: payments.api\n    when", "module_id: gone\n    when")
    here = tmp_path / "here"
    here.mkdir()
    first = made_by_another_machine(applied.root, tmp_path / "1", here, here, PYTHONHASHSEED="1")
    elsewhere = tmp_path / "else where" / "ünder"
    shutil.copytree(applied.root, elsewhere)
    for path in elsewhere.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    there = tmp_path / "there"
    there.mkdir()
    (there / "sitecustomize.py").write_text(ANOTHER_DAY, "utf-8")
    second = made_by_another_machine(
        elsewhere,
        tmp_path / "2",
        there,
        there,
        PYTHONHASHSEED="2",
        TZ="Asia/Tokyo",
        LC_ALL="C",
        HOSTNAME="other",
        USER="grace",
        COLUMNS="200",
    )
    assert first == second
    assert str(tmp_path).encode() not in b"".join(first.values())
