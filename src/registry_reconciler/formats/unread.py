"""Items of lists that are known to be what they were, and that nobody reads."""

from __future__ import annotations


class UnreadNeeded(Exception):
    """The answer depends on values that nobody read."""


class Unread:
    """Stands for the value of an item whose text is known. It is equal to itself only.

    Attributes:
        key: of the entry that the item is.
        carried: the placeholders of its place that its text says too.
    """

    __slots__ = ("carried", "key")

    def __init__(self, key: str, carried: frozenset[str]) -> None:
        self.key = key
        self.carried = carried
