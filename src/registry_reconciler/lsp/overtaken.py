"""A plan that a keystroke makes old is ended between two of its steps."""

from __future__ import annotations

from collections.abc import Callable


class Overtaken(BaseException):
    """What is worked out is of an old text: nobody needs it, and no stage is to take it for a fault of its own."""


class Stopper:
    """Listens to how far a plan is, and ends it between two of its steps."""

    def __init__(self, is_old: Callable[[], bool]) -> None:
        self._is_old = is_old

    def begin(self, _name: str) -> None:
        """A step begins."""
        self.advance()

    def count(self, _total: int) -> None:
        """A step has so many parts."""

    def advance(self) -> None:
        """One more part is done. Raises :class:`Overtaken`."""
        if self._is_old():
            raise Overtaken
