"""A fleet: ``.venv/bin/python -m benchmarks.fleet [--repositories N] [--entries N] [--short]``.

By default 2,000 repositories of 500 entries, a million in all; ``--short`` has 40. Each is a git repository of its own,
looked at in its commit, without a checkout. Planned with one worker and with two, in turns, then once more with nothing
changed, then published; beside ``xargs -P`` over checkouts (of at most 40 of them, scaled up). Time by the clock, as
several processes share the work, with the load of the machine at the end; memory is the sum over all processes, at its
highest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.data import make

SAMPLE = 40
"""So many checkouts the shell loop goes over."""

ONE = """\
import json, sys, time
from registry_reconciler.fleet import read_manifest
from registry_reconciler.fleet.run import run
from pathlib import Path
manifest, workers, remember = read_manifest(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3] == "yes"
began, first, busy, failed = time.perf_counter(), 0.0, 0.0, []
for outcome in run(manifest.repositories, "plan", {}, workers=workers, remember=remember):
    first = first or time.perf_counter() - began
    busy += outcome.seconds
    if outcome.error:
        failed.append([outcome.name, outcome.error])
wall = time.perf_counter() - began
print(json.dumps({"wall": wall, "first": first, "busy": busy, "failed": failed[:3]}))
"""


def made(home: Path, repositories: int, entries: int) -> None:
    """The repositories, each with a file of its own so that no two have equal trees, and the fleet's file."""
    template = home / "template"
    make(template, entries, changed=1.0)
    files = {
        path.relative_to(template).as_posix(): path.read_bytes()
        for path in sorted(template.rglob("*"))
        if path.is_file()
    }
    rows = []
    for number in range(repositories):
        name = f"r{number:05}"
        folder = home / "git" / name
        subprocess.run(["git", "init", "-q", "--template=", str(folder)], check=True)
        stream = b"".join(_stream({**files, "README": name.encode()}))
        subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True)
        rows.append(f"  - {{name: {name}, path: git/{name}, rev: bench}}\n")
    (home / "fleet.yaml").write_text(f"repositories:\n{''.join(rows)}", "utf-8")


def _stream(files: dict[str, bytes]) -> Iterator[bytes]:
    yield b"commit refs/heads/bench\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 3\none\n"
    for path, data in files.items():
        yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


class Watched:
    """A command with the memory of all its processes together, at its highest."""

    def __init__(self, words: Sequence[str], home: Path) -> None:
        self.memory = 0
        self._done = threading.Event()
        environment = {**os.environ, "XDG_CACHE_HOME": str(home / "cache")}
        began = time.perf_counter()
        self._process = subprocess.Popen(words, cwd=home, env=environment, stdout=subprocess.PIPE, text=True)
        watching = threading.Thread(target=self._watch, daemon=True)
        watching.start()
        self.out, _ = self._process.communicate()
        self.wall = time.perf_counter() - began
        self._done.set()
        watching.join()
        self.exit = self._process.returncode

    def _watch(self) -> None:
        while not self._done.wait(0.5):
            total = 0
            try:
                top = psutil.Process(self._process.pid)
                for process in (top, *top.children(recursive=True)):
                    try:
                        total += process.memory_info().rss
                    except psutil.Error:
                        continue
            except psutil.Error:
                continue
            self.memory = max(self.memory, total)


def planned(home: Path, workers: int, *, remember: bool) -> dict[str, Any]:
    """One plan of all repositories."""
    words = [sys.executable, "-c", ONE, "fleet.yaml", str(workers), "yes" if remember else "no"]
    run = Watched(words, home)
    found: dict[str, Any] = json.loads(run.out)
    if found["failed"]:
        raise SystemExit(f"{len(found['failed'])} failed: {found['failed']}")
    return {**found, "wall": run.wall, "memory": run.memory}


def looped(home: Path, repositories: int, workers: int) -> float:
    """Seconds that a shell loop takes over checkouts, for all repositories."""
    names = [f"r{number:05}" for number in range(min(SAMPLE, repositories))]
    for name in names:
        folder = home / "git" / name
        if not (folder / "desired").exists():
            subprocess.run(["git", "checkout", "-q", "bench"], cwd=folder, check=True)
    command = f"{sys.executable} -m registry_reconciler plan --root git/{{}} --no-cache > /dev/null"
    words = ["xargs", "-P", str(workers), "-I{}", "sh", "-c", command]
    began = time.perf_counter()
    subprocess.run(words, cwd=home, input="\n".join(names), text=True, check=True)
    return (time.perf_counter() - began) * repositories / len(names)


def on_paper(one: dict[str, Any], repositories: int, workers: int) -> float:
    """Seconds with more workers: the work is shared, what begins and hands out is not."""
    each = max(one["wall"] - one["first"] - one["busy"], 0) / repositories
    return float(one["first"] + one["busy"] / workers + each * repositories)


def shown(what: str, seconds: float, more: str = "") -> None:
    print(f"{what:44} {seconds:10.1f} s  {more}", flush=True)


def measure(home: Path, repositories: int, entries: int, repeats: int) -> None:
    """Everything, a line each."""
    total = repositories * entries
    runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for _ in range(repeats):
        for workers in runs:
            runs[workers].append(planned(home, workers, remember=False))
    best = {workers: min(some, key=lambda run: run["wall"]) for workers, some in runs.items()}
    for workers, run in best.items():
        share = 1 - run["busy"] / (run["wall"] * workers)
        memory = f"{run['memory'] / 1e6:,.0f} MB"
        rest = f"{share:.0%} is not planning; the first answer after {run['first']:.1f} s"
        shown(f"plan, {workers} worker{'s' if workers > 1 else ''}", run["wall"], f"{memory}; {rest}")
    ratio = best[1]["wall"] / best[2]["wall"]
    print(f"two workers are {ratio:.2f} times as fast as one (reach: 1.5)", flush=True)
    for workers in (4, 8, 32, 100):
        shown(f"plan, {workers} workers, on paper", on_paper(best[1], repositories, workers))
    first = planned(home, 2, remember=True)
    again = planned(home, 2, remember=True)
    shown("plan, 2 workers, to be remembered", first["wall"])
    part = again["wall"] / first["wall"]
    shown("the same with nothing changed", again["wall"], f"{part:.3f} of the first (reach: 0.05)")
    for workers in (1, 2):
        loop = looped(home, repositories, workers)
        times = f"{loop / best[workers]['wall']:.2f} times what the fleet takes"
        shown(f"xargs -P {workers} registry plan", loop, times)
    url = f"sqlite:///{home / 'catalogue.db'}"
    words = [
        sys.executable,
        "-m",
        "registry_reconciler",
        "fleet",
        "publish",
        "--catalog",
        url,
        "--workers",
        "2",
    ]
    for what in ("publish to SQLite", "publish again, nothing changed"):
        run = Watched(words, home)
        if run.exit:
            raise SystemExit(f"{what}: exit {run.exit}: {run.out[-500:]}")
        shown(what, run.wall, f"{run.memory / 1e6:,.0f} MB; {total / run.wall:,.0f} entries a second")
    print(
        f"load of the machine over a minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=2_000)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="40 repositories, three times each")
    arguments = parser.parse_args()
    if arguments.short:
        arguments.repositories, arguments.repeats = 40, 3
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        made(home, arguments.repositories, arguments.entries)
        print(f"{arguments.repositories:,} repositories of {arguments.entries:,} entries", flush=True)
        measure(home, arguments.repositories, arguments.entries, arguments.repeats)


if __name__ == "__main__":
    main()
