"""Which items two lists have in common, in order: in time that grows with the lists, whatever stands in them.

Short lists are compared as :mod:`difflib` does, which people know from elsewhere. It can take the cube of the length of
a list, so longer ones are compared by Myers' algorithm, as git does, as long as they differ little, and else by the
longest run of items that kept their order, the first of equal items going with the first, the second with the second.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

SHORT = 256
"""Items and pairs of equal items up to which two lists are short."""
_EFFORT = 16
"""Steps for each item that Myers' algorithm may take."""

T = TypeVar("T", bound=Hashable)
Pair = tuple[int, int]
Stretch = tuple[int, int, int, int]


def unequal(left: Sequence[str], right: Sequence[str]) -> Iterator[Stretch]:
    """What lies between the common items, as (start, end, start, end) of the two lists; in order, none empty."""
    at_left = at_right = 0
    for in_left, in_right in (*common(left, right), (len(left), len(right))):
        if in_left > at_left or in_right > at_right:
            yield at_left, in_left, at_right, in_right
        at_left, at_right = in_left + 1, in_right + 1


def common(left: Sequence[str], right: Sequence[str]) -> list[Pair]:
    """Pairs of equal items, as indexes that only rise."""
    if _are_short(left, right):
        return _by_blocks(left, right)
    shorter = min(len(left), len(right))
    head = next((k for k in range(shorter) if left[k] != right[k]), shorter)
    tail = next((k for k in range(shorter - head) if left[-1 - k] != right[-1 - k]), shorter - head)
    middle, other = left[head : len(left) - tail], right[head : len(right) - tail]
    if _are_short(middle, other):
        found = _by_blocks(middle, other)
    else:
        edits = _by_edits(middle, other)
        found = _by_order(middle, other) if edits is None else edits
    return [
        *((k, k) for k in range(head)),
        *((head + left_at, head + right_at) for left_at, right_at in found),
        *((len(left) - k, len(right) - k) for k in range(tail, 0, -1)),
    ]


def _are_short(left: Sequence[str], right: Sequence[str]) -> bool:
    if len(left) + len(right) > 2 * SHORT:
        return False
    counts = Counter(right)
    return len(left) + sum(counts[item] for item in left) <= SHORT


def _by_blocks(left: Sequence[str], right: Sequence[str]) -> list[Pair]:
    from difflib import SequenceMatcher

    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return [(block + k, other + k) for block, other, size in blocks for k in range(size)]


def _by_edits(left: Sequence[str], right: Sequence[str]) -> list[Pair] | None:
    """The most pairs there can be, found by trying one edit more each time; ``None`` where that takes too many."""
    both = (Counter(left) & Counter(right)).total()
    least = len(left) + len(right) - 2 * both
    budget = SHORT + _EFFORT * (len(left) + len(right))
    if least * least > 2 * budget:
        return None
    longest = {1: 0}
    history: list[dict[int, int]] = []
    for edits in range(len(left) + len(right) + 1):
        budget -= edits + 1
        if budget < 0:
            return None
        history.append({})
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (
                diagonal != edits and longest.get(diagonal - 1, -1) < longest.get(diagonal + 1, -1)
            )
            x = longest[diagonal + 1] if down else longest[diagonal - 1] + 1
            start = x
            while x < len(left) and x - diagonal < len(right) and left[x] == right[x - diagonal]:
                x += 1
            budget -= x - start
            longest[diagonal] = history[-1][diagonal] = x
            if x >= len(left) and x - diagonal >= len(right):
                return _traced(history, len(left), len(right))
    return None


def _traced(history: Sequence[dict[int, int]], x: int, y: int) -> list[Pair]:
    """The pairs on the way back from the ends of both lists."""
    found: list[Pair] = []
    for edits in range(len(history) - 1, -1, -1):
        diagonal = x - y
        if edits == 0:
            before_x = before_y = 0
            start_x = 0
        else:
            last = history[edits - 1]
            down = diagonal == -edits or (
                diagonal != edits and last.get(diagonal - 1, -1) < last.get(diagonal + 1, -1)
            )
            before_x = last[diagonal + 1] if down else last[diagonal - 1]
            before_y = before_x - (diagonal + 1 if down else diagonal - 1)
            start_x = before_x if down else before_x + 1
        found += ((k, k - diagonal) for k in range(x - 1, start_x - 1, -1))
        x, y = before_x, before_y
    found.reverse()
    return found


def _by_order(left: Sequence[str], right: Sequence[str]) -> list[Pair]:
    """The longest run that keeps its order, of each item with the equal one of the same number."""
    places: dict[str, list[int]] = {}
    for index in range(len(right) - 1, -1, -1):
        places.setdefault(right[index], []).append(index)
    ends: list[int] = []  # by length: the smallest end of a run that is so long
    where: list[int] = []  # by length: the pair that it ends with
    pairs: list[Pair] = []
    before: list[int] = []
    for index, item in enumerate(left):
        free = places.get(item)
        if not free:
            continue
        partner = free.pop()
        length = bisect_left(ends, partner)
        before.append(where[length - 1] if length else -1)
        if length == len(ends):
            ends.append(partner)
            where.append(len(pairs))
        else:
            ends[length], where[length] = partner, len(pairs)
        pairs.append((index, partner))
    found: list[Pair] = []
    at = where[-1] if where else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    found.reverse()
    return found


def equal_lines(before: str, after: str) -> tuple[int, int]:
    """How many characters of whole lines two texts both begin with, and how many of the others both end with.

    Found by halves: texts are compared a thousand times as fast as their lines one by one.
    """
    most = min(len(before), len(after))
    head = common_length(most, lambda start, stop: before.startswith(after[start:stop], start))
    head = before.rfind("\n", 0, head) + 1
    most -= head
    ends = len(before), len(after)
    tail = common_length(
        most, lambda start, stop: before.startswith(after[ends[1] - stop : ends[1] - start], ends[0] - stop)
    )
    begins = ((text, len(text) - tail) for text in (before, after))
    if any(start > head and text[start - 1] != "\n" for text, start in begins):
        line = before.find("\n", len(before) - tail)
        tail = len(before) - line - 1 if line >= 0 else 0
    return head, tail


def common_length(most: int, is_equal: Callable[[int, int], bool], stride: int = 65_536) -> int:
    """The greatest number up to which everything is equal: found by strides, the last one by halves.

    Args:
        is_equal: whether all between two numbers is equal.
    """
    least = 0
    while least < most and is_equal(least, min(least + stride, most)):
        least = min(least + stride, most)
    most = min(least + stride, most)
    while least < most:
        middle = (least + most + 1) // 2
        if is_equal(least, middle):
            least = middle
        else:
            most = middle - 1
    return least


def first_behind(items: Sequence[T], stay: Container[T]) -> dict[T, T]:
    """For each item of a list without doubles: the first one behind it that stays, where there is one."""
    found: dict[T, T] = {}
    last: T | None = None
    for item in reversed(items):
        if last is not None:
            found[item] = last
        if item in stay:
            last = item
    return found


def sorted_place(keys: Sequence[str], key: str) -> int:
    """Where a new item goes: in its sorted place where the others are sorted, else at the end."""
    ordered = all(left <= right for left, right in pairwise(keys))
    return bisect_left(keys, key) if ordered else len(keys)
