"""The order of what three sides name: as they have it, with what each added in its place. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise


def merged_order(before: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """All names of three sides, each once: in our order, or in theirs where only they changed it.

    What a side added stands behind what it stands behind there. Where both added something at one place, it is sorted
    if both sides are, else ours comes first.
    """
    ours_moved, theirs_moved = (_moved(before, side) for side in (ours, theirs))
    first, second = (theirs, ours) if theirs_moved and not ours_moved else (ours, theirs)
    found = [*first]
    old = set(before)
    rank = _ranked(ours, theirs)
    for side in (second, before):
        places = {name: at for at, name in enumerate(found)}
        coming: dict[str | None, list[str]] = {}
        last: str | None = None
        for name in side:
            if name in places:
                last = name
            else:
                coming.setdefault(last, []).append(name)
        found = list(_inserted(found, coming, old, rank))
    return found


def _moved(before: Iterable[str], side: Sequence[str]) -> bool:
    kept = set(side)
    known = set(before)
    return [name for name in before if name in kept] != [name for name in side if name in known]


def _inserted(
    found: Sequence[str],
    coming: Mapping[str | None, Sequence[str]],
    old: set[str],
    rank: Callable[[str], object] | None,
) -> Iterable[str]:
    waiting: list[str] = list(coming.get(None, ()))
    for name in found:
        if name in old or rank is None:
            if name in old:
                yield from waiting
                waiting = []
        else:
            while waiting and rank(waiting[0]) < rank(name):  # type: ignore[operator]
                yield waiting.pop(0)
        yield name
        waiting += coming.get(name, ())
    yield from waiting


def _ranked(ours: Sequence[str], theirs: Sequence[str]) -> Callable[[str], object] | None:
    """How names are sorted, where they are on both sides."""
    ways: tuple[Callable[[str], object], ...] = (lambda name: name, str.casefold)
    for rank in ways:
        if all(
            rank(left) <= rank(right)  # type: ignore[operator]
            for side in (ours, theirs)
            for left, right in pairwise(side)
        ):
            return rank
    return None
