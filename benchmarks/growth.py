"""How plans grow: ``python3 dev.py bench -m benchmarks.growth [--short] [--only WORDS]``.

For every layout, and for each thing that there can be many of, a plan is measured at 1,000 and every doubling up to
100,000: processor time of its planning and of its report, in a process of its own. The growth exponent is that of the
last doublings: 1 is linear, about 1.1 is n log n; a row holds below 1.25, which leaves room for a machine that others
use. What stops at a limit is said so, with the code of the problem that says it to people.
"""

from __future__ import annotations

import argparse
import math
import os
import pickle
import resource
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks import many
from benchmarks.many import Files

MOST = 1.25
SECONDS = 240
MEMORY = 6 << 30
SIZES = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 100_000)
SHORT = SIZES[:4]


class Point(NamedTuple):
    """What one size took; ``said`` is the code of a limit that was met, and ``failed`` why there is no time."""

    seconds: float
    megabytes: float
    read: float
    said: str = ""
    failed: str = ""


_LIMITS = ("FRG001", "KND004", "KND003", "MORE")


def _plan(files: Files) -> tuple[Any, str]:
    from registry_reconciler.files.tree import MemoryTree
    from registry_reconciler.planning.pipeline import make_plan
    from registry_reconciler.report import render

    plan = make_plan(MemoryTree(files)).plan
    return plan, render(plan, "text")


def _applied(files: Files) -> Files:
    """The workspace after its plan was applied."""
    plan, _ = _plan(files)
    assert plan.applicable, [problem.message for problem in plan.blocking][:3]
    written = {change.path: change.content for change in plan.files}
    kept = {path: data for path, data in files.items() if path not in written}
    return {**kept, **{path: data for path, data in written.items() if data is not None}}


def _prepared(name: str, size: int) -> Files:
    files = (many.SHAPES | many.THINGS)[name](size)
    if name == "moves":
        return many.moved(_applied(files), size)
    if name == "baseline lines":
        from registry_reconciler.model.baseline import render_baseline
        from registry_reconciler.model.config import BASELINE_PATH

        plan, _ = _plan(files)
        return {**files, BASELINE_PATH: render_baseline(plan.problems)}
    return files


def _measured(name: str, size: int) -> Point:
    """In this process: what there is much of, planned and reported."""
    files = _prepared(name, size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    plan, _ = _plan(files)
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = sum(map(len, files.values())) / 1e6
    limit = next((problem.code for problem in plan.problems if "may have so many" in problem.message), "")
    return Point(seconds, max(after, before) / 1e3, read, limit)


def apart(name: str, size: int) -> Point:
    """As :func:`_measured`, in a process that ends with it and may not take more than its share."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            point = _measured(name, size)
        except MemoryError:
            point = Point(0, 0, 0, failed=f"more than {MEMORY >> 30} GB")
        with os.fdopen(writing, "wb") as out:
            pickle.dump(tuple(point), out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as found:
        data = found.read()
    os.waitpid(child, 0)
    return Point(*pickle.loads(data)) if data else Point(0, 0, 0, failed=f"more than {SECONDS} s")


def exponent(sizes: Sequence[int], seconds: Sequence[float], floor: float) -> float:
    """The slope of the last three doublings, of what is more than any plan takes."""
    points = [
        (math.log(size), math.log(max(took - floor, 1e-4)))
        for size, took in zip(sizes[-4:], seconds[-4:], strict=True)
    ]
    across = sum(x for x, _ in points) / len(points)
    up = sum(y for _, y in points) / len(points)
    return sum((x - across) * (y - up) for x, y in points) / sum((x - across) ** 2 for x, _ in points)


def row(name: str, sizes: Sequence[int]) -> bool:
    """Measure one thing, and tell whether it holds."""
    found: list[Point] = []
    for size in sizes:
        point = apart(name, size)
        found.append(point)
        if point.failed or point.said:
            break
    last = found[-1]
    good = [point for point in found if not point.failed]
    used = sizes[: len(good)]
    slope = exponent(used, [point.seconds for point in good], 0.0) if len(good) > 2 else math.nan
    holds = not last.failed and slope <= MOST
    times = " ".join(f"{point.seconds:7.2f}" for point in good)
    end = last.failed or (f"limit: {last.said}" if last.said else "")
    memory = f"{good[-1].megabytes:,.0f} MB for {good[-1].read:.1f}" if good else ""
    print(
        f"{name:34} {slope:5.2f} {'holds' if holds else 'DOES NOT HOLD':13} {times}  {memory} {end}",
        flush=True,
    )
    return holds


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"up to {SHORT[-1]:,}")
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("--only", default="", help="rows whose name has this")
    given = parser.parse_args()
    sizes = [size for size in (SHORT if given.short else SIZES) if size <= given.most]
    for name in many.SHAPES | many.THINGS:  # imports, compiled patterns
        _measured(name, 4)
    print(
        f"{'seconds at':34}       {'':13} {' '.join(f'{size:>7,}' for size in sizes)}  peak memory, bytes read (MB)"
    )
    held = [row(name, sizes) for name in (many.SHAPES | many.THINGS) if given.only in name]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
