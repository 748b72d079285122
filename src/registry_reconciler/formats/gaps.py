"""Blank lines around what goes: two gaps become one.

Where blank lines stood above and below whole lines that go, as many stay as the larger gap had, as between the
neighbours. At the head and at the end of a text or document none is left over.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.replacements import Replacement

_BEGINNING = re.compile(r"([ \t]*)(\[\[?)?[^#\[]")

_MARKER = re.compile(r"(?:---|\.\.\.)(?![^ \t\r\n]|[ \t]*=)")
"""What ends a document of YAML; in TOML it may be a key."""


def closed_up(text: str, ordered: Sequence[Replacement], *, ends: bool = True) -> list[Replacement]:
    """The replacements, and those of the blank lines that nothing needs any more.

    Args:
        ordered: in the order of the text, of which they replace no part twice.
        ends: whether the blank lines at its end say nothing.
    """
    coming = [each.start for each in ordered if each.start == each.end and each.text.endswith("\n")]
    known = set(coming)
    busy = [
        place
        for each in ordered
        if (each.text or not _lines(text, each)) and not (each.start == each.end and each.start in known)
        for place in (each.start, each.end)
    ]
    found = [
        Replacement(start, end, "")
        for first, last in _runs(text, ordered)
        for start, end in _closing(text, ordered[first : last + 1], ends)
        # A text that changes above may reach into them.
        if not _meets(busy, min(start + 1, ordered[first].start), max(end, ordered[last].end))
        # Lines that come behind the blank lines that go have those above them.
        and not _meets(coming, ordered[first].start, max(end - 1, ordered[last].end))
    ]
    if not found:
        return list(ordered)
    return sorted((*ordered, *found), key=lambda each: (each.start, each.end, each.rank))


def _lines(text: str, replacement: Replacement) -> bool:
    """Whether whole lines go, and nothing comes."""
    start, end = replacement.start, replacement.end
    whole = start < end and not replacement.text and text[end - 1 : end] == "\n"
    return whole and (start == 0 or text[start - 1] == "\n")


def _runs(text: str, ordered: Sequence[Replacement]) -> Iterator[tuple[int, int]]:
    """Neighbours that go, with nothing but blank lines between them: the first and the last of them."""
    first: int | None = None
    for number, each in enumerate(ordered):
        if not _lines(text, each):
            continue
        if first is None:
            first = number
        following = ordered[number + 1] if number + 1 < len(ordered) else None
        if following is None or not _lines(text, following) or text[each.end : following.start].strip(SPACE):
            yield first, number
            first = None


def _closing(text: str, run: Sequence[Replacement], ends: bool) -> Iterator[tuple[int, int]]:
    """The blank lines that go with a run."""
    for left, right in pairwise(run):
        if left.end < right.start:
            yield left.end, right.start
    start, end = run[0].start, run[-1].end
    above, below = _blank_above(text, start), _blank_below(text, end)
    if below == len(text) or (below == end and _MARKER.match(text, end)):
        # Nothing follows in its document: what parted it from the line before it goes too.
        if above < start and ends:
            yield above, start
    elif above == 0 or (above == start and _heads(text, start, below)):
        yield end, below
    else:
        spare = min(text.count("\n", above, start), text.count("\n", end, below))
        stop = end
        for _ in range(spare):
            stop = text.index("\n", stop) + 1
        if stop > end:
            yield end, stop


def _heads(text: str, start: int, behind: int) -> bool:
    """Whether what goes stood right below the line that what follows belongs to, too: its key, or its header."""
    opening = text[text.rfind("\n", 0, start - 1) + 1 : start].partition(" #")[0].rstrip(SPACE)
    if not (opening.endswith(":") or (opening.lstrip(SPACE).startswith("[") and opening.endswith("]"))):
        return False
    # What is indented in another way, or is a header where the other is none, is no neighbour of it.
    gone, follows = (_BEGINNING.match(text, place) for place in (start, behind))
    return gone is not None and follows is not None and gone.groups() == follows.groups()


def _blank_above(text: str, start: int) -> int:
    """Where the blank lines directly above a line begin."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if text[above:start].strip(SPACE):
            break
        start = above
    return start


def _blank_below(text: str, end: int) -> int:
    """Where the blank lines from a line on end."""
    while end < len(text):
        below = text.find("\n", end) + 1 or len(text)
        if text[end:below].strip(SPACE):
            break
        end = below
    return end


def _meets(busy: Sequence[int], start: int, end: int) -> bool:
    """Whether something comes or changes between two places."""
    at = bisect_left(busy, start)
    return at < len(busy) and busy[at] <= end
