"""Where the items of the long lists of a file stand, told from its lines alone.

Registries and fragments are lists under a key in column 0. Such a file is cut into a head, sections (a key
line and the items below it) and a tail. Whether the cut is right cannot be told from lines: a line that looks
like an item may be text inside quotes. So a cut is a guess, and :mod:`reader` proves it before anything is
made of it:

1. The text before the first key line reads on its own as nothing or as a mapping, so nothing is open at its
end.
2. The guessed items of every section are read below their own key line, followed by an item that says a word
found
   nowhere in the file. When that word comes back as the last item of the list at that key, and the list has
   as many items as were put in, then each guessed item began one: there is one line for each of them, and
   only a line that begins with the dash in the column of the list can begin an item of it. So no quote,
   bracket or block scalar crosses from one into the next, and the last crosses into nothing either, or the
   word would not stand alone.
3. What an item says depends on nothing outside of it: files with anchors, merges, directives, several
documents,
   tabs behind a dash, carriage returns or block scalars that keep their blank lines are not cut at all.

By 2, the scanner is in one and the same state before each item and behind the last one. So items that were
proven once may be left out of a later reading and put back as values, in any file whose list has its dashes
in the same column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_KEY_LINE = re.compile(rb"([A-Za-z_][A-Za-z0-9_.-]*):[ ]*(?:#[^\n]*)?\n")
_FIRST = re.compile(rb"^(?:%|[A-Za-z_][A-Za-z0-9_.-]*:)", re.MULTILINE)
"""What begins a directive, or perhaps a key line."""
_GAP = re.compile(rb"(?:[ ]*(?:#[^\n]*)?\n)*")
_DASH = re.compile(rb"( *)- ")
_TOP = re.compile(rb"\n(?=[^\s#])")
_TOP_OR_DASH = re.compile(rb"\n(?=[^\s#-]|-[^ \n])")
_KEEPS_BLANKS = re.compile(rb"[|>][1-9]?\+")
_BLANK = re.compile(rb"\n *\n")
_MOST_HEAD = 65_536


class ListSection(Struct, frozen=True):
    """A key in column 0 and the lines of its list.

    Attributes:
        key: the key.
        indent: the column of the dashes.
        head: offset of the key line; from the second section on, of the blank lines and comments above it.
        start: offset of the line of the first item.
        end: offset behind the last line.
    """

    key: str
    indent: int
    head: int
    start: int
    end: int

    @property
    def mark(self) -> bytes:
        """How every item but the first begins, with the line end before it."""
        return b"\n" + b" " * self.indent + b"- "

    def items(self, data: bytes) -> list[bytes]:
        """The text of each item behind its dash, without its last line end; with comments above the next."""
        return data[self.start + len(self.mark) - 1 : self.end - 1].split(self.mark)

    def starts(self, data: bytes) -> list[int]:
        """The offset of each item's first line, and :attr:`end`. Nobody may change the list."""
        of, section, known = _last_starts.last
        if of is data and section == self:
            return known
        width = len(self.mark)
        offsets = [self.start]
        for item in self.items(data):
            offsets.append(offsets[-1] + len(item) + width)
        self.tell_starts(data, offsets)
        return offsets

    def tell_starts(self, data: bytes, starts: list[int]) -> None:
        """Say what :meth:`starts` would find out."""
        _last_starts.last = (data, self, starts)


class _LastStarts:
    """The file that was asked about last: locating and splicing ask several times about one."""

    last: tuple[bytes, ListSection | None, list[int]] = (b"", None, [])


_last_starts = _LastStarts()


def cut(data: bytes) -> tuple[ListSection, ...]:
    """The sections of a file that stand one behind the other, as a guess; none where it is not worth one."""
    if not data.endswith(b"\n") or b"\r" in data or data.startswith(b"\xef\xbb\xbf"):
        return ()
    # One byte is looked for twenty times as fast as two.
    if b"<" in data and b"<<" in data:
        return ()
    if b"+" in data and _KEEPS_BLANKS.search(data):
        return ()
    first = _first_section(data)
    if first is None:
        return ()
    return tuple(_sections(data, first))


def _first_section(data: bytes) -> int | None:
    for found in _FIRST.finditer(data, 0, _MOST_HEAD):
        if found[0] == b"%":
            return None
        if _list_below(data, found.start()):
            return found.start()
    return None


def _list_below(data: bytes, position: int) -> tuple[str, int, int] | None:
    """Key, column of dashes and offset of the first item, where a key line with a list below stands."""
    line = _KEY_LINE.match(data, position)
    if line is None:
        return None
    gap = _GAP.match(data, line.end())
    start = gap.end() if gap else line.end()
    dash = _DASH.match(data, start)
    return (line.group(1).decode(), len(dash.group(1)), start) if dash else None


def _sections(data: bytes, position: int) -> Iterator[ListSection]:
    ends = (b"\n", b"\t") if b"\t" in data else (b"\n",)
    while True:
        gap = _GAP.match(data, position)
        found = _list_below(data, gap.end() if gap else position)
        if found is None:
            return
        key, indent, start = found
        below = (_TOP if indent else _TOP_OR_DASH).search(data, start)
        end = below.end() if below else len(data)
        section = ListSection(key, indent, position, start, end)
        dash = section.mark[:-1]
        if any(data.find(dash + mark, start - 1, end) >= 0 for mark in ends):
            return
        yield section
        position = end


def cores(data: bytes, section: ListSection) -> list[bytes]:
    """The items of a section as :func:`core` has them; mostly nothing stands behind any of them."""
    items = section.items(data)
    if data.find(b"#", section.start, section.end) < 0 and not _BLANK.search(
        data, section.start, section.end
    ):
        return items
    return [core(item, section.indent) for item in items]


def core(item: bytes, indent: int) -> bytes:
    """An item without the blank lines and comments behind it that reach no deeper than its dash.

    A comment there is text of nothing: block scalars and plain text end before it, and a quote that were open
    would be found open. Blanks that reach deeper may be text of a block scalar.
    """
    end = len(item)
    deeper = b" " * (indent + 1)
    while True:
        at = item.rfind(b"\n", 0, end)
        if at < 0 or item.startswith(deeper, at + 1, end):
            return item[:end]
        line = item[at + 1 : end]
        if line.lstrip(b" ")[:1] not in (b"", b"#"):
            return item[:end]
        end = at
