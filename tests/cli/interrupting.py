"""Ctrl-C at many moments of many commands: ``python -P -m tests.cli.interrupting [ROUNDS [SEED]]``.

Each round starts a command, waits for a moment between its start and somewhat more than it takes, and sends SIGINT. It
has to end with 130, or with what it ends with otherwise where the signal came too late; never with a traceback, but for
one of the interpreter's own start, in which no line of ours has run yet.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.support import FRAGMENT

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--report", "json=../report.json"),
    ("plan", "--base", "HEAD"),
    ("check",),
    ("drift",),
    ("diff", "HEAD", "HEAD"),
    ("apply", "--yes"),
    ("list",),
    ("show", "route/api.errors"),
    ("explain", "REF001"),
    ("fmt",),
    ("fix",),
    ("graph",),
    ("schema", "plan"),
    ("recover",),
    ("run", "slow"),
    ("--help",),
)
SLOW = """\
ability_low:
- ability_id: slow
  summary: Sleeps.
  group: g
  required_caps: []
  implementation: {kind: script, command: [./slow.sh]}
"""
OURS = re.compile(r"registry_reconciler/(?!__init__\.py)")
INTERRUPTED = 130


def build(folder: Path) -> Path:
    """A workspace with something left to apply."""
    work = folder / "work"
    work.mkdir()
    environment = surroundings(folder)
    (work / "slow.sh").write_text("#!/bin/sh\nsleep 0.2\necho 1\n")
    (work / "slow.sh").chmod(0o755)
    subprocess.run([*program(), "init"], cwd=work, env=environment, check=True, capture_output=True)
    (work / "desired/all.yaml").write_text(FRAGMENT + SLOW)
    subprocess.run([*program(), "apply", "--yes"], cwd=work, env=environment, check=True, capture_output=True)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], cwd=work, check=True, capture_output=True)
    (work / "desired/all.yaml").write_text((FRAGMENT + SLOW).replace("topic: errors", "topic: faults"))
    return work


def surroundings(folder: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "XDG_STATE_HOME": str(folder / "state")}


def program() -> list[str]:
    return [sys.executable, "-I", "-m", "registry_reconciler"]


def interrupt(work: Path, words: tuple[str, ...], after: float) -> tuple[int, str, str]:
    """Run a command on a copy of the workspace, and interrupt it after so many seconds."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(work.parent, Path(name, "here"), symlinks=True)
        here = Path(name, "here/work")
        process = subprocess.Popen(
            [*program(), *words],
            cwd=here,
            env=surroundings(here.parent),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            time.sleep(after)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
        left = [one.name for one in here.parent.rglob("*.tmp")]
        return process.returncode, out, err + "".join(f"LEFT {one}\n" for one in left)


def judge(code: int, err: str) -> str:
    """What the end was like: ``interrupted``, ``too late``, ``before us``, or ``WRONG``."""
    if "LEFT" in err:
        return "WRONG"
    if "Traceback" in err or "Exception ignored" in err or "Fatal Python" in err:
        # Lines of the package's own first module are run by the machinery that starts it.
        return "WRONG" if OURS.search(err) else "before us"
    if code == -signal.SIGINT:
        return "before us"
    if code == INTERRUPTED:
        return "interrupted"
    return "too late" if code in (0, 2, 3) else "WRONG"


def main(rounds: int, seed: int) -> int:
    """Try, print what the ends were like, and exit 1 where one was wrong."""
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        work = build(Path(name))
        for number in range(rounds):
            words = COMMANDS[number % len(COMMANDS)]
            after = chance.uniform(0, 0.6)
            code, out, err = interrupt(work, words, after)
            end = judge(code, err)
            ends[end] += 1
            if end == "WRONG":
                print(f"{words} after {after:.4f} s: exit {code}\n{out[-300:]}\n{err[-2000:]}")
    print(dict(ends))
    return 1 if ends["WRONG"] else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [300, 1][len(numbers) :])))
