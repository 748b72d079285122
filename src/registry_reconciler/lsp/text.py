"""A text as an editor sees it: lines and units of its encoding, and back to characters.

An editor counts a position in lines from 0 and in code units of the encoding that it agreed on; everywhere else here a
place is a number of characters from the start of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import cached_property
from typing import Literal

Unit = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile("\r\n|\r|\n")
"""What ends a line for an editor; Python's own ``splitlines`` knows more."""


class IndexedText:
    """A text, with its lines found once.

    Attributes:
        source: the characters, without a byte order mark.
        unit: what the editor counts in a line.
    """

    def __init__(self, source: str, unit: Unit = "utf-16") -> None:
        self.source = source
        self.unit = unit

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.source))]

    def line(self, number: int) -> str:
        """A line without its end; "" behind the last."""
        if not 0 <= number < len(self.starts):
            return ""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.source)
        return self.source[self.starts[number] : end].rstrip("\r\n")

    def offset(self, line: int, character: int) -> int:
        """The place of a position; behind the end of a line it is that end."""
        if line >= len(self.starts):
            return len(self.source)
        text = self.line(line)
        if text.isascii() or self.unit == "utf-32":
            return self.starts[line] + min(character, len(text))
        seen = 0
        for number, char in enumerate(text):
            if seen >= character:
                return self.starts[line] + number
            seen += self._width(char)
        return self.starts[line] + len(text)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and code units of a place."""
        from bisect import bisect_right

        line = bisect_right(self.starts, offset) - 1
        before = self.source[self.starts[line] : offset]
        if before.isascii() or self.unit == "utf-32":
            return line, len(before)
        return line, sum(map(self._width, before))

    def place(self, line: int, column: int) -> int:
        """The place of a line and a column of characters that count from 1, as problems have them; 0 for the file."""
        if not 1 <= line <= len(self.starts):
            return 0 if line < 1 else len(self.source)
        return self.starts[line - 1] + min(max(column, 1) - 1, len(self.line(line - 1)))

    def _width(self, char: str) -> int:
        if self.unit == "utf-16":
            return 2 if char > "\uffff" else 1
        return len(char.encode("utf-8", "surrogatepass"))

    def changed(self, start: tuple[int, int], end: tuple[int, int], new: str) -> IndexedText:
        """The text with one part replaced, as an editor sends it while somebody types."""
        first, last = sorted((self.offset(*start), self.offset(*end)))
        return IndexedText(self.source[:first] + new + self.source[last:], self.unit)


def in_order(typed: str, text: str) -> bool:
    """Whether a text has every character that was typed, in order and in any case: what editors filter by."""
    rest = iter(text.casefold())
    return all(char in rest for char in typed.casefold())


def to_bytes(source: str) -> bytes:
    """A text as it would be saved."""
    return source.encode("utf-8", "surrogatepass")


def from_bytes(data: bytes) -> str:
    """A file as an editor opens it: what is no text is shown as such, and the mark at its head is no part of it."""
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def replacements(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """The lines that differ: start and end in the old text, and what stands there in the new one."""
    left, right = _lines(old), _lines(new)
    starts = [0]
    for line in left:
        starts.append(starts[-1] + len(line))
    for kind, i, j, k, end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            yield _trimmed(old, starts[i], starts[j], "".join(right[k:end]))


def _trimmed(old: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    """Without what is the same at both ends."""
    stop = len(new)
    first = 0
    while start < end and first < stop and old[start] == new[first]:
        start, first = start + 1, first + 1
    while end > start and stop > first and old[end - 1] == new[stop - 1]:
        end, stop = end - 1, stop - 1
    return start, end, new[first:stop]


def _lines(text: str) -> list[str]:
    ends: Iterable[int] = (match.end() for match in _LINE_END.finditer(text))
    found, start = [], 0
    for end in ends:
        found.append(text[start:end])
        start = end
    return [*found, text[start:]] if start < len(text) else found
