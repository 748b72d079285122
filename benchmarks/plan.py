"""How fast plans are, beside peers in the same run: ``python3 dev.py bench -m benchmarks.plan [--short] [--write]``.

Every figure is of a whole process: processor time, user and system, median of ``--repeats`` runs that take turns.
It makes its data in a temporary directory; ``--write`` writes ``docs/performance.md``. ``--short`` takes less than two
minutes on a machine that nobody else uses: 10,000 entries at most, one run of each, without peers that take long. Each
sort of run has a section of its own there, and leaves the others as they are.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from benchmarks import million, prose, second
from benchmarks.page import PAGE, with_run
from benchmarks.peer_data import octodns, one_file

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds of processor time, and bytes of memory at its peak."""

    seconds: float
    memory: int


@dataclass(slots=True)
class Row:
    """One line of the table."""

    what: str
    beside: str
    ours: float
    theirs: float
    target: str
    holds: bool | None
    shown: str = ""
    stages: str = ""


@dataclass(slots=True)
class Bench:
    """Where things are, and what was found."""

    home: Path
    repeats: int
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def environment(self, *, cache: bool) -> dict[str, str]:
        """What a process gets: the product from here, and its cache or none."""
        path = f"{self.home / 'src'}{os.pathsep}{ROOT}"
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
        environment["XDG_CACHE_HOME"] = str(self.home / "cache")
        environment.pop("REGISTRY_NO_CACHE", None)
        if not cache:
            environment["REGISTRY_NO_CACHE"] = "1"
        return environment

    def run(
        self, command: Sequence[str], folder: Path, *, cache: bool = False, ok: tuple[int, ...] = (0,)
    ) -> Cost:
        """One process to its end."""
        environment = self.environment(cache=cache)
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ok:
            raise SystemExit(f"{' '.join(command)} in {folder}: exit {process.returncode}")
        scale = 1 if sys.platform == "darwin" else 1024
        return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale)

    def medians(self, *works: Callable[[], Cost], repeats: int = 0) -> list[Cost]:
        """Each work several times, in turns, so that a busy machine is busy for all of them."""
        runs = [[work() for work in works] for _ in range(repeats or self.repeats)]
        return [
            Cost(statistics.median(one.seconds for one in mine), max(one.memory for one in mine))
            for mine in zip(*runs, strict=True)
        ]

    def add(
        self, what: str, beside: str, ours: float, theirs: float, target: str, holds: bool | None, shown: str
    ) -> None:
        self.rows.append(Row(what, beside, ours, theirs, target, holds, shown))
        print(
            f"{what:55} {beside:40} {ours:8.3f} {theirs:8.3f}  {shown:24} {target} {mark(holds)}", flush=True
        )

    def slowest(self, root: Path, *words: str, cache: bool = False) -> None:
        """Say of the last row where its time goes."""
        command = [sys.executable, "-m", "benchmarks.sample", str(root), *words]
        done = subprocess.run(
            command,
            env=self.environment(cache=cache),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        lines = done.stderr.strip().splitlines()
        self.rows[-1].stages = lines[-1] if lines else ""
        print(f"    {self.rows[-1].stages}", flush=True)

    def faster(self, what: str, beside: str, ours: Cost, theirs: Cost, least: float) -> None:
        """A target of the form: so many times as fast."""
        ratio = theirs.seconds / ours.seconds
        shown = f"{ratio:.1f} times as fast"
        self.add(what, beside, ours.seconds, theirs.seconds, f"≥ {least:g} times", ratio >= least, shown)

    def within(self, what: str, beside: str, ours: float, theirs: float, most: float | None) -> None:
        """A target of the form: at most so many times what the other takes; ``None``: no target, for comparison."""
        ratio = ours / theirs
        if most is None:
            self.add(what, beside, ours, theirs, "", None, f"{ratio:.2f} times")
            return
        self.add(what, beside, ours, theirs, f"≤ {most:g} times", ratio <= most, f"{ratio:.2f} times")


def mark(holds: bool | None) -> str:
    """How a row ended."""
    return {True: "holds", False: "does not hold", None: ""}[holds]


def registry(*words: str) -> list[str]:
    """The command line of the product, as the installed script runs it."""
    code = "import sys; from registry_reconciler.cli.main import main; sys.exit(main())"
    return [sys.executable, "-c", code, *words]


def peer(name: str, root: Path) -> list[str]:
    return [sys.executable, str(PEERS / f"{name}.py"), str(root)]


def laid_out(root: Path, total: int, *words: str) -> None:
    """A workspace; made by another process, because a small one measures the memory of its children rightly."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "benchmarks.data", str(root), "--entries", str(total), *words]
    subprocess.run(command, check=True, env=environment)


def target(total: int, most: float) -> float | None:
    """Many targets are for 100,000 entries; smaller workspaces are measured for comparison."""
    return most if total >= 100_000 else None


def measure_cold(bench: Bench, sizes: Sequence[int]) -> dict[int, Cost]:
    """Cold plans of all sizes, beside events and yaml-rs."""
    found: dict[int, Cost] = {}
    for total in sizes:
        root = bench.home / f"w{total}"
        costs = bench.medians(
            lambda root=root: bench.run(registry("plan"), root),
            lambda root=root: bench.run(peer("events", root), root),
            lambda root=root: bench.run(peer("rust", root), root),
            # Everything else is told beside these.
            repeats=max(3, bench.repeats),
        )
        found[total] = costs[0]
        what = f"cold plan, {total:,} entries, byte-equal"
        bench.within(
            what,
            "libyaml events, smallest builder, both sides",
            costs[0].seconds,
            costs[1].seconds,
            target(total, 1.5),
        )
        bench.within(
            what, "yaml-rs parsing both sides", costs[0].seconds, costs[2].seconds, target(total, 1.6)
        )
        data = sum(
            path.stat().st_size for path in root.rglob("*") if path.is_file() and ".git" not in path.parts
        )
        bench.within(
            f"memory, cold, {total:,} entries (MB)",
            "bytes read (MB)",
            costs[0].memory / 1e6,
            data / 1e6,
            target(total, 10),
        )
    for small, large in pairwise(sizes):
        if large == 10 * small and small >= 10_000:
            what = f"growth from {small:,} to {large:,} entries"
            bench.within(f"{what}: time", "itself", found[large].seconds, found[small].seconds, 11)
            bench.within(
                f"{what}: memory (MB)", "itself", found[large].memory / 1e6, found[small].memory / 1e6, 11
            )
    return found


def measure_peers(bench: Bench, total: int) -> None:
    """What others take for as many records."""
    small, small_zone = octodns(bench.home, total, small=True)
    alike, zone = octodns(bench.home, total, small=False)
    check, place = one_file(bench.home, total)
    root = bench.home / f"w{total}"
    cold, *costs = bench.medians(
        lambda: bench.run(registry("plan"), root),
        lambda: bench.run(alike, zone),
        lambda: bench.run(small, small_zone),
        lambda: bench.run(check, place),
    )
    what = f"cold plan, {total:,} entries"
    bench.faster(what, f"octoDNS plan, {total:,} records of as many bytes", cold, costs[0], 10)
    bench.faster(what, f"octoDNS plan, {total:,} records of one address each", cold, costs[1], 10)
    bench.faster(what, f"check-jsonschema, {total:,} entries", cold, costs[2], 10)
    script = bench.medians(lambda: bench.run(peer("script", root), root), repeats=1)[0]
    bench.faster(what, "ruamel round trip + jsonschema + deepdiff", cold, script, 40)


def measure_reordered(bench: Bench, total: int, cold: Cost) -> None:
    root = bench.home / f"r{total}"
    laid_out(root, total, "--reordered")
    cost = bench.medians(lambda: bench.run(registry("plan"), root))[0]
    what = f"cold plan, {total:,} entries, keys reordered"
    bench.add(
        what, "byte-equal", cost.seconds, cold.seconds, "", None, f"{cost.seconds / cold.seconds:.2f} times"
    )


def measure_unchanged(bench: Bench, total: int) -> None:
    """Nothing changed since the last plan."""
    root = bench.home / f"w{total}"
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=root, check=True, stdout=subprocess.DEVNULL)
    bench.run(registry("plan"), root, cache=True)
    ours, bare, git = bench.medians(
        lambda: bench.run(registry("plan"), root, cache=True),
        lambda: bench.run([sys.executable, "-c", "pass"], root),
        lambda: bench.run(["git", "status", "--porcelain"], root),
        repeats=max(5, bench.repeats),
    )
    more = (ours.seconds - bare.seconds) * 1000
    what = f"nothing changed, {total:,} entries, whole process"
    bench.add(
        what,
        "python -c pass",
        ours.seconds,
        bare.seconds,
        "≤ 150 ms more",
        more <= 150,
        f"{more:.0f} ms more",
    )
    known = subprocess.run(
        peer("known", root),
        cwd=root,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=bench.environment(cache=True),
    )
    what = f"nothing changed, {total:,} entries, in process"
    bench.within(what, "git status", float(known.stderr), git.seconds, target(total, 5))


def measure_one(bench: Bench, total: int, cold: Cost) -> None:
    """One entry of one fragment changed, since a plan that looked at everything."""
    root = bench.home / f"c{total}"
    laid_out(root, total, "--changed", "0")
    # Files that were written within the resolution of the clock are read each time, as git reads them.
    time.sleep(3)
    filling = bench.run(registry("plan"), root, cache=True)
    bench.add(
        f"first plan, {total:,} entries, nothing to do, cache filled",
        "cold plan without cache",
        filling.seconds,
        cold.seconds,
        "",
        None,
        f"{filling.seconds / cold.seconds:.2f} times",
    )
    path = root / "desired/part-00000.yaml"
    text = path.read_text("utf-8")
    plans, applies = [], []
    for number in range(max(3, bench.repeats)):
        path.write_text(text.replace("name: Service 0000003", f"name: Changed {number}"), "utf-8")
        plans.append(bench.run(registry("plan"), root, cache=True))
        applies.append(bench.run(registry("apply", "--yes"), root, cache=True))
    plan = statistics.median(one.seconds for one in plans)
    apply = statistics.median(one.seconds for one in applies)
    bench.within(
        f"one fragment changed, {total:,} entries", "cold plan", plan, cold.seconds, target(total, 0.1)
    )
    path.write_text(text.replace("name: Service 0000003", "name: Sampled"), "utf-8")
    bench.slowest(root, "plan", cache=True)
    bench.within(f"apply of 1 changed entry of {total:,}", "the plan for it", apply, plan, 1.5)
    bench.slowest(root, "apply", "--yes", cache=True)


def machine() -> str:
    """What it was measured on."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as stream:
        name = next((row.partition(":")[2].strip() for row in stream if row.startswith("model name")), name)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{name}, {os.cpu_count()} processors, {platform.system()} {platform.release()}, {python}; load {load}"


def sizes(text: str) -> list[int]:
    return [int(one.replace("_", "")) for one in text.split(",")]


def measure_all(bench: Bench, arguments: argparse.Namespace) -> None:
    """All rows of made-up entries."""
    middle, largest = min(10_000, max(arguments.sizes)), max(arguments.sizes)
    for total in arguments.sizes:
        laid_out(bench.home / f"w{total}", total)
    cold = measure_cold(bench, arguments.sizes)
    if not arguments.no_peers:
        measure_peers(bench, middle)
    measure_reordered(bench, middle, cold[middle])
    second.measure(bench, middle, largest, cold)
    measure_one(bench, largest, cold[largest])
    measure_unchanged(bench, largest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", type=sizes, default=[1_000, 10_000, 100_000], help="add 1000000 if you have time"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true", help="without those that take minutes")
    parser.add_argument(
        "--million", action="store_true", help="also a million entries: half an hour, up to 14 GB"
    )
    parser.add_argument("--real", type=Path, help="a folder of real YAML files: they are measured, too")
    parser.add_argument("--only", choices=["million", "prose"], help="nothing else")
    parser.add_argument("--short", action="store_true", help="less than two minutes")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    if arguments.short:
        arguments.sizes, arguments.repeats, arguments.no_peers = [1_000, 10_000], 1, True
    arguments.million = arguments.million or arguments.only == "million"
    home = Path(tempfile.mkdtemp(prefix="registry-bench-"))
    try:
        bench = Bench(home, arguments.repeats)
        # Compiled, as installed programs are, and without leaving that in the source tree.
        shutil.copytree(ROOT / "src", home / "src")
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(home / "src")], check=True)
        print(machine())
        if not arguments.only:
            measure_all(bench, arguments)
        if arguments.only != "million":
            prose.measure(bench, arguments.real, short=arguments.short)
        if arguments.million:
            million.measure(bench)
        if arguments.write:
            less = "short" if arguments.short else "no-peers" if arguments.no_peers else "whole"
            run = arguments.only or less
            PAGE.write_text(with_run(PAGE.read_text("utf-8"), bench, run, machine()), encoding="utf-8")
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
