"""The page that a benchmark writes: a section for each sort of run, with when and on what it was measured."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.plan import Bench

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
HEADINGS = {
    "whole": "The whole run",
    "no-peers": "The whole run without the peers that take minutes",
    "short": "The short run: 10,000 entries at most",
    "million": "A million entries",
    "prose": "Long texts",
}
_HEAD = """\
# Performance

Written by `python3 dev.py bench -m benchmarks.plan --write` (`--no-peers`, `--short`, `--only`); do not edit. Each
section says when it was measured, of which commit and on what. What earlier runs gave is in git: `git log -p
docs/performance.md`. How it is done stands in [decision 6](decisions/0006-speed.md).

Figures are processor time of whole processes, user and system, in seconds; on an idle machine that is the time that
passes. What is compared ran in turns, so that the ratio tells the same on another machine, or on a busy one. Entries
have about 350 bytes, nested fields and comments; they live in five files and are desired in fragments of 100; 1 % is
changed. Cold means: without any cache of ours.
"""


def with_run(before: str, bench: Bench, run: str, machine: str) -> str:
    """The page with the section of this run made anew; the others stay as they are."""
    sections = dict(part.split("\n", 1) for part in before.split("\n## ")[1:])
    sections[HEADINGS[run]] = "\n".join(_section(bench, machine))
    parts = [
        f"## {heading}\n\n{sections[heading].strip()}\n"
        for heading in HEADINGS.values()
        if heading in sections
    ]
    return "\n".join([_HEAD, *parts])


def _section(bench: Bench, machine: str) -> Iterator[str]:
    runs = "one run each" if bench.repeats == 1 else f"medians of {bench.repeats} runs"
    yield f"Measured {datetime.now(UTC):%Y-%m-%d}, of commit {_commit()}, {runs}. {machine}."
    yield ""
    yield "| what | beside | ours | theirs | ratio | target | |"
    yield "| --- | --- | ---: | ---: | --- | --- | --- |"
    for row in bench.rows:
        end = {True: "holds", False: "does not hold", None: ""}[row.holds]
        cells = (row.what, row.beside, f"{row.ours:.3f}", f"{row.theirs:.3f}", row.shown, row.target, end)
        yield f"| {' | '.join(cells)} |"
    if any(row.stages for row in bench.rows):
        yield ""
        yield "Where the time goes, in shares, looked at a thousand times a second: stages first, then functions."
        yield ""
        yield from ("| what | its slowest parts |", "| --- | --- |")
        yield from (f"| {row.what} | {row.stages} |" for row in bench.rows if row.stages)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
