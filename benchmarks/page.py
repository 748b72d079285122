"""The page that a benchmark writes: what was measured, where the time goes, and how it was before."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.plan import Bench, Row

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
HISTORY = "## History"
_HEAD = f"""\
{HISTORY}

A line for each run that was written down, the newest last: the commit, and the ratio of each row with a target.
Short runs have 10,000 entries and one run of each. A ratio is beside what its row says, so that another machine, or a
busy one, tells the same.

| when | commit | run | ratios |
| --- | --- | --- | --- |
"""


def page(bench: Bench, sizes: Sequence[int], where: str, machine: str) -> str:
    """The page, without its history."""
    out = io.StringIO()
    times = "one run each, beside their peers"
    if bench.repeats > 1:
        times = f"the median of {bench.repeats} runs that took turns with their peers"
    out.write(
        "# Performance\n\nWritten by `python3 dev.py bench -m benchmarks.plan --write`; do not edit.\n\n"
        f"Machine: {machine}.\n\n"
        "Figures are processor time of whole processes, user and system, in seconds, "
        f"{times}; on an idle machine that is the time that passes. "
        "Entries have about 350 bytes, nested fields and comments; they live in five files and are desired in "
        "fragments of 100; 1 % is changed. Cold means: without any cache of ours.\n\n"
        "| what | beside | ours | theirs | ratio | target | |\n| --- | --- | ---: | ---: | --- | --- | --- |\n"
    )
    for row in bench.rows:
        end = {True: "holds", False: "does not hold", None: ""}[row.holds]
        cells = (row.what, row.beside, f"{row.ours:.3f}", f"{row.theirs:.3f}", row.shown, row.target, end)
        out.write(f"| {' | '.join(cells)} |\n")
    out.write(
        "\n## The slowest stages of each row\n\n"
        "Shares of its processor time, looked at a thousand times a second: stages first, then functions.\n\n"
        "| what | where its time goes |\n| --- | --- |\n"
    )
    for row in bench.rows:
        if row.stages:
            out.write(f"| {row.what} | {row.stages} |\n")
    out.write(
        "\n## Where the time of a cold plan goes\n\n"
        f"{max(sizes):,} entries, byte-equal: first by stage, then by function (share of own time under the "
        f"profiler, which exaggerates small functions).\n\n```text\n{where}```\n\n"
        "How it is done stands in [decision 6](decisions/0006-speed.md).\n"
    )
    return out.getvalue()


def remembered(text: str, rows: Sequence[Row], run: str, before: str = "") -> str:
    """The page with one more line of history; ``before`` has the lines so far, else the page itself."""
    known = re.findall(r"^\| \d{4}-\d\d-\d\d .*$", before or text, re.MULTILINE)
    told = "; ".join(f"{_short(row)} {row.shown.removesuffix(' times')}" for row in rows if row.target)
    line = f"| {datetime.now(UTC):%Y-%m-%d} | {_commit()} | {run} | {told} |"
    lines = "\n".join([*known, line])
    return f"{text.partition(HISTORY)[0].rstrip()}\n\n{_HEAD}{lines}\n"


def _short(row: Row) -> str:
    return f"{row.what} / {row.beside}"


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
