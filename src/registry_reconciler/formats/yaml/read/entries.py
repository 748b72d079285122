"""A long mapping of entries that are alike, below a key in column 0: read by columns, as a list of items is.

Every line of it is plain (:mod:`simple` says what that is), so nothing can be open behind any of them. That it begins
and ends where it seems to is shown by reading the file with one pair in its place.
"""

from __future__ import annotations

import re

from msgspec import Struct

from registry_reconciler.base.sequences import common_length
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import Json

_KEY = r"[A-Za-z_][A-Za-z0-9_.-]{0,99}+"
_FIRST = re.compile(rf"^({_KEY}):\n(?=([ ]++){_KEY}:\n\2[ ])".encode(), re.MULTILINE)
_END = re.compile(rb"\n(?=[^ \n])")
_MOST_HEAD = 65_536
_PAIR = b"end-of-map-5e0c1f6b: 1\n"


class MappingEntries(Struct, frozen=True):
    """Where the entries of a mapping stand, and what they say.

    Attributes:
        key: the mapping stands below.
        indent: what stands before the key of each entry.
        start, end: offsets of the first entry, and behind the last.
        values: the mapping.
    """

    key: str
    indent: bytes
    start: int
    end: int
    values: dict[str, Json]

    def height(self, data: bytes) -> int:
        """The lines of an entry: all have as many."""
        return data.count(b"\n", self.start, self.end) // len(self.values)

    def starts(self, data: bytes) -> list[int]:
        """The offset of each entry, and :attr:`end`."""
        entries = re.compile(rb"(?:.*\n){%d}" % self.height(data)).finditer(data, self.start, self.end)
        return [*(entry.start() for entry in entries), self.end]

    def reduced(self, data: bytes) -> tuple[bytes, dict[str, Json]] | None:
        """The file with one pair in place of the entries, and that pair; ``None`` where it has such a pair already."""
        if _PAIR in data:
            return None
        pair = self.indent + _PAIR
        name, _, _ = _PAIR.decode().partition(":")
        return data[: self.start] + pair + data[self.end :], {name: 1}


class _LastEntries:
    """The file that was read last: it is located and edited next, and what it becomes is read after that."""

    last: tuple[bytes, int, MappingEntries | None] = (b"", 0, None)


_last_entries = _LastEntries()


def entries_of(data: bytes, reader: SimpleReader, most: int) -> MappingEntries | None:
    """The first mapping of entries of a text; ``None`` where they are not all of one shape.

    Args:
        most: so long a scalar may be, in characters.
    """
    of, size, known = _last_entries.last
    if of is data and size == most:
        return known
    found = _found(data, reader, most, of, known if size == most else None)
    _last_entries.last = (data, most, found)
    return found


def _found(
    data: bytes, reader: SimpleReader, most: int, old: bytes, known: MappingEntries | None
) -> MappingEntries | None:
    if not data.endswith(b"\n") or b"\r" in data or data.startswith((b"\xef\xbb\xbf", b"%")):
        return None
    first = _FIRST.search(data, 0, _MOST_HEAD)
    if first is None:
        return None
    below = _END.search(data, first.end())
    end = len(data[: below.end() if below else len(data)].rstrip(b"\n")) + 1
    key, indent = first[1].decode(), first[2]
    values = None
    if known is not None and (known.start, known.indent) == (first.end(), indent):
        values = _around(known, old, data, end, reader, most)
    if values is None:
        values = reader.read_entries(data[first.end() : end].decode(), indent.decode(), most)
    return None if values is None else MappingEntries(key, indent, first.end(), end, values)


def _around(
    known: MappingEntries, old: bytes, data: bytes, end: int, reader: SimpleReader, most: int
) -> dict[str, Json] | None:
    """The entries of a text of which only those are read that another one does not begin or end with."""
    height = known.height(old)
    size = min(known.end, end) - known.start
    head = common_length(
        size, lambda at, stop: data.startswith(old[known.start + at : known.start + stop], known.start + at)
    )
    rows = data.count(b"\n", known.start, known.start + head)
    begin = _line(data, known.start + head, rows % height)
    tail = common_length(
        min(known.end, end) - begin,
        lambda at, stop: data.startswith(old[known.end - stop : known.end - at], end - stop),
    )
    stop = end - tail
    if data[stop - 1 : stop] != b"\n" or old[known.end - tail - 1 : known.end - tail] != b"\n":
        stop = data.find(b"\n", stop) + 1 or end
    below = data.count(b"\n", stop, end)
    for _ in range(below % height):
        stop = data.find(b"\n", stop) + 1
    middle = data[begin:stop]
    more = reader.read_entries(middle.decode(), known.indent.decode(), most) if middle else {}
    if more is None or len(more) * height != middle.count(b"\n"):
        return None
    entries = list(known.values.items())
    above, rest = rows // height, below // height
    values = dict([*entries[:above], *more.items(), *entries[len(entries) - rest :]])
    return values if len(values) == above + len(more) + rest else None


def _line(data: bytes, position: int, back: int) -> int:
    """The beginning of the line of a position, or of one before it."""
    for _ in range(back + 1):
        position = data.rfind(b"\n", 0, position)
    return position + 1
