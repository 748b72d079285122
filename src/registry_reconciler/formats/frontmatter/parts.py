"""Where the block of a text begins and ends, and its top-level keys one by one."""

from __future__ import annotations

import re

from msgspec import Struct

_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*(?:\r\n|\n|\Z)")
_OTHER = (
    ("TOML", re.compile(rb"(?:\xef\xbb\xbf)?\+\+\+[ \t]*\r?\n(?:.*\n)*?\+\+\+[ \t]*(?:\r?\n|\Z)")),
    (
        "JSON",
        re.compile(rb'(?:\xef\xbb\xbf)?\{[ \t]*\r?\n[ \t]*"[^"\r\n]*"[ \t]*:(?:.*\n)*?\}[ \t]*(?:\r?\n|\Z)'),
    ),
)
"""Front matter that some site generators take besides YAML."""
_CLOSING = re.compile(rb"^---[ \t]*(?=\r?\n|\Z)", re.MULTILINE)


class FrontMatterParts(Struct, frozen=True):
    """A text in three parts; together they are all of it.

    Attributes:
        head: the first line with its line end, a BOM included.
        block: what stands between the two lines.
        rest: the second line and everything below it.
    """

    head: bytes
    block: bytes
    rest: bytes

    @property
    def body(self) -> bytes:
        """The text below the second line."""
        line = self.rest.find(b"\n")
        return self.rest[line + 1 :] if line >= 0 else b""

    @property
    def blanks(self) -> bytes:
        """Blanks for the first line: behind them, offsets and lines of the block are those of the whole text."""
        bom = 3 if self.head.startswith(b"\xef\xbb\xbf") else 0
        return bytes(byte if byte in b"\r\n" else 0x20 for byte in self.head[bom:])


def other_language(data: bytes) -> str:
    """The language of front matter that is no YAML: ``TOML`` or ``JSON``; "" where there is none."""
    return next((name for name, block in _OTHER if block.match(data)), "")


def split(data: bytes) -> FrontMatterParts | None:
    """The parts of a text; ``None`` where it does not begin with a block.

    Raises:
        ValueError: the block begins and does not end.
    """
    opening = _OPENING.match(data)
    if opening is None:
        return None
    closing = _CLOSING.search(data, opening.end())
    if closing is None:
        raise ValueError
    return FrontMatterParts(
        data[: opening.end()], data[opening.end() : closing.start()], data[closing.start() :]
    )
