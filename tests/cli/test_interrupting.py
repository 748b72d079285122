"""Ctrl-C ends a command with 130 and without a traceback, whenever it comes: a fixed sample of moments.

``python -P -m tests.cli.interrupting`` tries many more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from registry_reconciler.base import interrupts
from registry_reconciler.model.plan_json import FORMAT_VERSION, dumps, envelope
from tests.cli import interrupting

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

STARTER = """\
import os, signal, sys
import registry_reconciler.cli.program as program

def at(place, number):
    # Interrupts itself when so many lines have run: a moment that does not depend on the machine.
    count = 0
    def trace(frame, event, _):
        nonlocal count
        count += 1
        if count == number:
            sys.settrace(None)
            os.kill(os.getpid(), signal.SIGINT)
            return None
        return trace
    sys.settrace(trace)

at("", int(sys.argv[1]))
sys.argv[1:] = sys.argv[2:]
code = program.main()
sys.settrace(None)
sys.exit(code)
"""
LINES = (1, 3, 40, 200, 900, 2_500, 5_000, 9_000, 14_000, 20_000, 30_000, 45_000, 70_000, 100_000)
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan", "--format", "json"),
    ("apply", "--yes", "--format", "json"),
    ("drift", "--format", "json"),
    ("run", "slow", "--format", "json"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return interrupting.build(tmp_path_factory.mktemp("interrupted"))


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_an_interrupted_command_ends_with_130(words: tuple[str, ...], lines: int, made: Path) -> None:
    environment = {**interrupting.surroundings(made.parent), "REGISTRY_NO_CACHE": "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", STARTER, str(lines), *words],
        cwd=made,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr
    if done.returncode != interrupting.INTERRUPTED:
        # So few lines ran that it was never interrupted, or files were written already.
        assert done.returncode in (0, 2, 3), done.stderr
        assert lines >= 9_000
    elif done.stdout:
        assert json.loads(done.stdout)["command"] == words[0]


def test_the_answer_is_json_where_it_was_asked_for(made: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", STARTER, "2500", "plan", "--format", "json"],
        cwd=made, env=interrupting.surroundings(made.parent), capture_output=True, check=False, text=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["exit"], told["errors"][0]["code"]) == (130, "interrupted")
    assert done.stderr == "registry plan: interrupted; nothing was written\n"


def test_the_answer_without_imports_is_the_answer_with_them() -> None:
    plain = json.loads(interrupts.as_json("plan"))
    error = {"code": "interrupted", "message": interrupts.message("plan")}
    assert plain == json.loads(dumps(envelope("plan", interrupting.INTERRUPTED, [error])))
    assert plain["format_version"] == FORMAT_VERSION


def test_whoever_ignores_it_goes_on_doing_so(made: Path) -> None:
    """A shell lets jobs in the background ignore Ctrl-C."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "import registry_reconciler.cli.program as program\n"
        "import os; os.kill(os.getpid(), signal.SIGINT); import sys; sys.argv = ['registry', 'list']\n"
        "sys.exit(program.main())"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=made, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_caller_of_main_keeps_its_own_handlers(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry_reconciler.cli.main import main

    monkeypatch.chdir(made)
    before = signal.getsignal(signal.SIGINT)
    assert main(["list"]) == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_what_python_would_only_print_is_raised_again(made: Path) -> None:
    """In a destructor an interruption is lost; ``run`` gets it all the same."""
    code = (
        "import registry_reconciler.cli.program as program, os, signal, sys\n"
        "from registry_reconciler.cli.commands import run\n"
        "class Odd:\n"
        "    def __del__(self): os.kill(os.getpid(), signal.SIGINT); [None for _ in range(9)]\n"
        "def command(*words, **named):\n"
        "    odd = Odd(); del odd\n"
        "    for _ in range(10_000_000): pass\n"
        "    return 0\n"
        "import registry_reconciler.cli.main as entry\n"
        "entry._run = lambda words: command()\n"
        "sys.argv = ['registry', 'run', 'slow']\n"
        "sys.exit(program.main())"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=made, capture_output=True, check=False, text=True
    )
    assert (done.returncode, done.stderr) == (130, f"registry run: {interrupts.MESSAGE}\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_script_does_not_outlive_the_command_that_runs_it(number: int, code: int, made: Path) -> None:
    script = made / "slow.sh"
    before = script.read_text()
    script.write_text("#!/bin/sh\necho $$ >pid\nsleep 30\n")
    (made / "pid").unlink(missing_ok=True)
    process = subprocess.Popen(
        [*interrupting.program(), "run", "slow"], cwd=made, env=interrupting.surroundings(made.parent),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while not (made / "pid").exists() or not (made / "pid").read_text().strip():
            assert process.poll() is None
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        script.write_text(before)
    assert process.returncode == code
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(int((made / "pid").read_text()), 0)
    (made / "pid").unlink()


@pytest.mark.parametrize(
    ("code", "err", "end"),
    [
        (130, "registry plan: interrupted", "interrupted"),
        (0, "", "too late"),
        (1, "", "WRONG"),
        (1, 'Traceback\n  File "/x/registry_reconciler/model/plan.py"', "WRONG"),
        (0, 'Exception ignored in\nTraceback\n  File "/x/registry_reconciler/cli/main.py"', "WRONG"),
        (-2, 'Traceback\n  File "<frozen site>"', "before us"),
        (130, "LEFT .x.tmp", "WRONG"),
    ],
)
def test_the_sweep_can_tell(code: int, err: str, end: str) -> None:
    assert interrupting.judge(code, err) == end
