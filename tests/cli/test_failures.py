"""How commands end that cannot do their work: never in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry_reconciler.cli.commands import check
from registry_reconciler.errors import LockHeld
from tests.support import ROUTES, Box, installed


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), "interrupted", "interrupted"),
        (PermissionError(13, "Permission denied", "/x/y"), "io", "/x/y: Permission denied"),
        (OSError(28, "No space left on device"), "io", "No space left"),
        (MemoryError(), "io", "too little memory"),
        (RuntimeError("can't start new thread"), "io", "no thread"),
        (LockHeld("pid 7 is applying"), "lock_held", "pid 7"),
        (RuntimeError("odd\nthing"), "internal", "RuntimeError: odd thing"),
        (RecursionError("deep"), "internal", "report it"),
    ],
)
def test_whatever_is_raised_is_one_message_and_json(
    box: Box, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: str, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(check, "quick_planning_of", fail)
    ran = box.run("check", "--format", "json", "--report", "json=out.json")
    assert ran.exit == (130 if code == "interrupted" else 1)
    assert ran.json["errors"][0]["code"] == code
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert json.loads(box.read("out.json")) == ran.json


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LockHeld("pid 7 is applying"), "registry check: pid 7 is applying"),
        (
            OSError(28, "No space left on device"),
            "registry check: the files of registry itself cannot be read",
        ),
    ],
)
def test_a_failure_that_no_module_can_word_any_more_is_one_line(
    box: Box, monkeypatch: pytest.MonkeyPatch, error: BaseException, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(check, "quick_planning_of", fail)
    # As on a disk that is gone: what was not read yet can be read no more.
    monkeypatch.setitem(sys.modules, "registry_reconciler.cli.failures", None)
    ran = box.run("check")
    assert ran.exit == 1
    assert ran.err.startswith(said)
    assert ran.err.count("\n") == 1


def test_the_traceback_is_there_for_those_who_ask(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(check, "quick_planning_of", fail)
    monkeypatch.setenv("REGISTRY_DEBUG", "1")
    assert "Traceback" in box.run("check").err


def test_messages_show_hidden_characters(box: Box) -> None:
    ran = box.run("show", "route/\x1b[31m\u202e")
    assert ran.exit == 64
    assert "\x1b" not in ran.err
    assert "\\x1b[31m\\u202e" in ran.err


def test_a_reader_that_leaves_is_no_failure(applied: Box) -> None:
    script = Path(sys.executable).parent / "registry"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [script, "schema", "plan"], cwd=applied.root, stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("plan", "--format", "json"),
        ("show", "route/none", "--format", "json"),
        ("drift", "--format", "github"),
        ("nothing", "--format", "json"),
        ("help",),
        ("plan", "--help"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_a_full_disk_behind_standard_output_is_a_failure(
    applied: Box, words: tuple[str, ...], buffered: str
) -> None:
    script = Path(sys.executable).parent / "registry"
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [script, *words],
            cwd=applied.root,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": buffered},
        )
    assert done.returncode in (1, 64)
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("apply", "--yes"), "registry changed no file of the workspace"),
        (("apply", "--yes", "--format", "json"), "all files were written before that\n  try: registry log"),
    ],
    ids=["text", "json"],
)
def test_an_apply_that_cannot_answer_says_what_it_did(
    applied: Box, words: tuple[str, ...], said: str
) -> None:
    applied.write("desired/more.yaml", "module_type:\n  - {id: late, description: Came last.}\n")
    before = applied.run("plan", "--format", "json").json["summary"]["create"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [Path(sys.executable).parent / "registry", *words],
            cwd=applied.root,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert (done.returncode, before) == (1, 1)
    assert "could not be written to standard output: No space left on device" in done.stderr
    assert said in done.stderr
    left = applied.run("plan", "--format", "json").json["summary"]["create"]
    assert left == (0 if "all files" in said else 1)


def test_a_held_lock_is_waited_for_and_then_named(applied: Box) -> None:
    code = (
        "import sys, pathlib; from registry_reconciler.apply import WorkspaceLock; "
        "lock = WorkspaceLock.acquire(pathlib.Path('.'), command='a long apply', timeout=5); "
        "print('held', flush=True); sys.stdin.read(); lock.release()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=applied.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = applied.run("plan", "--lock-timeout", "0.1", "--format", "json")
    finally:
        holder.communicate("")
    assert ran.exit == 1
    assert ran.json["errors"][0]["code"] == "lock_held"
    assert "a long apply" in ran.err
    assert applied.run("plan").exit == 0


def test_an_interrupted_apply_stops_readers_and_the_next_apply_recovers_first(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, sys\n"
        "from registry_reconciler.apply import files\n"
        "from registry_reconciler.cli.main import main\n"
        "def hook(index, name, arguments, call):\n"
        "    if name in ('place', 'exchange') and 'api.yaml' in map(str, arguments):\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return call()\n"
        "files.watch(hook)\n"
        "main(['apply', '--yes'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=box.root, capture_output=True, check=False)
    assert done.returncode == -9
    stopped = box.run("plan", "--format", "json")
    assert stopped.exit == 1
    assert stopped.json["errors"][0]["code"] == "interrupted_apply"
    assert stopped.json["next"] == [["registry", "recover"]]
    ran = box.run("apply", "--yes", "--format", "json")
    assert ran.exit == 0
    assert ran.json["recovered"]["direction"] in ("forward", "back")
    assert "api.errors" in box.read(ROUTES)
    assert box.run("plan", "--detailed-exitcode").exit == 0
    assert box.run("recover", "--format", "json").json["recovered"]["direction"] == "nothing"


def test_both_entries_are_the_same_command(applied: Box) -> None:
    one = installed("list", "--format", "json", cwd=applied.root)
    done = subprocess.run(
        [sys.executable, "-m", "registry_reconciler", "list", "--format", "json"],
        cwd=applied.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (one.exit, one.out) == (done.returncode, done.stdout)
    assert len(one.json["entries"]) == 4


def test_a_plan_works_in_a_read_only_checkout_and_writes_nothing(applied: Box) -> None:
    before = applied.files()
    folders = [path for path in applied.root.rglob("*") if path.is_dir()]
    try:
        for path in (applied.root, *folders):
            path.chmod(0o555)
        assert applied.run("plan").exit == 0
        assert applied.run("check").exit == 0
    finally:
        for path in (applied.root, *folders):
            path.chmod(0o755)
    assert applied.files() == before


@pytest.mark.skipif(os.name == "nt", reason="there no folder goes while somebody is in it")
def test_a_folder_that_went_is_said(applied: Box) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {Path(sys.executable).parent / 'registry'} plan"
    done = subprocess.run(["sh", "-c", script], cwd=applied.root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the folder that this was called in is gone" in done.stderr
