"""A million entries beside 100,000: ``--million`` of :mod:`benchmarks.plan`, which takes half an hour and up to 14 GB.

One run of each. Ten times as many may take 10.5 times as long. A fragment for each registry file is taken over: one of
everything would hold more values than a file may.
"""

from __future__ import annotations

import resource
import shutil
import time
from typing import TYPE_CHECKING

from benchmarks import data
from benchmarks.second import SCHEMA, lay_out

if TYPE_CHECKING:
    from benchmarks.plan import Bench, Cost

SIZES = (100_000, 1_000_000)
MOST = 10.5
MEMORY = 14 << 30
"""No process may have more than that."""


def measure(bench: Bench) -> None:
    """All rows, each beside the same of a tenth."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    try:
        small, large = (_planned(bench, total) | _taken_over(bench, total) for total in SIZES)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    for what, cost in large.items():
        beside = f"the same with {SIZES[0]:,}"
        told = f"{what}, {SIZES[1]:,} entries"
        bench.within(told, beside, cost.seconds, small[what].seconds, MOST)
        bench.within(f"memory, {told} (MB)", beside, cost.memory / 1e6, small[what].memory / 1e6, None)


def _planned(bench: Bench, total: int) -> dict[str, Cost]:
    from benchmarks.plan import laid_out, registry

    root = bench.home / f"m{total}"
    laid_out(root, total, "--changed", "0")
    time.sleep(3)  # files that are younger than the clock can tell are read each time
    found = {"cold plan": bench.run(registry("plan"), root)}
    bench.run(registry("plan"), root, cache=True)
    found["nothing changed"] = bench.run(registry("plan"), root, cache=True)
    path = root / "desired/part-00000.yaml"
    path.write_text(path.read_text("utf-8").replace("name: Service 0000003", "name: Changed"), "utf-8")
    found["one fragment changed"] = bench.run(registry("plan"), root, cache=True)
    found["apply of one changed"] = bench.run(registry("apply", "--yes"), root, cache=True)
    shutil.rmtree(root)
    _told(total, found)
    return found


def _taken_over(bench: Bench, total: int) -> dict[str, Cost]:
    from benchmarks.plan import registry

    root = bench.home / f"m{total}-adopt"
    lay_out(root, {SCHEMA: data.SCHEMA.encode()})
    for path, text in data.live_files(
        total
    ):  # one at a time: what this process holds counts for its children
        lay_out(root, {path: text.encode()})
    found = {"adopt --all": bench.run(registry("adopt", "--all", "--by", "file"), root)}
    found["its apply"] = bench.run(registry("apply", "--yes"), root)
    shutil.rmtree(root)
    _told(total, found)
    return found


def _told(total: int, found: dict[str, Cost]) -> None:
    for what, cost in found.items():
        print(f"    {what}, {total:,}: {cost.seconds:.2f} s, {cost.memory / 1e6:,.0f} MB", flush=True)
