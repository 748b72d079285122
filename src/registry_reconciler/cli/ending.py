"""How the program ends: it does not take apart what it holds.

A plan of 100,000 entries is millions of values. Freeing them one by one takes an eighth of the time of such a plan, and
the system takes them back at once when the process ends.
"""

from __future__ import annotations

import gc
from typing import Any


class _Ending:
    """What is kept until the process ends; only of the program itself, never of somebody who calls ``main``."""

    def __init__(self) -> None:
        self.kept: list[Any] | None = None


_ending = _Ending()


def begin_program() -> None:
    """The process does nothing after this command."""
    _ending.kept = []


def keep_until_the_end(value: Any) -> None:
    """A command is through with a value that is large; does nothing unless the process ends after it."""
    if _ending.kept is not None:
        _ending.kept.append(value)


def end_program() -> None:
    """Nothing that was kept is freed: a circle that the collector does not see stays where it is."""
    if _ending.kept is not None:
        _ending.kept.append(_ending.kept)
        gc.freeze()
