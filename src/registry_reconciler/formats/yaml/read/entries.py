"""A long mapping of entries that are alike, below a key in column 0: read by columns, as a list of items is.

Every line of it is plain (:mod:`simple` says what that is), so nothing can be open behind any of them. That it begins
and ends where it seems to is shown by reading the file with one pair in its place.
"""

from __future__ import annotations

import re

from msgspec import Struct

from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import Json

_KEY = r"[A-Za-z_][A-Za-z0-9_.-]{0,99}+"
_FIRST = re.compile(rf"^({_KEY}):\n(?=([ ]++){_KEY}:\n\2[ ])".encode(), re.MULTILINE)
_END = re.compile(rb"\n(?=[^ \n])")
_MOST_HEAD = 65_536
_PAIR = b"end-of-map-5e0c1f6b: 1\n"


class Entries(Struct, frozen=True):
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

    def starts(self, data: bytes) -> list[int]:
        """The offset of each entry, and :attr:`end`: all have as many lines."""
        height = data.count(b"\n", self.start, self.end) // len(self.values)
        entries = re.compile(rb"(?:.*\n){%d}" % height).finditer(data, self.start, self.end)
        return [*(entry.start() for entry in entries), self.end]

    def reduced(self, data: bytes) -> tuple[bytes, dict[str, Json]] | None:
        """The file with one pair in place of the entries, and that pair; ``None`` where it has such a pair already."""
        if _PAIR in data:
            return None
        pair = self.indent + _PAIR
        name, _, _ = _PAIR.decode().partition(":")
        return data[: self.start] + pair + data[self.end :], {name: 1}


def entries_of(data: bytes, reader: SimpleReader, most: int) -> Entries | None:
    """The first mapping of entries of a text; ``None`` where they are not all of one shape.

    Args:
        most: so long a scalar may be, in characters.
    """
    if not data.endswith(b"\n") or b"\r" in data or data.startswith((b"\xef\xbb\xbf", b"%")):
        return None
    first = _FIRST.search(data, 0, _MOST_HEAD)
    if first is None:
        return None
    below = _END.search(data, first.end())
    end = len(data[: below.end() if below else len(data)].rstrip(b"\n")) + 1
    text = data[first.end() : end].decode()
    values = reader.read_entries(text, first[2].decode(), most)
    return None if values is None else Entries(first[1].decode(), first[2], first.end(), end, values)
