"""With a terminal: the question, colours, and the name of a step that takes long."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import pytest

from registry_reconciler.cli import common
from tests.support import ROUTES, Box

COLOUR = re.compile(r"\x1b\[[0-9;]+m")

pty = pytest.importorskip("pty", reason="needs pseudo terminals")


def talk(folder: Path, words: list[str], answer: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run the installed command in a terminal, answer its question, and return exit code and screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update({"TERM": "xterm", **(env or {})})
        os.execv(Path(sys.executable).parent / "registry", ["registry", *words])
    screen = b""
    asked = False
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        screen += piece
        if not asked and b"[y/N]" in screen:
            asked = True
            os.write(terminal, answer.encode())
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), screen.decode().replace("\r\n", "\n")


def test_apply_shows_asks_and_applies(box: Box) -> None:
    exit, screen = talk(box.root, ["apply"], "y\n")
    assert exit == 0
    assert screen.index("route/api.errors") < screen.index("[y/N]") < screen.index("Applied: 4 to create.")
    assert screen.count("4 to create") >= 3
    assert (box.root / ROUTES).is_file()


def test_no_is_the_default_answer(box: Box) -> None:
    exit, screen = talk(box.root, ["apply"], "\n")
    assert exit == 1
    assert "the answer was no" in screen
    assert not (box.root / ROUTES).exists()


def test_colour_is_for_terminals_that_want_it(box: Box) -> None:
    assert COLOUR.search(talk(box.root, ["plan"], "")[1])
    assert not COLOUR.search(talk(box.root, ["plan"], "", {"NO_COLOR": "1"})[1])
    assert not COLOUR.search(talk(box.root, ["plan", "--no-color"], "")[1])
    # A dumb terminal knows no escapes at all, not even that which wipes a line.
    assert "\x1b" not in talk(box.root, ["plan"], "", {"TERM": "dumb"})[1]


def test_a_long_step_is_named_on_a_terminal_and_wiped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(common, "stderr_is_terminal", lambda: True)
    monkeypatch.setattr(common, "_PATIENCE", 0.01)
    with common.progress() as tell:
        assert tell is not None
        tell("reading")
        while "reading" not in (said := capsys.readouterr().err):
            time.sleep(0.01)
    assert said == "\r\x1b[Kreading ..."
    assert capsys.readouterr().err == "\r\x1b[K"


def test_short_steps_are_not_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(common, "stderr_is_terminal", lambda: True)
    monkeypatch.setattr(common, "_PATIENCE", 60.0)
    with common.progress() as tell:
        assert tell is not None
        tell("reading")
        tell("comparing")
    assert capsys.readouterr().err == ""


def test_nobody_is_told_where_nobody_looks() -> None:
    with common.progress() as tell:
        assert tell is None
