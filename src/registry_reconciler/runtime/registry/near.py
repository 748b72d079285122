"""What was probably meant by a key that leads nowhere. Bounded work, however many keys there are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

_FEW = 3
_LIKENESS = 0.6
_AROUND = 24
"""So many words on either side of where a key would stand are compared, by its head and by its tail."""


class SortedWords:
    """Many words, sorted once by their heads and once by their tails: who looks alike stands near."""

    __slots__ = ("_heads", "_tails", "words")

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        self._heads = sorted((word.casefold(), word) for word in self.words)
        self._tails = sorted((folded[::-1], word) for folded, word in self._heads)

    def around(self, key: str) -> list[str]:
        """The words that begin or end most like a key."""
        folded = key.casefold()
        found: dict[str, None] = {}
        for table, text in ((self._heads, folded), (self._tails, folded[::-1])):
            at = bisect_left(table, (text, ""))
            found.update(dict.fromkeys(word for _, word in table[max(0, at - _AROUND) : at + _AROUND]))
        return list(found)


def probably_meant(key: str, known: Iterable[str] | SortedWords) -> tuple[str, ...]:
    """At most three known keys that look like ``key``, best first."""
    words = known.around(key) if isinstance(known, SortedWords) else tuple(known)
    if len(words) > 4 * _AROUND:
        words = SortedWords(words).around(key)
    folded = key.casefold()
    near = [word for word in words if abs(len(word) - len(key)) <= max(3, len(key))]
    same = [word for word in near if word.casefold() == folded]
    if same or not near:
        return tuple(same[:1])
    from difflib import get_close_matches

    return tuple(get_close_matches(key, near, _FEW, _LIKENESS))
