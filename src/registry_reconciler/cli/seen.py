"""What happened to this program so far that its answer depends on."""

from __future__ import annotations


class Seen:
    """What happened so far: whether an interruption came that is to be raised, and whether a report was begun."""

    def __init__(self) -> None:
        self.interrupted = False
        self.answered = False


seen = Seen()
