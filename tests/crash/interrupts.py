"""Ctrl-C at the n-th system call of a command: ``python -m tests.crash.interrupts [POINTS [COMMAND...]]``.

strace counts the calls of each sort and sends SIGINT at one of them, so a point is a place in the program and no moment
of a clock. The command has to end with 130 and say so, or with what it ends with otherwise; never with a traceback,
never by the bare signal. Afterwards the workspace is old or new, where need be after ``registry recover``.

What comes before the first line of ours is the interpreter's: its own start, the imports of the script that pip wrote.
A point counts as such until the second time that somebody sets a handler: the first time is Python's.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.cli import interrupting

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "--format", "json"),
    ("apply", "--yes"),
    ("adopt", "route/api.extra"),
    ("fmt",),
    ("drift",),
    ("show", "route/api.errors"),
    ("set", "route/api.errors", "topic=mistakes", "--apply", "--yes"),
)
EXTRA = """\
routes:
  - id: api.extra
    scope: api2
    topic: extra
    module_id: payments.api
    when_to_use: Never.
"""
WRITTEN = ("desired", "modules", ".system/registry/low-level")
INTERRUPTED = 130
LAST = 150
"""So many of the last calls are looked at more closely."""
HANDLER = re.compile(r"rt_sigaction\(SIGINT, \{")
CALL = re.compile(r"(\w+)\(")


def available() -> str:
    """Why this cannot be tried here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, text=True)
    return "strace is not permitted here" if tried.returncode else ""


def program() -> list[str]:
    """The installed command."""
    script = Path(sys.executable).with_name("registry")
    return [str(script)] if script.exists() else interrupting.program()


def build(folder: Path) -> Path:
    """A workspace with something to apply, to adopt and to format."""
    folder.mkdir(exist_ok=True)
    work = interrupting.build(folder)
    (work / "modules/routes/api2.yaml").write_text(EXTRA)
    fragment = work / "desired/all.yaml"
    fragment.write_text(fragment.read_text().replace("    topic: faults", '    "topic":   faults'))
    return work


def traced(
    base: Path, folder: Path, words: tuple[str, ...], point: tuple[str, int] | None
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a command on a copy of the workspace, interrupted at a call; with the lines of strace."""
    shutil.copytree(base, folder, symlinks=True)
    log = folder / "strace.log"
    inject = [] if point is None else ["-e", f"inject={point[0]}:signal=SIGINT:when={point[1]}"]
    done = subprocess.run(
        ["strace", "-qq", "-o", str(log), *inject, *program(), *words],
        cwd=folder / "work",
        env=interrupting.surroundings(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    return done, log.read_text(errors="replace").splitlines()


def contents(folder: Path) -> dict[str, bytes]:
    """What people and programs read of a workspace."""
    work = folder / "work"
    return {
        str(path.relative_to(work)): path.read_bytes()
        for top in WRITTEN
        for path in sorted((work / top).rglob("*"))
        if path.is_file()
    }


class Command:
    """A command, how it ends undisturbed, and its calls."""

    def __init__(self, base: Path, words: tuple[str, ...]) -> None:
        self.base, self.words = base, words
        self.old = contents(base)
        with tempfile.TemporaryDirectory() as name:
            done, lines = traced(base, Path(name, "here"), words, None)
            self.code, self.new = done.returncode, contents(Path(name, "here"))
        assert self.code in (0, 2), done.stderr
        self.calls = Counter(found[1] for line in lines if (found := CALL.match(line)))
        for ended in ("execve", "exit_group"):
            del self.calls[ended]
        # The order in which the calls were made: points are spread over the whole of it.
        seen: Counter[str] = Counter()
        self.points: list[tuple[str, int]] = []
        for line in lines:
            found = CALL.match(line)
            if found is not None and found[1] in self.calls:
                seen[found[1]] += 1
                self.points.append((found[1], seen[found[1]]))

    def some(self, count: int) -> Iterator[tuple[str, int]]:
        """So many points, at equal distances; half as many once more among the last calls, where a process ends."""
        for points, most in ((self.points, count), (self.points[-LAST:], (count + 1) // 2)):
            step = max(1.0, len(points) / most)
            yield from (points[int(number * step)] for number in range(min(most, len(points))))

    def judge(self, point: tuple[str, int]) -> str:
        """What came of an interruption: ``interrupted``, ``too late``, ``before us``, or what was wrong."""
        with tempfile.TemporaryDirectory() as name:
            here = Path(name, "here")
            done, lines = traced(self.base, here, self.words, point)
            at = next((number for number, line in enumerate(lines) if line.startswith("--- SIGINT")), None)
            if at is None:
                return "" if done.returncode == self.code else f"exit {done.returncode}: {done.stderr}"
            wrong = self._left(here)
            if wrong:
                return f"WRONG: {wrong}\n{done.stderr}"
            ours = sum(bool(HANDLER.match(line)) for line in lines[:at]) > 1
            if not ours:
                return "before us" if done.returncode in (1, 130, -signal.SIGINT, self.code) else "WRONG"
            bad = [word for word in ("Traceback", "Exception ignored", "Fatal Python") if word in done.stderr]
            if bad or done.returncode not in (INTERRUPTED, self.code):
                return f"WRONG: exit {done.returncode}\n{done.stderr}"
            if done.returncode == self.code:
                return "too late"
            return "interrupted" if "interrupted" in done.stderr else "WRONG: it says nothing"

    def _left(self, here: Path) -> str:
        """What is half done, although somebody recovered."""
        again = _run(here, "recover")
        if again.returncode:
            return f"recover: exit {again.returncode}: {again.stderr}"
        found = contents(here)
        if found not in (self.old, self.new):
            return "neither old nor new: " + ", ".join(
                path
                for path in sorted({*found, *self.old, *self.new})
                if found.get(path) != self.old.get(path)
            )
        looked = _run(here, "plan")
        if looked.returncode == 0:
            return ""
        return f"plan: exit {looked.returncode}: {looked.stdout[-500:]}{looked.stderr[-1000:]}"


def _run(here: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the workspace that was interrupted."""
    return subprocess.run(
        [*program(), *words],
        cwd=here / "work",
        env=interrupting.surroundings(here),
        capture_output=True,
        text=True,
        timeout=60,
    )


def main(points: int, only: tuple[str, ...]) -> int:
    """Try, print what the ends were like, and exit 1 where one was wrong."""
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        build(Path(name, "base"))
        for words in COMMANDS:
            if only and words[0] not in only:
                continue
            command = Command(Path(name, "base"), words)
            mine: Counter[str] = Counter()
            for point in command.some(points):
                end = command.judge(point)
                mine[end.partition(":")[0]] += 1
                if end.startswith("WRONG"):
                    print(words, point, end)
            print(" ".join(words), len(command.points), "calls", dict(mine), flush=True)
            ends.update(mine)
    print(dict(ends))
    return 1 if ends["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60, tuple(sys.argv[2:])))
