"""``registry run`` as a person sees it on a terminal, and as a program does."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from registry_reconciler.cli.main import main
from tests.unit.runtime.helper import Site

WAITS = """\
import pathlib, sys, time
print("begun", flush=True)
print("a warning \\x1b[31m", file=sys.stderr, flush=True)
for _ in range(600):
    if pathlib.Path("go").exists():
        break
    time.sleep(0.05)
print("ended", end="", flush=True)
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "site")
    for schema in (made.root / ".system/registry/schemas").iterdir():
        if not schema.name.startswith(("ability", "hook")):
            schema.unlink()
    made.abilities(
        {"ability_id": "slow", "implementation": made.script("slow", WAITS)},
        {"ability_id": "text", "implementation": made.script("text", 'print("plain [b]text[/b]")')},
    )
    return made


def test_on_a_terminal_what_a_script_writes_is_shown_while_it_runs_and_once(site: Site) -> None:
    pty = pytest.importorskip("pty", reason="this system has no terminals of this kind")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "registry_reconciler", "run", "slow"],
        cwd=site.root,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while b"begun" not in shown or b"warning" not in shown:
                assert select.select([ours], [], [], 60)[0], shown
                shown += os.read(ours, 4096)
            assert b"ended" not in shown
            (site.root / "go").touch()
            while True:
                assert select.select([ours], [], [], 60)[0], shown
                try:
                    part = os.read(ours, 4096)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                shown += part
        finally:
            process.kill() if process.poll() is None and b"ended" not in shown else None
            os.close(ours)
        assert process.wait(60) == 0
    text = shown.decode().replace("\r\n", "\n")
    assert text.count("begun") == text.count("warning") == text.count("ended") == 1
    assert text.endswith("ended\n")
    assert "\x1b" not in text


def test_json_is_one_document_with_what_was_written_to_stderr(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root)
    (site.root / "go").touch()
    assert main(["run", "slow", "--json"]) == 0
    long = json.loads(capsys.readouterr().out)
    assert long["command"] == "run"
    assert long["result"]["value"] == "begun\nended"
    assert long["result"]["stderr"] == "a warning \x1b[31m\n"
    assert main(["run", "slow", "--format", "json"]) == 0
    other = json.loads(capsys.readouterr().out)
    assert other.keys() == long.keys()
    assert other["result"]["value"] == "begun\nended"


def test_a_plain_text_is_shown_as_it_is(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root)
    assert main(["run", "text"]) == 0
    assert capsys.readouterr().out == "plain [b]text[/b]\n"
