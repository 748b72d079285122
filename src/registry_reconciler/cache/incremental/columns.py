"""Words of many entries, one behind the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from registry_reconciler.cache.incremental import FullPlanRequired

END = "\x1f"
"""Stands around the words of a column."""

_FEW_WORDS = 10

_ZERO = ord("0")
"""Numbers begin behind the control characters, of which some mean something."""

_LESS = bytes((byte - _ZERO) % 256 for byte in range(256))
"""Takes that away again, in one step for many."""


def as_text(numbers: Iterable[int]) -> str:
    """Small numbers as one text: a character each, which is taken apart faster than digits.

    Raises :class:`FullPlanRequired` for a number of more than 207.
    """
    try:
        return bytes(map(_ZERO.__add__, numbers)).decode("latin-1")
    except ValueError as fault:
        raise FullPlanRequired("an entry has too many words") from fault


def as_numbers(text: str) -> bytes:
    """The inverse: a byte each."""
    return text.encode("latin-1").translate(_LESS)


class Column:
    """Words, some for each entry, one behind the other: as one text, which is taken apart when somebody asks.

    Attributes:
        text: all words with :data:`END` before, between and behind them.
        counts: how many words each entry has, :func:`as_text`.
    """

    def __init__(self, text: str, counts: str) -> None:
        self.text = text
        self.counts = counts
        self._words: list[str] | None = None
        self._ends: list[int] | None = None

    @classmethod
    def of(cls, words: Sequence[str], counts: Iterable[int]) -> Column:
        """The words of each entry. Raises :class:`FullPlanRequired` where they cannot be kept like this."""
        text = END.join(("", *words, "")) if words else ""
        if text.count(END) != (len(words) + 1 if words else 0):
            raise FullPlanRequired("an entry has words that are not kept")
        return cls(text, as_text(counts))

    @property
    def words(self) -> list[str]:
        """All words."""
        if self._words is None:
            self._words = self.text[1:-1].split(END) if self.text else []
        return self._words

    @property
    def ends(self) -> list[int]:
        """Where the words of each entry end."""
        if self._ends is None:
            self._ends = list(accumulate(as_numbers(self.counts)))
        return self._ends

    def span(self, number: int) -> slice:
        """Where the words of an entry are."""
        return slice(self.ends[number - 1] if number else 0, self.ends[number])

    def holder(self, index: int) -> int:
        """The number of the entry that has a word."""
        return bisect_right(self.ends, index)

    def holders(self, wanted: set[str]) -> set[int]:
        """The numbers of the entries that have one of some words."""
        if not wanted or not self.text:
            return set()
        # A few words are found in the text in less time than it takes to take it apart and look at each.
        few = wanted if len(wanted) <= _FEW_WORDS else wanted.intersection(self.words)
        if len(few) <= _FEW_WORDS:
            return {self.holder(index) for word in few for index in self.indexes(word)}
        return {self.holder(index) for index, word in enumerate(self.words) if word in few}

    def indexes(self, word: str) -> Iterator[int]:
        """The indexes of a word."""
        asked, index, seen = f"{END}{word}{END}", 0, 0
        at = self.text.find(asked)
        while at >= 0:
            index += self.text.count(END, seen, at)
            yield index
            seen, at = at, self.text.find(asked, at + 1)
