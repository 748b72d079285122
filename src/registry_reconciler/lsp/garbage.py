"""When the cyclic collector runs: after an answer, and thoroughly while nobody types.

It looks at everything that is there, which takes longer than many a plan; by itself it would run in the middle of one.
So what stays is set aside, and only what came since is looked at after every few plans.
"""

from __future__ import annotations

import gc

MOST_PLANS = 20
"""So many times may something be worked out before what came since is looked at."""

PAUSE = 1.0
"""Seconds without a keystroke after which everything may be."""


class Garbage:
    """Counts what was worked out since the collector ran; it does not run by itself any more."""

    def __init__(self) -> None:
        self._since = 0
        self._plans = 0

    def begin(self) -> None:
        """Somebody is served from now on."""
        gc.disable()

    def count(self) -> None:
        """Something was worked out."""
        self._since += 1

    @property
    def is_due(self) -> bool:
        """Whether what came since has to be looked at."""
        return self._since >= MOST_PLANS

    def collect(self) -> None:
        """Look at what came since."""
        self._since = 0
        gc.collect()

    def rest(self, plans: int) -> None:
        """Nobody types: look at what came since, and at everything where other plans of the whole are there now.

        Args:
            plans: how many of the whole were made until now.
        """
        if plans != self._plans:
            self._plans = plans
            gc.unfreeze()
            self.collect()
            gc.freeze()
        elif self._since:
            self.collect()
