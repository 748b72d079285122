"""The rows of the second round: taking over what is there, changes that wait, places and names that change.

Each is beside a cold plan of the same workspace, in the same run (:mod:`benchmarks.plan`).
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import data, many

if TYPE_CHECKING:
    from benchmarks.plan import Bench, Cost

SCHEMA = ".system/registry/schemas/service.schema.yaml"


def _registry(*words: str) -> list[str]:
    code = "import sys; from registry_reconciler.cli.main import main; sys.exit(main())"
    return [sys.executable, "-c", code, *words]


def lay_out(root: Path, files: many.Files) -> None:
    """A workspace from its files."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def measure(bench: Bench, middle: int, largest: int, cold: Mapping[int, Cost]) -> None:
    """All of them."""
    for total in sorted({middle, largest}):
        measure_adopt(bench, total)
    measure_waiting(bench, largest, cold[largest])
    measure_small(bench)
    measure_places(bench, middle)
    measure_moves(bench)
    measure_parent(bench)


def measure_adopt(bench: Bench, total: int) -> None:
    """Taking over everything, and the apply after it, beside the plan of the same that apply carries out."""
    root = bench.home / f"adopt{total}"
    lay_out(root, {SCHEMA: data.SCHEMA.encode(), **{p: t.encode() for p, t in data.live_files(total)}})
    untouched = bench.home / f"adopt{total}-sampled"
    shutil.copytree(root, untouched)
    adopt = bench.run(_registry("adopt", "--all"), root)
    plan = bench.medians(lambda: bench.run(_registry("plan"), root))[0]
    taken = bench.home / f"adopt{total}-taken"
    shutil.copytree(root, taken)
    apply = bench.run(_registry("apply", "--yes"), root)
    settled = bench.run(_registry("plan"), root)
    what, beside = f"adopt --all, {total:,} entries", "the plan that follows"
    bench.within(what, beside, adopt.seconds, plan.seconds, 1.5)
    bench.slowest(untouched, "adopt", "--all")
    bench.within(what, "a cold plan once it is applied", adopt.seconds, settled.seconds, None)
    bench.within(f"its apply, {total:,} entries", "the plan for it", apply.seconds, plan.seconds, 1.5)
    bench.slowest(taken, "apply", "--yes")
    read = sum(path.stat().st_size for path in taken.rglob("*") if path.is_file()) / 1e6
    bench.within(f"memory, adopt --all, {total:,} entries (MB)", "bytes (MB)", adopt.memory / 1e6, read, None)
    bench.within(f"memory, its apply, {total:,} entries (MB)", "bytes (MB)", apply.memory / 1e6, read, None)


def measure_waiting(bench: Bench, total: int, cold: Cost) -> None:
    """One fragment changed, and nothing new, while one entry in a hundred waits to be applied."""
    root = bench.home / f"w{total}"
    time.sleep(3)  # files that are younger than the clock can tell are read each time
    bench.run(_registry("plan"), root, cache=True)
    path = root / "desired/part-00000.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("name: Service 0000003", "name: Waits"), "utf-8")
    one = bench.run(_registry("plan"), root, cache=True)
    what = f"one fragment changed, {total // 100:,} changes waiting in all fragments, {total:,} entries"
    bench.within(what, "cold plan", one.seconds, cold.seconds, 0.1 if total >= 100_000 else None)
    bench.slowest(root, "plan", cache=True)
    path.write_text(text, "utf-8")
    time.sleep(3)
    bench.run(_registry("plan"), root, cache=True)
    ours, bare = bench.medians(
        lambda: bench.run(_registry("plan"), root, cache=True),
        lambda: bench.run([sys.executable, "-c", "pass"], root),
        repeats=max(5, bench.repeats),
    )
    _more(bench, f"nothing new, {total // 100:,} changes waiting, {total:,} entries", ours, bare, 150)


def measure_small(bench: Bench) -> None:
    """Nothing changed in a small workspace."""
    root = bench.home / "small"
    data.make(root, 10, changed=0)
    time.sleep(3)
    bench.run(_registry("plan"), root, cache=True)
    ours, bare = bench.medians(
        lambda: bench.run(_registry("plan"), root, cache=True),
        lambda: bench.run([sys.executable, "-c", "pass"], root),
        repeats=max(7, bench.repeats),
    )
    _more(bench, "nothing changed, 10 entries, whole process", ours, bare, 40)


def _more(bench: Bench, what: str, ours: Cost, bare: Cost, most: int) -> None:
    more = (ours.seconds - bare.seconds) * 1000
    target, shown = f"≤ {most} ms more", f"{more:.0f} ms more"
    bench.add(what, "python -c pass", ours.seconds, bare.seconds, target, more <= most, shown)


def measure_places(bench: Bench, total: int) -> None:
    """Another ``file`` for a kind: every entry is carried over."""
    root = bench.home / f"places{total}"
    data.make(root, total, changed=0)
    # The places of its kinds are known once something was applied.
    _edit(root / "desired/part-00000.yaml", "name: Service 0000003", "name: Applied")
    bench.run(_registry("apply", "--yes"), root)
    cold = bench.medians(lambda: bench.run(_registry("plan"), root))[0]
    _edit(root / SCHEMA, "registries/{shard}.yaml", "registries/of-{shard}.yaml")
    plan = bench.medians(lambda: bench.run(_registry("plan"), root))[0]
    bench.within(f"another file for a kind, {total:,} entries", "cold plan", plan.seconds, cold.seconds, 2)
    bench.slowest(root, "plan")


def measure_moves(bench: Bench, total: int = 1_000) -> None:
    """A thousand entries, all of them renamed."""
    root = bench.home / "moves"
    files = many.THINGS["moves"](total)
    lay_out(root, files)
    bench.run(_registry("apply", "--yes"), root)
    cold = bench.medians(lambda: bench.run(_registry("plan"), root))[0]
    lay_out(root, many.moved(files, total))
    plan = bench.medians(lambda: bench.run(_registry("plan"), root))[0]
    bench.within(f"{total:,} moves", "cold plan", plan.seconds, cold.seconds, 2)
    bench.slowest(root, "plan")


def measure_parent(bench: Bench, total: int = 1_200) -> None:
    """An entry with so many entries inside is renamed."""
    root = bench.home / "parent"
    lay_out(root, many.parent(total))
    bench.run(_registry("apply", "--yes"), root)
    cold = bench.medians(lambda: bench.run(_registry("plan"), root))[0]
    lay_out(root, many.parent_renamed(total))
    plan = bench.medians(lambda: bench.run(_registry("plan"), root))[0]
    bench.within(f"a parent of {total:,} renamed", "cold plan", plan.seconds, cold.seconds, 2)
    bench.slowest(root, "plan")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
