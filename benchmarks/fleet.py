"""A fleet: ``.venv/bin/python -m benchmarks.fleet [--repositories N] [--entries N] [--short]``.

By default 2,000 repositories of 500 entries, a million in all; ``--short`` has 40. Each is a git repository of its own,
looked at in its commit, without a checkout. Planned with two workers, once more with nothing changed, published, and
planned with one worker; beside ``xargs -P`` over checkouts, and beside the same plans in one process without a cluster
(both of at most 40 of them, scaled up). Each run has the time by the clock, and the processor time over all its
processes, which a busy machine changes less; memory is the sum over all processes, at its highest.
"""

from __future__ import annotations

import argparse
import contextlib
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
"""So many repositories the shell loop goes over, and the plans in one process."""

ONE = """\
import json, sys, time
from registry_reconciler.fleet import read_manifest
from registry_reconciler.fleet.run import run
from pathlib import Path
manifest, workers = read_manifest(Path(sys.argv[1])), int(sys.argv[2])
began, first, busy, failed = time.perf_counter(), 0.0, 0.0, []
for outcome in run(manifest.repositories, "plan", {}, workers=workers):
    first = first or time.perf_counter() - began
    busy += outcome.seconds
    if outcome.error:
        failed.append([outcome.name, outcome.error])
wall = time.perf_counter() - began
print(json.dumps({"wall": wall, "first": first, "busy": busy, "failed": failed[:3]}))
"""

ALONE = """\
import sys
from registry_reconciler.fleet import read_manifest
from registry_reconciler.fleet.planning import plan
from registry_reconciler.fleet.sources import resolve
from pathlib import Path
for repository in read_manifest(Path(sys.argv[1])).repositories[: int(sys.argv[2])]:
    plan(resolve(repository).describe(), {})
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
    """A command with the memory of all its processes together, at its highest, and their processor time."""

    def __init__(self, words: Sequence[str], home: Path, given: str = "", cache: str = "cache") -> None:
        self.memory, self.processor = 0, 0.0
        self._done = threading.Event()
        environment = {**os.environ, "XDG_CACHE_HOME": str(home / cache)}
        began = time.perf_counter()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, cwd=home, env=environment, stdin=pipe, stdout=pipe, text=True)
        watching = threading.Thread(target=self._watch, daemon=True)
        watching.start()
        self.out, _ = self._process.communicate(given)
        self.wall = time.perf_counter() - began
        self._done.set()
        watching.join()
        self.exit = self._process.returncode

    def _watch(self) -> None:
        while not self._done.wait(0.25):
            memory, processor = 0, 0.0
            try:
                top = psutil.Process(self._process.pid)
                for process in (top, *top.children(recursive=True)):
                    with contextlib.suppress(psutil.Error):
                        memory += process.memory_info().rss
                        # With those of ended children, so that nothing is lost, and nothing counts twice.
                        processor += sum(process.cpu_times()[:4])
            except psutil.Error:
                continue
            self.memory = max(self.memory, memory)
            self.processor = max(self.processor, processor)

    def figures(self) -> dict[str, Any]:
        return {"wall": self.wall, "memory": self.memory, "processor": self.processor}


def planned(home: Path, workers: int, cache: str) -> dict[str, Any]:
    """One plan of all repositories, with what that folder of caches remembers."""
    run = Watched([sys.executable, "-c", ONE, "fleet.yaml", str(workers)], home, cache=cache)
    found: dict[str, Any] = json.loads(run.out)
    if found["failed"]:
        raise SystemExit(f"{len(found['failed'])} failed: {found['failed']}")
    return {**found, **run.figures()}


def alone(home: Path, repositories: int) -> float:
    """Processor seconds of the plans alone, in one process and no cluster."""
    some = min(SAMPLE, repositories)
    return (
        Watched([sys.executable, "-c", ALONE, "fleet.yaml", str(some)], home).processor * repositories / some
    )


def looped(home: Path, repositories: int, workers: int) -> dict[str, Any]:
    """A shell loop over checkouts, scaled to all repositories."""
    names = [f"r{number:05}" for number in range(min(SAMPLE, repositories))]
    for name in names:
        folder = home / "git" / name
        if not (folder / "desired").exists():
            subprocess.run(["git", "checkout", "-q", "bench"], cwd=folder, check=True)
    command = f"{sys.executable} -m registry_reconciler plan --root git/{{}} --no-cache > /dev/null"
    words = ["xargs", "-P", str(workers), "-I{}", "sh", "-c", command]
    run = Watched(words, home, "\n".join(names))
    if run.exit:
        raise SystemExit(f"xargs: exit {run.exit}")
    scale = repositories / len(names)
    return {**run.figures(), "wall": run.wall * scale, "processor": run.processor * scale}


def on_paper(one: dict[str, Any], repositories: int, workers: int) -> float:
    """Seconds with more workers: the work is shared, what begins and hands out is not."""
    each = max(one["wall"] - one["first"] - one["busy"], 0) / repositories
    return float(one["first"] + one["busy"] / workers + each * repositories)


def shown(what: str, run: dict[str, Any], more: str = "") -> None:
    processor, memory = f"{run['processor']:.0f} s of a processor", f"{run['memory'] / 1e6:,.0f} MB"
    print(f"{what:36} {run['wall']:8.1f} s {processor:>24} {memory:>10}  {more}", flush=True)


def published(home: Path, total: int) -> None:
    """The catalogue of all of them, and once more where nothing changed."""
    url = f"sqlite:///{home / 'catalogue.db'}"
    words = ["fleet", "publish", "--catalog", url, "--workers", "2"]
    for what in ("publish to SQLite", "publish again, nothing changed"):
        run = Watched([sys.executable, "-m", "registry_reconciler", *words], home)
        if run.exit:
            raise SystemExit(f"{what}: exit {run.exit}: {run.out[-500:]}")
        shown(what, run.figures(), f"{total / run.wall:,.0f} entries a second")


def measure(home: Path, repositories: int, entries: int, repeats: int) -> None:
    """Everything, a line each."""
    two: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    one: list[dict[str, Any]] = []
    own = alone(home, repositories)
    print(f"plans in one process, no cluster: {own:.0f} s of a processor", flush=True)
    for turn in range(repeats):
        two.append(planned(home, 2, f"cache-two-{turn}"))
        shown("plan, 2 workers", two[-1], _share(own, two[-1]))
        again.append(planned(home, 2, f"cache-two-{turn}"))
        parts = [again[-1][word] / two[-1][word] for word in ("wall", "processor")]
        part = "{:.3f} of the first by the clock, {:.3f} by processor time (reach: 0.05)".format(*parts)
        shown("the same with nothing changed", again[-1], part)
        if not turn:
            published(home, repositories * entries)
        one.append(planned(home, 1, f"cache-one-{turn}"))
        shown("plan, 1 worker", one[-1], _share(own, one[-1]))
        ratio = one[-1]["wall"] / two[-1]["wall"]
        print(f"two workers are {ratio:.2f} times as fast as one (reach: 1.5)", flush=True)
    best = {workers: min(some, key=lambda run: run["wall"]) for workers, some in ((1, one), (2, two))}
    for workers in (4, 8, 32, 100):
        print(
            f"plan, {workers} workers, on paper: {on_paper(best[1], repositories, workers):.0f} s", flush=True
        )
    for workers in (1, 2):
        loop = looped(home, repositories, workers)
        times = [loop[word] / best[workers][word] for word in ("wall", "processor")]
        more = "{:.2f} times what the fleet takes by the clock, {:.2f} by processor time".format(*times)
        shown(f"xargs -P {workers} registry plan", loop, more)
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"load of the machine over a minute: {load:.1f} on {cores} cores", flush=True)


def _share(own: float, run: dict[str, Any]) -> str:
    return f"{1 - own / run['processor']:.0%} is not planning; the first answer after {run['first']:.1f} s"


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
