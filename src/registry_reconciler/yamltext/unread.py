"""Items of lists that are known to be what they were, and that nobody reads."""

from __future__ import annotations


class Unread:
    """Stands for the value of an item whose text is known. It is equal to itself only."""

    __slots__ = ()
