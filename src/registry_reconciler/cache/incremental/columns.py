"""Words and numbers of many entries, as they are kept: in one piece, taken apart when somebody asks."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, compress
from typing import Any

import msgspec
from msgspec import Struct

from registry_reconciler.cache.incremental import FullPlanRequired

_FEW_WORDS = 10


class Numbers(array):  # type: ignore[type-arg]
    """Numbers below 2**32, four bytes each."""

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Numbers:
        """Some numbers."""
        return cls("I", numbers)

    def to_bytes(self) -> bytes:
        """The numbers, the small end of each first on every machine."""
        if sys.byteorder == "big":
            swapped = Numbers.of(self)
            swapped.byteswap()
            return swapped.tobytes()
        return self.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Numbers:
        """The inverse. Raises :class:`ValueError`."""
        found = cls("I")
        found.frombytes(data)
        if sys.byteorder == "big":
            found.byteswap()
        return found


def packing(value: Any) -> bytes:
    """What msgspec asks for: how :class:`Numbers` are written."""
    if isinstance(value, Numbers):
        return value.to_bytes()
    raise NotImplementedError(type(value))


def unpacking(kind: type, data: Any) -> Any:
    """The inverse."""
    if kind is Numbers and isinstance(data, bytes):
        return Numbers.from_bytes(data)
    raise NotImplementedError(kind)


def small_numbers(numbers: Iterable[int]) -> bytes:
    """A byte each. Raises :class:`FullPlanRequired` for a number of more than 255."""
    try:
        return bytes(numbers)
    except ValueError as fault:
        raise FullPlanRequired("an entry has too many words") from fault


class Column(Struct, dict=True):
    """Words, some for each entry, one behind the other.

    Attributes:
        packed: all words, as MessagePack: a few are looked for in it in less time than it takes to take it apart.
        counts: how many words each entry has, a byte each.
    """

    packed: bytes
    counts: bytes

    @classmethod
    def of(cls, words: Sequence[str], counts: Iterable[int]) -> Column:
        """The words of each entry. Raises :class:`FullPlanRequired` where they cannot be kept like this."""
        try:
            return cls(msgspec.msgpack.encode(words), small_numbers(counts))
        except UnicodeEncodeError as fault:
            raise FullPlanRequired("an entry has words that are not kept") from fault

    @cached_property
    def words(self) -> list[str]:
        """All words."""
        return msgspec.msgpack.decode(self.packed, type=list[str])

    @cached_property
    def ends(self) -> list[int]:
        """Where the words of each entry end."""
        return list(accumulate(self.counts))

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """The indexes of each word: for whoever asks for many, or asks again."""
        found: dict[str, list[int]] = {}
        for index, word in enumerate(self.words):
            found.setdefault(word, []).append(index)
        return found

    @property
    def is_indexed(self) -> bool:
        """Whether somebody asked for many."""
        return "by_word" in self.__dict__

    def span(self, number: int) -> slice:
        """Where the words of an entry are."""
        return slice(self.ends[number - 1] if number else 0, self.ends[number])

    def holder(self, index: int) -> int:
        """The number of the entry that has a word."""
        return bisect_right(self.ends, index)

    def holders(self, wanted: set[str]) -> set[int]:
        """The numbers of the entries that have one of some words."""
        if len(wanted) <= _FEW_WORDS:
            wanted = {word for word in wanted if self._may_hold(word)}
        if not wanted or wanted.isdisjoint(self.words):
            return set()
        # Of very many words few are asked for: they are gone through without a step of ours for each.
        found = compress(range(len(self.words)), map(wanted.__contains__, self.words))
        return set(map(self.holder, found))

    def indexes(self, word: str) -> Iterator[int]:
        """The indexes of a word."""
        at = -1
        for _ in range(self.words.count(word) if self._may_hold(word) else 0):
            at = self.words.index(word, at + 1)
            yield at

    def _may_hold(self, word: str) -> bool:
        """Whether a word may be one of these; what is only a part of one costs time and no answer."""
        try:
            return msgspec.msgpack.encode(word) in self.packed
        except UnicodeEncodeError:
            return False
