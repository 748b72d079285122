"""A look at the bytes before they are parsed: encoding, forbidden characters, line ends, conflict markers.

All of it is a handful of passes in C over the bytes, so that a hostile file of any allowed size costs
milliseconds, and the parser only ever meets text that means the same to every YAML 1.2 parser.
"""

from __future__ import annotations

import re

from registry_reconciler.formats.faults import ReadingLimits, TextFault
from registry_reconciler.formats.yaml.read.scalars import shorten

BOM = b"\xef\xbb\xbf"
_CONTROLS = bytes(n for n in range(32) if n not in b"\t\n\r") + b"\x7f"
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
# C1 controls (NEL among them), line and paragraph separator, BOM in the middle, U+FFFE and U+FFFF.
_WIDE = (
    (b"\xc2", re.compile(rb"\xc2[\x80-\x9f]")),
    (b"\xe2", re.compile(rb"\xe2\x80[\xa8\xa9]")),
    (b"\xef", re.compile(rb"\xef(?:\xbb\xbf|\xbf[\xbe\xbf])")),
)
"""Each by its first byte, which is looked for ten times as fast as one of several."""
_LONE_CR = re.compile(rb"\r(?!\n)")
_CONFLICT = re.compile(rb"^(?:<<<<<<< |>>>>>>> |\|\|\|\|\|\|\| )[^\r\n]*", re.MULTILINE)
_CONFLICT_HINTS = tuple((mark, re.compile(rb"\%c(?=\%c{6} )" % (mark, mark))) for mark in b"<>|")
"""A pattern that begins with a byte is looked for twice as fast as several bytes, and one byte alone ten times so."""
_WIDE_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
CONFLICT_FIX = (
    "resolve the conflict, by hand or by taking one side (git checkout --ours or --theirs);"
    " then settle state and history: registry resolve"
)
_NAMES = {
    "\x00": "NUL",
    "\x85": "NEL, which some parsers take for a line end",
    "\u2028": "LINE SEPARATOR, which some parsers take for a line end",
    "\u2029": "PARAGRAPH SEPARATOR, which some parsers take for a line end",
    "\ufeff": "a byte order mark that is not at the start of the file",
}


def scan(data: bytes, limits: ReadingLimits) -> list[TextFault]:
    """Everything that bytes alone show; the file must not be parsed when one of them is fatal."""
    if len(data) > limits.max_bytes:
        message = f"the file has {len(data)} bytes; at most {limits.max_bytes} are read"
        return [TextFault("YML008", message, 1, 1, fix="split the file")]
    fault = _encoding(data) or _forbidden(data)
    if fault is not None:
        return [fault]
    conflict = _conflict(data)
    if conflict is not None:
        return [conflict]
    return line_ends(data)


def scan_text(data: bytes, limits: ReadingLimits) -> list[TextFault]:
    """As :func:`scan`, for formats that say themselves which characters may stand where: all but YAML."""
    if len(data) > limits.max_bytes:
        message = f"the file has {len(data)} bytes; at most {limits.max_bytes} are read"
        return [TextFault("YML008", message, 1, 1, fix="split the file")]
    fault = _encoding(data) or _conflict(data)
    return [fault] if fault is not None else line_ends(data)


def place_of(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte; the column counts characters, a BOM counts as none."""
    line = data.count(b"\n", 0, offset) + 1
    start = data.rfind(b"\n", 0, offset) + 1
    if start == 0 and data.startswith(BOM):
        start = min(len(BOM), offset)
    return line, len(data[start:offset].decode("utf-8", "replace")) + 1


def _encoding(data: bytes) -> TextFault | None:
    fix = "save the file as UTF-8"
    for mark, name in _WIDE_BOMS:
        if data.startswith(mark):
            return TextFault("YML002", f"the file is {name}, not UTF-8", 1, 1, fix=fix)
    if len(data) > 1 and data[1] == 0 and data[0] != 0:
        return TextFault("YML002", "the file looks like UTF-16, not UTF-8", 1, 1, fix=fix)
    if len(data) > 1 and data[0] == 0 and data[1] != 0:
        return TextFault("YML002", "the file looks like UTF-16, not UTF-8", 1, 1, fix=fix)
    if data.isascii():
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = place_of(data, error.start)
        message = f"the byte 0x{data[error.start]:02x} is not UTF-8 here"
        return TextFault("YML002", message, line, column, fix=fix)
    return None


def _forbidden(data: bytes) -> TextFault | None:
    found: list[re.Match[bytes]] = []
    # translate() drops bytes several times as fast as a pattern finds them.
    if len(data.translate(None, _CONTROLS)) != len(data):
        match = _CONTROL.search(data)
        if match:
            found.append(match)
    if not data.isascii():
        start = len(BOM) if data.startswith(BOM) else 0
        matches = (pattern.search(data, start) for first, pattern in _WIDE if first in data)
        found += filter(None, matches)
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        match = _LONE_CR.search(data)
        if match:
            found.append(match)
    if not found:
        return None
    first = min(found, key=lambda match: match.start())
    return _forbidden_fault(data, first)


def _forbidden_fault(data: bytes, match: re.Match[bytes]) -> TextFault:
    line, column = place_of(data, match.start())
    char = match.group().decode("utf-8")
    if char == "\r":
        message = "a carriage return without a line feed; YAML parsers do not agree where such lines end"
        return TextFault("YML002", message, line, column, fix="save the file with LF or CRLF line ends")
    name = _NAMES.get(char)
    message = f"the character U+{ord(char):04X}{f' ({name})' if name else ''} may not stand in a YAML file"
    fix = f'remove it, or write it escaped in a double-quoted string: "\\u{ord(char):04x}"'
    return TextFault("YML002", message, line, column, fix=fix)


def _conflict(data: bytes) -> TextFault | None:
    if not any(mark in data and hint.search(data) for mark, hint in _CONFLICT_HINTS):
        return None
    match = _CONFLICT.search(data)
    if match is None:
        return None
    line, column = place_of(data, match.start())
    text = shorten(match.group().decode("utf-8", "replace"))
    return TextFault("YML010", f"git left a conflict marker: {text}", line, column, fix=CONFLICT_FIX)


_NOT_ENDS = bytes(byte for byte in range(256) if byte not in b"\r\n")


def line_ends(data: bytes) -> list[TextFault]:
    """Whether lines end in two ways, which is only a warning."""
    if b"\r" not in data:
        return []
    ends = data.translate(None, _NOT_ENDS)
    if ends == b"\r\n" * (len(ends) // 2) and not _LONE_CR.search(data):
        return []
    crlf = data.count(b"\r\n")
    if not crlf:
        return []
    total = data.count(b"\n")
    if crlf == total:
        return []
    first_crlf = data.find(b"\r\n")
    first_lf = re.search(rb"(?<!\r)\n", data)
    odd = first_crlf if first_lf and first_lf.start() < first_crlf else (first_lf.start() if first_lf else 0)
    line, column = place_of(data, odd)
    message = f"{crlf} lines end with CRLF and {total - crlf} with LF"
    return [
        TextFault("YML009", message, line, column, fix="save the file with one kind of line end", fatal=False)
    ]
