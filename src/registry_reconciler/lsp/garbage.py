"""When the cyclic collector runs: while nobody types.

It looks at everything that is there, which takes longer than many a plan; by itself it would run in the middle of one.
What stays for good is set aside once, and is looked at no more.
"""

from __future__ import annotations

import gc

MOST_PLANS = 300
"""So many times may something be worked out before the collector runs, also if somebody never pauses."""

PAUSE = 1.0
"""Seconds without a keystroke after which it may run."""


class Garbage:
    """Counts what was worked out since the collector ran; it does not run by itself any more."""

    def __init__(self) -> None:
        self._since = 0
        self._set_aside = False

    def begin(self) -> None:
        """Somebody is served from now on."""
        gc.disable()

    def count(self) -> None:
        """Something was worked out."""
        self._since += 1

    @property
    def is_due(self) -> bool:
        """Whether it must not wait any longer."""
        return self._since >= MOST_PLANS

    def collect(self) -> None:
        """Run the collector, where there may be something."""
        if not self._since:
            return
        self._since = 0
        gc.collect()
        if not self._set_aside:
            self._set_aside = True
            gc.freeze()
