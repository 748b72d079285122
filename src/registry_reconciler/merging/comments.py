"""Whether a merged text has all the comments that it has to have. Pure.

An item of a long list that stands in every side and in the merged text too can lose no comment: it is left out before
comments are looked for, which is nearly all of a long file.
"""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.formats.base import Sections, TextFormat
from registry_reconciler.formats.comments import comments_in

Text = tuple[bytes, Sections]
"""A text, and where the items of its long lists stand."""

_List = tuple[str, int]
"""A long list: its key, and the column of its dashes."""


class Comments:
    """The comments of three sides of a file.

    Args:
        sides: before, ours, theirs; ``None`` where a side does not have the file.
    """

    def __init__(self, sides: Sequence[Text | None], form: TextFormat) -> None:
        self._sides = sides
        self._form = form
        self._known: dict[bytes, frozenset[str]] = {}

    def are_kept(self, merged: Sequence[Text]) -> bool:
        """Whether every comment that a side wrote, or both left there, stands in one of the merged texts."""
        shared = _shared_items([side for side in self._sides if side is not None], merged)
        if shared is not None:
            sides = [None if side is None else _without(side, shared) for side in self._sides]
            if not self._missing(sides, [_without(text, shared) for text in merged], partly=True):
                return True
        return not self._missing(
            [None if side is None else side[0] for side in self._sides], [text for text, _ in merged]
        )

    def _missing(
        self, sides: Sequence[bytes | None], merged: Sequence[bytes], *, partly: bool = False
    ) -> bool:
        before, ours, theirs = (frozenset() if data is None else self._of(data) for data in sides)
        kept = frozenset[str]().union(*map(self._of, merged))
        lost = ((ours & theirs) | (ours - before) | (theirs - before)) - kept
        # A comment may also stand behind another one.
        return bool(lost) and (
            partly or not all(any(comment in longer for longer in kept) for comment in lost)
        )

    def _of(self, data: bytes) -> frozenset[str]:
        if data not in self._known:
            self._known[data] = frozenset(comments_in(data, self._form))
        return self._known[data]


def _shared_items(sides: Sequence[Text], merged: Sequence[Text]) -> dict[_List, set[bytes]] | None:
    """The items that stand in all texts, by their list; ``None`` where nobody knows the items of one text."""
    shared: dict[_List, set[bytes]] | None = None
    for data, sections in (*sides, *merged):
        if not sections:
            return None
        items = {(section.key, section.indent): set(section.items(data)) for section in sections}
        if shared is None:
            shared = items
        else:
            shared = {about: known & items[about] for about, known in shared.items() if about in items}
    return shared


def _without(text: Text, shared: dict[_List, set[bytes]]) -> bytes:
    """A text without the items that stand in all of them."""
    data, sections = text
    parts, position = [], 0
    for section in sections:
        known = shared.get((section.key, section.indent), set())
        parts.append(data[position : section.start])
        parts += [section.mark[1:] + item + b"\n" for item in section.items(data) if item not in known]
        position = section.end
    return b"".join([*parts, data[position:]])
