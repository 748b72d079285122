"""Count the steps that a plan takes, so that growth can be held without a clock.

A step is a line of Python that runs or a call of a function in C. Both are the same on every machine, however busy.
What one call in C costs inside does not show here: shapes that a library or a regular expression could make slow need
a test of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.composed import forget_all
from registry_reconciler.model.plan import Plan
from registry_reconciler.planning.pipeline import make_plan

Files = Mapping[str, bytes]


def steps(work: Callable[[], object]) -> int:
    """How many steps ``work`` takes in this thread, whatever was made of its texts before."""
    count = 0
    forget_all()

    def traced(_frame: FrameType, event: str, _arg: Any) -> Callable[..., Any]:
        nonlocal count
        if event == "line":
            count += 1
        return traced

    def profiled(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal count
        if event == "c_call":
            count += 1

    outer_trace, outer_profile = sys.gettrace(), sys.getprofile()
    sys.settrace(traced)
    sys.setprofile(profiled)
    try:
        work()
    finally:
        sys.settrace(outer_trace)
        sys.setprofile(outer_profile)
    return count


def growth(files: Callable[[int], Files], size: int, work: Callable[[Files], object] | None = None) -> float:
    """How many times as many steps a workspace takes when ``size`` is doubled: about 2 where growth is linear.

    What every workspace costs whatever its size (the smallest one is measured) does not count.
    """
    run = work or plan
    smallest, small, large = files(1), files(size), files(2 * size)
    for one in (large, small, smallest):
        run(one)  # imports modules, compiles patterns
    floor = steps(lambda: run(smallest))
    return (steps(lambda: run(large)) - floor) / max(1, steps(lambda: run(small)) - floor)


def plan(files: Files) -> Plan:
    """The plan of a workspace in memory."""
    return make_plan(MemoryTree(files)).plan
