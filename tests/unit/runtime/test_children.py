"""What a script starts ends with it, wherever it went: in a session of its own, below nobody, without words."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import InvocationResult, open_runtime
from registry_reconciler.runtime.execution import handlers, supervise
from registry_reconciler.runtime.execution.handlers import RunLimits
from tests.unit.runtime.helper import Site, runs

pytestmark = pytest.mark.skipif(
    not handlers.SUPERVISED, reason="only Linux can find children that left their group"
)

WAIT = "import time\ntime.sleep(60)\n"
NOTE = "open('pids', 'a').write(f'{os.getpid()}\\n')\n"

LEAVERS = {
    "a child": f"if os.fork() == 0:\n    {NOTE}    time.sleep(60)\n",
    "a session of its own": f"if os.fork() == 0:\n    os.setsid()\n    {NOTE}    time.sleep(60)\n",
    "a daemon": (
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork():\n"
        "        os._exit(0)\n"
        "    os.chdir('/')\n"
        "    for fd in (0, 1, 2):\n"
        "        os.close(fd)\n"
        "    open(root + '/pids', 'a').write(f'{os.getpid()}\\n')\n"
        "    time.sleep(60)\n"
    ),
    "a daemon that holds the pipes": (
        f"if os.fork() == 0:\n    os.setsid()\n    if os.fork():\n        os._exit(0)\n    {NOTE}    time.sleep(60)\n"
    ),
    "a daemon that heeds no signal": (
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    for number in (1, 2, 3, 15):\n"
        "        signal.signal(number, signal.SIG_IGN)\n"
        f"    {NOTE}"
        "    time.sleep(60)\n"
    ),
    "a daemon without environment": (
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    {NOTE}"
        "    os.execve('/usr/bin/env', ['env', '-i', 'sleep', '60'], {})\n"
    ),
    "one that hops": (
        # It goes on in a child of its own again and again: who looks once looks too late.
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    {NOTE}"
        "    end = time.time() + 20\n"
        "    while time.time() < end:\n"
        "        if os.fork():\n"
        "            os._exit(0)\n"
        "        open('hops', 'w').write(str(os.getpid()))\n"
    ),
    "a family": (
        "for _ in range(20):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        os.fork()\n"
        f"        {NOTE}"
        "        time.sleep(60)\n"
    ),
}

BEGIN = "import os, signal, sys, time\nroot = os.getcwd()\n"
READY = "while not os.path.exists('pids'):\n    time.sleep(0.01)\n"

ENDS = {
    "at its end": ("print('done')\n", "ok"),
    "when it fails": ("sys.exit(3)\n", "failed"),
    "when it is killed": ("os.kill(os.getpid(), 9)\n", "failed"),
    "at the time limit": ("time.sleep(60)\n", "timeout"),
    "when it says too much": ("while True:\n    print('x' * 1000)\n", "failed"),
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    yield made
    # Whatever the code under test forgot is not left to the machine.
    for pid in pids(made):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def pids(site: Site) -> list[int]:
    return [
        int(line)
        for name in ("pids", "hops", "script")
        if (site.root / name).exists()
        for line in (site.root / name).read_text().split()
    ]


def ability(site: Site, source: str, **fields: Any) -> None:
    how = {**site.script("s", BEGIN + source), **fields}
    site.abilities({"ability_id": "a", "implementation": how})


def invoke(site: Site, **settings: Any) -> InvocationResult[Any]:
    return open_runtime(site.root).invoker(audit=lambda line: None, **settings).invoke("a", None, caps=[])


def gone(site: Site) -> bool:
    """Whether all have ended. Killing takes effect a moment after it was asked for."""
    assert pids(site)
    end = time.monotonic() + 10
    while any(map(runs, pids(site))) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(runs, pids(site)))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("leaver", LEAVERS)
def test_no_child_outlives_its_script(site: Site, leaver: str, end: str) -> None:
    last, status = ENDS[end]
    ability(site, LEAVERS[leaver] + READY + last)
    seconds = 3 if status == "timeout" else 60
    result = invoke(site, limits=RunLimits(seconds, 10_000))
    assert result.status == status, result.error
    if status == "ok":
        assert result.value == "done\n"
    # Not "soon": when the call comes back they have ended.
    assert not any(map(runs, pids(site)))
    assert pids(site)


def test_a_child_of_a_hook_ends_with_it_as_well(site: Site) -> None:
    ability(site, "pass\n")
    hook = site.script("h", BEGIN + LEAVERS["a daemon"] + READY)
    site.hook("guard", "PreAbilityCall", blocking=True, handler=hook)
    assert invoke(site).ok
    assert gone(site)


CALLER = """
import sys
from registry_reconciler.runtime import open_runtime
print(open_runtime(sys.argv[1]).invoker(audit=lambda line: None).invoke("a", None, caps=[]).status)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_was_started_ends_when_the_caller_does(site: Site, number: int) -> None:
    ability(
        site,
        LEAVERS["a daemon"] + READY + "open('script', 'w').write(str(os.getpid()))\n" + "time.sleep(60)\n",
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, str(site.root)], stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        end = time.monotonic() + 30
        while not (site.root / "script").exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert all(map(runs, pids(site)))
        caller.send_signal(number)
        caller.wait(30)
    finally:
        caller.kill()
        caller.wait()
    assert gone(site)


def test_a_fork_of_the_caller_does_not_keep_a_script_alive(site: Site) -> None:
    """It has a copy of the pipe whose end would end the script."""
    ability(site, LEAVERS["a daemon"] + READY + "time.sleep(60)\n", timeout_seconds=2)
    plain = os.pipe()
    # As with a worker process of the program that is forked while a script runs.
    from threading import Timer

    forked: list[int] = []

    def fork() -> None:
        pid = os.fork()
        if pid == 0:
            os.read(plain[0], 1)
            os._exit(0)
        forked.append(pid)

    timer = Timer(0.7, fork)
    timer.start()
    try:
        assert invoke(site).status == "timeout"
        assert gone(site)
    finally:
        timer.join()
        os.write(plain[1], b"x")
        for pid in forked:
            os.waitpid(pid, 0)
        os.close(plain[0])
        os.close(plain[1])


def test_a_script_that_ends_its_supervisor_has_failed_and_goes_with_it(site: Site) -> None:
    ability(site, "open('script', 'w').write(str(os.getpid()))\nos.kill(os.getppid(), 9)\ntime.sleep(60)\n")
    result = invoke(site, limits=RunLimits(30))
    assert result.status == "failed"
    assert "ended its supervisor" in result.error
    assert gone(site)


def test_a_script_that_leaves_what_cannot_be_ended_has_failed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a process of another user, which needs rights to make that a test may not have."""
    helpless = tmp_path / "helpless.py"
    helpless.write_text("import os, sys\nos.write(int(sys.argv[2]), b'0 2')\n")
    monkeypatch.setattr(handlers, "_SUPERVISOR", str(helpless))
    ability(site, "print('done')\n")
    result = invoke(site)
    assert result.status == "failed"
    assert "s.py has ended, and 2 of its processes could not be ended" in result.error


def test_the_supervisor_counts_what_it_cannot_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(supervise, "_SECONDS_TO_END", 0.0)
            patched.setattr(supervise, "descendants", lambda top: [pid])
            patched.setattr(os, "kill", refuse)
            assert supervise._Children(pid).end() == 1
        assert runs(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def refuse(pid: int, number: int) -> None:
    raise PermissionError


ENDED = """
import signal, sys
from registry_reconciler.runtime import open_runtime
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(open_runtime(sys.argv[1]).invoker(audit=lambda line: None).invoke("a", None, caps=[]).error)
"""


def test_how_a_script_ended_is_known_where_the_caller_does_not_want_to_know(site: Site) -> None:
    """A program that ignores SIGCHLD is told 0 by the system, whatever happened."""
    ability(site, "pass\n")
    hook = site.script("h", "raise SystemExit('no')\n")
    site.hook("guard", "PreAbilityCall", blocking=True, handler=hook)
    command = [sys.executable, "-c", ENDED, str(site.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "the hook guard denied it: guard ended with exit 1: no\n"


def test_a_script_starts_as_if_nobody_stood_between(site: Site) -> None:
    ability(
        site,
        "import json\n"
        "print(json.dumps({\n"
        "    'session': os.getsid(0) == os.getpid() == os.getpgrp(),\n"
        "    'files': sorted(int(n) for n in os.listdir('/proc/self/fd') if int(n) < 100)[:3],\n"
        "    'more': [n for n in os.listdir('/proc/self/fd') if int(n) > 2\n"
        "             and os.path.exists(f'/proc/self/fd/{n}')\n"
        "             and not os.readlink(f'/proc/self/fd/{n}').startswith(('/proc', root))],\n"
        "    'variables': sorted(os.environ),\n"
        "    'folder': root,\n"
        "}))\n",
    )
    said = invoke(site).value
    assert said["session"] is True
    assert said["files"] == [0, 1, 2]
    assert said["more"] == []
    assert set(said["variables"]) - {"LC_CTYPE"} == {"LANG", "PATH", "REGISTRY_ABILITY", "REGISTRY_ROOT"}
    assert said["folder"] == str(site.root)


def test_a_broken_pipe_ends_a_program_as_it_does_in_a_shell(site: Site) -> None:
    site.write("s.sh", b"#!/bin/sh\nyes | head -1\nkill -PIPE $$\necho not reached\n").chmod(0o755)
    site.abilities({"ability_id": "a", "implementation": {"kind": "script", "command": ["./s.sh"]}})
    result = invoke(site)
    assert (result.status, "signal 13" in result.error) == ("failed", True)


def test_variables_that_a_workspace_sets_do_not_reach_the_supervisor(site: Site, tmp_path: Path) -> None:
    (tmp_path / "trap").mkdir()
    for name in ("sitecustomize", "ctypes", "signal", "select", "supervise"):
        (tmp_path / "trap" / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
        site.write(f"{name}.py", f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode())
    script = site.script("s", "import os\nprint(os.environ['PYTHONPATH'])\n")
    values = {"PYTHONPATH": str(tmp_path / "trap"), "PYTHONSTARTUP": str(tmp_path / "trap/signal.py")}
    site.abilities({"ability_id": "a", "implementation": {**script, "env": values}})
    assert invoke(site).value == f"{tmp_path / 'trap'}\n"
    assert not (tmp_path / "ran").exists()


def test_no_descriptor_and_no_process_is_left_behind(site: Site) -> None:
    ability(site, "print(1)\n")
    site.hook("guard", "PreAbilityCall", blocking=True, handler={"kind": "script", "command": ["no-such-x"]})
    invoke(site)
    before = len(os.listdir("/proc/self/fd"))
    others = supervise.descendants(os.getpid())
    for _ in range(3):
        assert invoke(site).status == "hook_blocked"
    (site.root / ".system/hooks/guard.yaml").unlink()
    for _ in range(3):
        assert invoke(site).ok
    assert len(os.listdir("/proc/self/fd")) == before
    assert set(supervise.descendants(os.getpid())) <= set(others)


def test_where_the_system_has_no_supervisor_the_group_still_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "SUPERVISED", False)
    ability(site, LEAVERS["a child"] + READY + "print('done')\n")
    assert invoke(site).value == "done\n"
    assert gone(site)
    monkeypatch.setattr(handlers, "_SECONDS_TO_READ", 0.5)
    ability(site, LEAVERS["a daemon that holds the pipes"] + READY + "print('done')\n")
    result = invoke(site, limits=RunLimits(30))
    # It is not ended there (the docs say so). The caller neither waits for it nor takes half of what was said.
    assert result.status == "failed"
    assert "s.py has ended, and something that it started holds its output open" in result.error


def test_an_answer_that_was_not_heard_to_its_end_is_no_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine so busy that nobody read: silence would be a "go on"."""
    ability(site, "open('ran', 'w')\n")
    hook = site.script("h", "print('{\"block\": true}')\n")
    site.hook("guard", "PreAbilityCall", blocking=True, handler=hook)
    monkeypatch.setattr(handlers, "_SECONDS_TO_READ", 0.1)
    monkeypatch.setattr(handlers._ChildRun, "_collect", lambda *given: time.sleep(5))
    assert invoke(site).status == "hook_blocked"
    assert not (site.root / "ran").exists()
