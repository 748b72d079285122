"""Splicing a few items of a long list by looking at those and their neighbours only.

A window is a file with runs of far items left out, each run replaced by one item that says a word found nowhere else.
The ordinary function of a format works on the window; then the runs are put back for their words. The habits of a file
are judged in the window: at the head of its lists and around the edits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.formats.edits import Edit, Insert, RenameKey, ReplaceDocument, SpliceError
from registry_reconciler.model.entry import FieldPath

NEAR = 6
"""How many items on both sides of a new one are kept: more than the splicer takes as models."""
HEAD = 40
"""How many items at the head of a list show the habits of the file."""
WORD = b"items-left-out-93d7a2"

StandIn = Callable[[bytes, int], tuple[bytes, bytes]]
"""Gives for a run and its number the words to write, and the part of the run, from its start, that they stand for."""


class Window(Struct, frozen=True):
    """A file with runs of items left out.

    Attributes:
        text: what is left, with words for each run.
        ranks: where an item of a list is now, by key and index.
        runs: the words and what they stand for, in order.
    """

    text: bytes
    ranks: Mapping[str, Mapping[int, int]]
    runs: Sequence[tuple[bytes, bytes]]

    def whole(self, text: bytes) -> bytes | None:
        """A changed window with the runs put back; ``None`` where words are not there as they were."""
        parts: list[bytes] = []
        position = 0
        for words, run in self.runs:
            at = text.find(words, position)
            if at < 0 or (at and text[at - 1 : at] != b"\n"):
                return None
            parts += (text[position:at], run)
            position = at + len(words)
        return b"".join((*parts, text[position:]))

    def moved(self, edit: Edit) -> Edit:
        """An edit as it is addressed in the window."""
        path = path_of(edit)
        rank = self.ranks.get(str(path[0])) if path else None
        if rank is None or isinstance(edit, ReplaceDocument):
            return edit
        if isinstance(edit, Insert):
            if len(path) == 1:
                # Behind the last item is the end, however many there are.
                return replace(edit, index=None if edit.index is None else rank.get(edit.index))
            return replace(edit, container=in_window(path, rank))
        return replace(edit, path=in_window(path, rank))


def path_of(edit: Edit) -> FieldPath:
    """Where an edit is, of a new part the list or mapping that it comes into."""
    if isinstance(edit, ReplaceDocument):
        return ()
    return edit.container if isinstance(edit, Insert) else edit.path


def new_key(edit: Edit, depth: int) -> str | None:
    """The key that an edit gives to a part so deep, which must not be left out if it is there already."""
    if isinstance(edit, RenameKey):
        return edit.new_key if len(edit.path) == depth else None
    return edit.key if isinstance(edit, Insert) and len(edit.container) == depth - 1 else None


def in_window(path: FieldPath, rank: Mapping[int, int]) -> FieldPath:
    """The path of something in an item, as it is in a window."""
    return (path[0], rank.get(path[1], -1) if isinstance(path[1], int) else path[1], *path[2:])


def leave_out(
    data: bytes,
    starts: Sequence[int],
    kept: Collection[int],
    stand_in: StandIn,
    parts: list[bytes],
    runs: list[tuple[bytes, bytes]],
) -> dict[int, int]:
    """Add a list without the items that are not kept to the ``parts`` of a window, and to its ``runs``.

    Args:
        starts: the offset of each item, and the end of the last.

    Returns:
        Where each item that is kept is now.
    """
    ranks: dict[int, int] = {}
    last = len(starts) - 1
    stops = [*sorted(at for at in kept if at < last), last]
    number = place = 0
    while number < last:
        if number in kept:
            ranks[number] = place
            parts.append(data[starts[number] : starts[number + 1]])
            number += 1
        else:
            stop = stops[bisect_left(stops, number)]
            run = data[starts[number] : starts[stop]]
            words, left_out = stand_in(run, len(runs))
            runs.append((words, left_out))
            parts += (words, run[len(left_out) :])
            number = stop
        place += 1
    return ranks


def splice_by(
    window: Window | None,
    data: bytes,
    edits: Sequence[Edit],
    splice: Callable[[bytes, Sequence[Edit]], bytes],
) -> bytes:
    """What the function gives for the file, by way of a window where there is one. Raises as the function does."""
    if window is not None:
        try:
            result = window.whole(splice(window.text, [window.moved(edit) for edit in edits]))
        except SpliceError:
            result = None  # the places that it names are those of the window
        if result is not None:
            return result
    return splice(data, edits)
