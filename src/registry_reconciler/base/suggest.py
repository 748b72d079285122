"""Did you mean …?: the words nearest to one that is not known.

Bounded whatever is asked: long words get no answer, large vocabularies are indexed once by trigrams, and the
answer depends on the word and the options only, never on what was asked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

LONGEST = 200
"""Longer words are no typing slips of anything."""

_PLAIN_SEARCH = 256
"""Up to so many options are compared one by one; beyond, an index pays."""

_CANDIDATES = 30
"""So many options of an index are compared at most, those that share most of the rarest trigrams."""

_POSTINGS = 1_000
"""So many places of trigrams in an index are looked at, of the rarest trigram always the first ones."""

_INDEXES_KEPT = 8


def closest(word: str, options: Iterable[str]) -> str | None:
    """The one of ``options`` that ``word`` may be a slip of, the nearest and then the first by code point; or
    ``None``.

    Asking often about one large vocabulary is cheapest with the same tuple each time.
    """
    if not word or len(word) > LONGEST:
        return None
    known = _frozen(options)
    folded = word.casefold()
    budget = _budget(folded)
    if len(known) <= _PLAIN_SEARCH:
        candidates: Iterable[str] = known
    else:
        candidates = _index(known).candidates(folded, budget)
    scored = []
    for option in candidates:
        distance = _distance(folded, option.casefold(), budget)
        if distance <= budget and option != word:
            scored.append((distance, option))
    if not scored:
        scored = [(0, option) for option in _same_last_part(folded, known) if option != word]
    return min(scored)[1] if scored else None


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A sentence to put behind a message, with a leading blank, or "" where nothing is near."""
    return meant(closest(word, options))


def meant(near: str | None) -> str:
    """The same for a word that is known to be near."""
    return f" Did you mean '{near}'?" if near else ""


def _frozen(options: Iterable[str]) -> tuple[str, ...]:
    if isinstance(options, tuple):
        return options
    return tuple(sorted(options)) if isinstance(options, AbstractSet) else tuple(options)


def _budget(word: str) -> int:
    """How many slips a word of this length may have."""
    if len(word) < 3:
        return 1 if len(word) == 2 else 0
    return 1 if len(word) < 6 else 2 if len(word) < 12 else 3


def _distance(left: str, right: str, limit: int) -> int:
    """How many insertions, deletions, replacements and swaps of neighbours lead from one to the other.

    Above ``limit`` it may be any larger number. The columns of the table are kept as bits of four numbers (Hyyrö,
    2003), so that a letter costs a dozen operations, however long the other word is.
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    left, right = _without_common_ends(left, right)
    if not left or not right:
        return len(left) + len(right)
    places: dict[str, int] = {}
    for number, letter in enumerate(left):
        places[letter] = places.get(letter, 0) | 1 << number
    every, last = (1 << len(left)) - 1, 1 << (len(left) - 1)
    up, down, diagonal, before, distance = every, 0, 0, 0, len(left)
    for rest, letter in zip(range(len(right) - 1, -1, -1), right, strict=True):
        here = places.get(letter, 0)
        swapped = ((~diagonal & here) << 1) & before
        diagonal = ((((here & up) + up) ^ up) | here | down | swapped) & every
        wider, narrower = down | (every & ~(diagonal | up)), diagonal & up
        distance += bool(wider & last) - bool(narrower & last)
        if distance - rest > limit:
            return limit + 1
        wider = (wider << 1 | 1) & every
        up = (narrower << 1 | ~(diagonal | wider)) & every
        down, before = wider & diagonal, here
    return distance


def _without_common_ends(left: str, right: str) -> tuple[str, str]:
    """What is left of two words where they begin and end alike: slips are few, and the rest costs nothing."""
    shorter = min(len(left), len(right))
    head = 0
    while head < shorter and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < shorter - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    return left[head : len(left) - tail], right[head : len(right) - tail]


def _same_last_part(folded: str, known: Sequence[str]) -> list[str]:
    """Options that end in the whole word after a dot or slash: people leave out what goes without saying."""
    if len(folded) < 3:
        return []
    if len(known) > _PLAIN_SEARCH:
        return _index(tuple(known)).by_last_part.get(folded, [])[:100]
    return [option for option in known if _last_part(option) == folded]


def _last_part(option: str) -> str:
    return option[max(option.rfind("."), option.rfind("/")) + 1 :].casefold()


def _trigrams(folded: str) -> set[str]:
    padded = f"\x02{folded}\x03"
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


class _Index:
    """A vocabulary by trigrams.

    A slip destroys at most four trigrams of a word, so among a few more one survives.
    """

    def __init__(self, options: tuple[str, ...]) -> None:
        self.options = options
        self.by_trigram: dict[str, list[int]] = {}
        self.by_last_part: dict[str, list[str]] = {}
        for number, option in enumerate(options):
            if len(option) > LONGEST + 3:
                continue
            for trigram in _trigrams(option.casefold()):
                self.by_trigram.setdefault(trigram, []).append(number)
            last = _last_part(option)
            if len(last) < len(option):
                self.by_last_part.setdefault(last, []).append(option)

    def candidates(self, folded: str, budget: int) -> list[str]:
        """Options about as long that share the word's rarest trigrams, those with most of them first."""
        rarest = sorted(
            _trigrams(folded), key=lambda trigram: (len(self.by_trigram.get(trigram, ())), trigram)
        )
        from collections import Counter

        shared: Counter[int] = Counter()
        seen = 0
        for trigram in rarest[: 4 * budget + 1]:
            numbers = self.by_trigram.get(trigram, ())
            if seen and seen + len(numbers) > _POSTINGS:
                break
            seen += len(numbers)
            shared.update(numbers[:_POSTINGS])
        near: list[str] = []
        # Sorting is stable: those that share as many stay in the order of the options.
        for number in sorted(sorted(shared), key=shared.__getitem__, reverse=True):
            if abs(len(self.options[number]) - len(folded)) <= budget:
                near.append(self.options[number])
                if len(near) == _CANDIDATES:
                    break
        return near


_indexes: dict[int, _Index] = {}


def _index(options: tuple[str, ...]) -> _Index:
    # By identity first; the hash of the content serves callers that build a new tuple each time.
    for index in _indexes.values():
        if index.options is options:
            return index
    key = hash(options)
    index = _indexes.get(key) or _Index(())
    if index.options != options:
        while len(_indexes) >= _INDEXES_KEPT:
            _indexes.pop(next(iter(_indexes)), None)
        index = _indexes[key] = _Index(options)
    return index
