"""The exception of trees, in a module of its own: names are judged below trees."""

from __future__ import annotations


class UnreadablePath(Exception):
    """A path is there and cannot be read as a file: what it is, or what the system said."""


class Hidden(UnreadablePath):
    """Git tracks a path, and a sparse checkout leaves it out: it is there, and nobody sees what it says."""

    def __init__(self) -> None:
        super().__init__("a sparse checkout hides it")


SHOW_ALL = "Check it out: git sparse-checkout disable"
"""What to do about a file that a sparse checkout hides."""
