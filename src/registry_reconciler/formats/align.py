"""Which items of a list went where: so that a changed list keeps the text of what stayed."""

from __future__ import annotations

import marshal

from msgspec.msgpack import encode

from registry_reconciler.base.sequences import common, common_length
from registry_reconciler.model.entry import Json, canonical, same
from registry_reconciler.model.written import Exact

_MOST_COMPARED = 2500
_STRIDE = 256
"""Items that are compared at once."""


def align(old: list[Json], new: list[Json]) -> list[tuple[int | None, int]]:
    """For each new item the old one it continues, or ``None``; old indexes only ever rise."""
    head, tail = equal_ends(old, new)
    if head or tail:
        inner = align(old[head : len(old) - tail], new[head : len(new) - tail])
        return [
            *((number, number) for number in range(head)),
            *((None if step is None else head + step, head + other) for step, other in inner),
            *((len(old) - tail + number, len(new) - tail + number) for number in range(tail)),
        ]
    left = [canonical(item) for item in old]
    right = [canonical(item) for item in new]
    steps: list[tuple[int | None, int]] = []
    at_old = at_new = 0
    for in_old, in_new in common(left, right):
        steps += _pair(old, new, range(at_old, in_old), range(at_new, in_new))
        steps.append((in_old, in_new))
        at_old, at_new = in_old + 1, in_new + 1
    steps += _pair(old, new, range(at_old, len(left)), range(at_new, len(right)))
    return _without_moves(steps, left, right)


def equal_ends(old: list[Json], new: list[Json]) -> tuple[int, int]:
    """How many items both begin with, and how many of the others both end with."""
    most = min(len(old), len(new))
    head = common_length(most, lambda start, stop: equal(old[start:stop], new[start:stop]), _STRIDE)
    ends = len(old), len(new)
    tail = common_length(
        most - head,
        lambda start, stop: equal(
            old[ends[0] - stop : ends[0] - start], new[ends[1] - stop : ends[1] - start]
        ),
        _STRIDE,
    )
    return head, tail


def equal(left: Json, right: Json) -> bool:
    """The answer of :func:`same`: what is written alike is equal, and of long lists nearly all is."""
    return _written_alike(left, right) or (left == right and same(left, right))


def _written_alike(left: Json, right: Json) -> bool:
    """Whether both are of the same bytes. It looks once at all that they hold, which to compare them does twice."""
    try:
        if Exact.seen:
            # From version 3 on it says too which parts are one object.
            return marshal.dumps(left, 2) == marshal.dumps(right, 2)
        return encode(left) == encode(right)
    except (
        TypeError,
        ValueError,
        OverflowError,
    ):  # a number that knows how it is written, half of a character
        return False


def _without_moves(
    steps: list[tuple[int | None, int]], left: list[str], right: list[str]
) -> list[tuple[int | None, int]]:
    """What only moved is not continued by something else."""
    apart = [(step, other) for step, other in steps if step is None or left[step] != right[other]]
    coming = {right[other] for _, other in apart}
    kept = {step for step, _ in steps if step is not None}
    paired = {step for step, _ in apart if step is not None}
    going = {left[place] for place in range(len(left)) if place in paired or place not in kept}
    moved = coming & going
    if not moved:
        return steps
    return [
        (
            None
            if step is not None and left[step] != right[other] and {left[step], right[other]} & moved
            else step,
            other,
        )
        for step, other in steps
    ]


def _pair(old: list[Json], new: list[Json], olds: range, news: range) -> list[tuple[int | None, int]]:
    """Pairs what is alike within a stretch where nothing is equal, in order, as much as possible."""
    if len(olds) == len(news) or len(olds) * len(news) > _MOST_COMPARED:
        shared = min(len(olds), len(news))
        return [(olds[k], news[k]) if k < shared else (None, news[k]) for k in range(len(news))]
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for i in range(len(olds) - 1, -1, -1):
        for j in range(len(news) - 1, -1, -1):
            both = best[i + 1][j + 1] + _alike(old[olds[i]], new[news[j]])
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    steps: list[tuple[int | None, int]] = []
    i = 0
    for j in range(len(news)):
        while i < len(olds) and best[i + 1][j] == best[i][j]:
            i += 1
        if i < len(olds) and best[i][j] != best[i][j + 1]:
            steps.append((olds[i], news[j]))
            i += 1
        else:
            steps.append((None, news[j]))
    return steps


def _alike(left: Json, right: Json) -> float:
    if type(left) is not type(right):
        return 0.01
    if isinstance(left, dict):
        equal = sum(1 for key, part in left.items() if key in right and same(right[key], part))
        return 0.1 + equal
    if isinstance(left, list):
        return 0.1 + sum(map(same, left, right))
    return 0.1
