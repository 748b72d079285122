"""Splicing a few items of a long array of tables by looking at those, their neighbours and the head of the array only.

It is what :mod:`registry_reconciler.formats.yaml.edit.window` is for lists: a window is the text with runs of far items
left out, each run replaced by one item that says a word found nowhere else. The ordinary function works on the window;
then the runs are put back for their words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.formats.edits import Edit, Insert, ReplaceDocument, SpliceError
from registry_reconciler.formats.toml.edit.splice import splice

NEAR = 6
"""How many items on both sides of one that is touched are kept: more than the splicer takes as models."""
HEAD = 40
"""How many items at the head of the array show the habits of the file."""
LEAST = 200
"""Shorter arrays are spliced as a whole."""
_WORD = "items-left-out-93d7a2"
_NAME = re.compile(r"[A-Za-z][\w-]*\Z", re.ASCII)


class _Window(Struct, frozen=True):
    """A text with runs of items left out; ``ranks``: where an item is now; ``runs``: words and what they stand for."""

    text: str
    ranks: dict[int, int]
    runs: list[tuple[str, str]]

    def whole(self, text: str) -> str | None:
        """A changed window with the runs put back; ``None`` where a word is not there as it was."""
        parts: list[str] = []
        position = 0
        for word, run in self.runs:
            at = text.find(word, position)
            if at < 0 or (at and text[at - 1] != "\n"):
                return None
            parts += (text[position:at], run)
            position = at + len(word)
        return "".join((*parts, text[position:]))


def splice_items(data: bytes, edits: Sequence[Edit]) -> bytes:
    """What :func:`.splice.splice` gives, by way of a window if there is one. Raises as it does."""
    name = _array_of(edits)
    window = _opened(data.decode("utf-8"), name, edits) if name is not None else None
    if window is not None:
        try:
            result = splice(window.text.encode("utf-8"), [_moved(edit, window) for edit in edits])
        except SpliceError:
            return splice(data, edits)  # the places that it names are those of the window
        whole = window.whole(result.decode("utf-8"))
        if whole is not None:
            return whole.encode("utf-8")
    return splice(data, edits)


def _array_of(edits: Sequence[Edit]) -> str | None:
    """The array at the top that all edits are about, each about one item of it."""
    names = set()
    for edit in edits:
        if isinstance(edit, ReplaceDocument) or edit.document:
            return None
        path = edit.container if isinstance(edit, Insert) else edit.path
        at_end = isinstance(edit, Insert) and edit.kind == "list" and len(path) == 1
        if not at_end and (len(path) < 2 or not isinstance(path[1], int)):
            return None
        names.add(path[0])
    name = names.pop() if len(names) == 1 else None
    return name if isinstance(name, str) and _NAME.match(name) else None


def _opened(text: str, name: str, edits: Sequence[Edit]) -> _Window | None:
    header = rf"\[\[{name}\]\]"
    starts = [match.start() for match in re.finditer(rf"^{header}", text, re.MULTILINE)]
    if len(starts) < LEAST or _WORD in text or '"""' in text or "'''" in text:
        return None
    # With no other header below the first, and no array of tables above it, these are all items, and nothing else is.
    other = re.compile(rf"^(?:[ \t]+\[|\[(?!\[{name}\]\][ \t]*(?:#.*)?\r?$))", re.MULTILINE)
    if "[[" in text[: starts[0]] or other.search(text, starts[0]):
        return None
    kept = set(range(HEAD))
    for edit in edits:
        at = _index(edit, len(starts))
        if not 0 <= at <= len(starts):
            return None
        kept.update(range(at - NEAR, at + NEAR + 1))
    return _cut(text, name, [*starts, len(text)], kept)


def _cut(text: str, name: str, bounds: Sequence[int], kept: set[int]) -> _Window:
    parts = [text[: bounds[0]]]
    ranks: dict[int, int] = {}
    runs: list[tuple[str, str]] = []
    number = place = 0
    newline = "\r\n" if "\r\n" in text else "\n"
    while number < len(bounds) - 1:
        if number in kept:
            ranks[number] = place
            parts.append(text[bounds[number] : bounds[number + 1]])
            number += 1
        else:
            stop = next((k for k in range(number, len(bounds) - 1) if k in kept), len(bounds) - 1)
            run = text[bounds[number] : bounds[stop]]
            said = run.rstrip("\r\n")
            word = f"[[{name}]]{newline}{_WORD} = {len(runs)}"
            runs.append((word, said))
            parts += (word, run[len(said) :])
            number = stop
        place += 1
    return _Window("".join(parts), ranks, runs)


def _index(edit: Edit, count: int) -> int:
    assert not isinstance(edit, ReplaceDocument)
    path = edit.container if isinstance(edit, Insert) else edit.path
    if isinstance(edit, Insert) and len(path) == 1:
        return count if edit.index is None else edit.index
    return int(path[1])


def _moved(edit: Edit, window: _Window) -> Edit:
    """An edit as it is addressed in the window."""
    assert not isinstance(edit, ReplaceDocument)
    if isinstance(edit, Insert):
        if len(edit.container) == 1:
            return edit if edit.index is None else replace(edit, index=window.ranks.get(edit.index))
        at = window.ranks.get(int(edit.container[1]), -1)
        return replace(edit, container=(edit.container[0], at, *edit.container[2:]))
    at = window.ranks.get(int(edit.path[1]), -1)
    return replace(edit, path=(edit.path[0], at, *edit.path[2:]))
