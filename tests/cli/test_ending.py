"""The program leaves what it holds to the system; whoever calls ``main`` gets everything back."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_reconciler.cli import ending
from registry_reconciler.cli.main import main


class Value:
    """Something large."""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    ending._ending.kept = None
    gc.unfreeze()


def test_a_value_of_the_program_stays() -> None:
    value = Value()
    seen = weakref.ref(value)
    ending.begin_program()
    ending.keep_until_the_end(value)
    ending.end_program()
    del value
    ending._ending.kept = None
    gc.collect()
    assert seen() is not None


def test_a_value_of_a_caller_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert main(["plan"]) == 0
    value = Value()
    seen = weakref.ref(value)
    ending.keep_until_the_end(value)
    ending.end_program()
    del value
    assert seen() is None
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("command", ["plan", "check", "drift"])
def test_what_runs_at_the_exit_still_runs(command: str, tmp_path: Path) -> None:
    code = (
        "import atexit, sys; from registry_reconciler.cli.main import main; main(['init'])\n"
        "atexit.register(print, 'said goodbye')\n"
        f"sys.argv = ['registry', {command!r}]; sys.exit(main())"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith("said goodbye\n")
