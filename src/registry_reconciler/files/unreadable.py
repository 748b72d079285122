"""What is not read, and the exception that says so: names are judged below trees."""

from __future__ import annotations

MAX_BYTES = 128 * 1024 * 1024
"""No larger file is read: a sparse one costs its author nothing, and the reader all memory."""


class UnreadablePath(Exception):
    """A path is there and cannot be read as a file: what it is, or what the system said."""


class Hidden(UnreadablePath):
    """Git tracks a path, and a sparse checkout leaves it out: it is there, and nobody sees what it says."""

    def __init__(self) -> None:
        super().__init__("a sparse checkout hides it")


SHOW_ALL = "Check it out: git sparse-checkout disable"
"""What to do about a file that a sparse checkout hides."""
