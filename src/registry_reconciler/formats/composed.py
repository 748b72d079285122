"""Trees of texts that were composed a moment ago: what plans again while somebody types asks for the same ones.

A tree is looked at and never changed, so one answer serves everybody. What is kept is bounded by the length of the
texts, and a text that is longer than all of that is composed each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Generic, TypeVar

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.nodes import Document

MOST = 1_000_000
"""Characters of texts whose trees are kept: some thousand entries."""

T = TypeVar("T")


_ALL: list[Recent[Any]] = []


class Recent(Generic[T]):
    """What was made of texts, the texts that were asked for last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.length = 0
        """Characters of the texts that something is kept of."""
        self._made: OrderedDict[tuple[object, str], T] = OrderedDict()
        self._lock = Lock()
        _ALL.append(self)

    def get(self, form: object, text: str, make: Callable[[], T]) -> T:
        """What was made of a text in a format (its row: two of one name may read otherwise), or is made now.

        Raises what ``make`` raises.
        """
        key = form, text
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        if len(text) > self._most // 2:
            return made
        with self._lock:
            if key not in self._made:
                self._made[key] = made
                self.length += len(text)
            while self.length > self._most:
                (_, old), _ = self._made.popitem(last=False)
                self.length -= len(old)
        return made

    def forget(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._made.clear()
            self.length = 0


def forget_all() -> None:
    """Keep nothing of any text: the next answer costs what the first did."""
    for recent in _ALL:
        recent.forget()


_TREES: Recent[Sequence[Document]] = Recent()


def composed(form: TextFormat, text: str) -> Sequence[Document]:
    """The trees of a text, which are not to be changed. Raises as ``form.compose`` does."""
    return _TREES.get(form, text, lambda: form.compose(text))
