"""What all that writes TOML needs: the habits of a file, keys, and texts in quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from registry_reconciler.formats.edits import SpliceError

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_ALL_BARE = re.compile(r"(?:[A-Za-z0-9_-]+\n)*+")
_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\\ud800-\udfff]')
WIDE = re.compile(r"[^\x00-\x7f]")
_ESCAPED_ASCII = bytes(code for code in range(128) if _ESCAPED.match(chr(code)))
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
WIDTH = 96


class TomlStyle(Struct, frozen=True):
    """The habits of a file.

    Attributes:
        quotes: what most strings stand in.
        ascii: characters beyond ASCII are written with escapes.
        step: how far items of an array on several lines are set in.
        array_padding, table_padding: what stands inside the brackets of one line.
        trailing: arrays on several lines have a comma behind the last item.
        equals: what stands between a key and its value.
        wider: how far arrays on one line reach beyond the usual width.
    """

    newline: str = "\n"
    quotes: str = '"'
    ascii: bool = False
    step: str = "    "
    array_padding: str = ""
    table_padding: str = " "
    trailing: bool = True
    equals: str = " = "
    gap: int = 1
    wider: int = 0


def fits_one_line(length: int) -> bool:
    """Whether a new table of so many characters stands in braces where no neighbour shows how it is to stand."""
    return length <= WIDTH - 20


def key_text(name: str, *, ascii_only: bool = False) -> str:
    """One part of a key."""
    return name if _BARE.match(name) else basic(name, ascii_only=ascii_only)


def key_texts(names: Sequence[str]) -> Sequence[str]:
    """As :func:`key_text`, of many names."""
    rows = "\n".join((*names, ""))
    if rows.count("\n") == len(names) and _ALL_BARE.fullmatch(rows):
        return names
    return list(map(key_text, names))


def need_no_escape(texts: Sequence[str]) -> bool:
    """Whether many texts stand in double quotes as they are."""
    text = "".join(texts)
    if text.isascii():  # translate() drops bytes several times as fast as a pattern finds them
        return len(text.encode().translate(None, _ESCAPED_ASCII)) == len(text)
    return not _ESCAPED.search(text)


def basic(text: str, *, ascii_only: bool = False) -> str:
    """A text in double quotes on one line, which can hold any."""
    body = _ESCAPED.sub(escape, text)
    return '"' + (WIDE.sub(escape, body) if ascii_only else body) + '"'


def escape(match: re.Match[str]) -> str:
    """A character as it stands in double quotes, for those that must or should not stand there themselves."""
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise SpliceError("TOML has no lone surrogates")
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
