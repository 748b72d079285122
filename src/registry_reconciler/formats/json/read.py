"""Bytes of a JSON file to JSON values: what the standard allows, and nothing that parsers do not agree on.

A text that is plainly right is read by a parser that is written in C. What that does not see (equal keys, depth) shows
when the value is written again, and :mod:`.decimals` keeps the digits of numbers. Anything else goes to
:mod:`.explain`, which reads token by token and says what is wrong and where. Both give the same answer.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from itertools import accumulate

from registry_reconciler.formats.faults import DEFAULT_LIMITS, ReadingLimits, TextFault, TextFile
from registry_reconciler.formats.json.decimal_groups import ZEROS
from registry_reconciler.formats.json.decimals import with_digits
from registry_reconciler.formats.json.quotes import outside_strings, without_escapes
from registry_reconciler.formats.json.source import blanked
from registry_reconciler.formats.scan import BOM, line_ends, scan_text
from registry_reconciler.model.entry import Json

_QUOTE = re.compile(rb'(?<!\\)"')


class _Odd(ValueError):
    """Something that only a look at every token can judge."""


class _LastFile:
    """The file that was read last: what edits it reads it once more. A longer one is not kept, nor is its memory."""

    longest = 1 << 22
    last: tuple[bytes, bool, ReadingLimits, TextFile] = (b"", False, DEFAULT_LIMITS, TextFile((), ()))


def read_json(data: bytes, *, comments: bool = False, limits: ReadingLimits = DEFAULT_LIMITS) -> TextFile:
    """The document of a file, and everything that is wrong with its text; never raises. Nobody may change it in place.

    Args:
        comments: it is JSONC, which has comments and trailing commas.
    """
    of, commented, bounds, known = _LastFile.last
    if of is data and commented is comments and bounds is limits and of:
        return known
    file = _read(data, comments=comments, limits=limits)
    if len(data) <= _LastFile.longest:
        _LastFile.last = (data, comments, limits, file)
    return file


def _read(data: bytes, *, comments: bool, limits: ReadingLimits) -> TextFile:
    plain = data.removeprefix(BOM)
    collecting = gc.isenabled()
    gc.disable()
    try:
        try:
            # The parser sees what is no UTF-8, and what git left between two lines is no JSON.
            return TextFile((_fast(plain, limits),), tuple(line_ends(data)))
        except (ValueError, RecursionError):
            pass
        warnings = scan_text(data, limits)
        if any(fault.fatal for fault in warnings):
            return TextFile((), tuple(warnings))
        if comments:
            try:
                return TextFile((_fast(blanked(plain.decode()).encode(), limits),), tuple(warnings))
            except (ValueError, RecursionError):
                pass
        from registry_reconciler.formats.json.explain import explain

        documents, faults = explain(plain.decode(), comments=comments, limits=limits)
    finally:
        if collecting:
            gc.enable()
    found = sorted((*warnings, *faults), key=_place)
    return TextFile(() if faults else documents, tuple(found))


def _place(fault: TextFault) -> tuple[int, int, str, str]:
    return (fault.line, fault.column, fault.code, fault.message)


def _fast(data: bytes, limits: ReadingLimits) -> Json:
    """What a text says that is JSON beyond doubt. Raises :class:`ValueError` for every other."""
    if len(data) > limits.max_bytes or _has_digits(data):
        raise _Odd
    if len(data) > limits.max_scalar and _has_long_text(data, limits.max_scalar):
        raise _Odd
    marks = data.translate(None, _NOT_MARKS)
    opened = marks.count(b"[") + marks.count(b"{")
    most = opened + marks.count(b",") + 1
    if most > limits.max_nodes and _values(data) > limits.max_nodes:
        raise _Odd

    def check(value: Json, write: Callable[[], bytes]) -> None:
        """Raise :class:`_Odd` where a key stands twice, or where too much stands inside each other."""
        written, again = b"", marks
        if b":" in marks or b"\\" in data:  # else it has no keys, and each quote begins or ends a string
            written = write()
            again = written.translate(None, _NOT_MARKS)
            named = _named(data)
            if again != (marks if named is data else named.translate(None, _NOT_MARKS)):
                raise _Odd
        if opened <= limits.max_depth:
            return
        # To look at a value takes as long as many bytes take.
        if len(marks) * _BYTES_FOR_A_MARK < len(data):
            _bound_value(value, limits.max_depth)
        else:
            _bound_outline(without_escapes(written) if b'\\"' in written else again, limits.max_depth)

    return with_digits(data, check)


_NOT_MARKS = bytes(byte for byte in range(256) if byte not in b'[]{},:"')
"""What is no mark. A value is written with the marks of its text, in strings too, if no key of it stood twice.

Those that the text has by their numbers are among them: else they could stand for what a key lost.
"""
_ESCAPED_MARK = re.compile(rb"\\u00(22|2[cC]|3[aA]|[57][bBdD])")
_BACKSLASH_OR_MARK = re.compile(rb"\\\\|" + _ESCAPED_MARK.pattern)
_BYTES_FOR_A_MARK = 40


def _values(data: bytes) -> int:
    """How many values a text has, lists and mappings among them."""
    bare = outside_strings(data, b"s").translate(None, b" \t\r\n")
    empty = bare.count(b"[]") + bare.count(b"{}")
    return bare.count(b"[") + bare.count(b"{") + bare.count(b",") + 1 - empty


def _named(data: bytes) -> bytes:
    """The text with the marks that it has by their numbers."""
    if b"\\" not in data or not _ESCAPED_MARK.search(data):
        return data
    return _BACKSLASH_OR_MARK.sub(lambda found: bytes.fromhex((found[1] or b"").decode()), data)


_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_ALIKE = bytes.maketrans(b"{}", b"[]")
_STEPS = bytes(1 if byte == 0x5B else 255 for byte in range(256))
_SHALLOW = 32


def _bound_outline(outline: bytes, depth: int) -> None:
    """Raise :class:`_Odd` where brackets stand deeper in each other, those in strings apart.

    Args:
        outline: at least the brackets and quotes of a text, without quotes that are escaped.
    """
    # Between two quotes that are side by side nothing is left: both go, and the others stand as they stood.
    brackets = outside_strings(outline.translate(_ALIKE, _NOT_BRACKETS).replace(b'""', b""))
    for _ in range(min(_SHALLOW, depth)):
        # Each time the innermost go.
        brackets = brackets.replace(b"[]", b"")
        depth -= 1
        if not brackets:
            return
    if max(accumulate(memoryview(brackets.translate(_STEPS)).cast("b"))) > depth:
        raise _Odd


_COLLECTIONS = frozenset((dict, list))


def _bound_value(value: Json, depth: int) -> None:
    """Raise :class:`_Odd` where collections stand deeper in each other."""
    level = [value] if type(value) in _COLLECTIONS else []
    for _ in range(depth):
        inside = [held.values() if type(held) is dict else held for held in level]
        level = [part for parts in inside for part in parts if type(part) in _COLLECTIONS]
        if not level:
            return
    raise _Odd


_DIGITS = 300
_STEPS_OVER = (7, 2, 1)
"""Of so many bytes one is looked at; where that falls between no numbers by chance, at more of them."""


def _has_digits(data: bytes) -> bool:
    """Whether there may be a number of so many digits that parsers do not agree on it: :data:`_DIGITS`."""
    return all(b"0" * (_DIGITS // step) in data[::step].translate(ZEROS) for step in _STEPS_OVER)


def _has_long_text(data: bytes, limit: int) -> bool:
    """Whether a string may be longer than the limit."""
    size = limit // 2
    # A string that is so long leaves some piece without a quote; behind an even number of them, it is in no string.
    seen = quotes = 0
    for at in range(0, len(data) - size + 1, size):
        if not _has_quote(data, at, at + size):
            quotes += data.count(b'"', seen, at)
            seen = at
            if quotes % 2 or b"\\" in data:
                return max(map(len, without_escapes(data).split(b'"')[1::2]), default=0) > limit
    return False


def _has_quote(data: bytes, start: int, end: int) -> bool:
    """Whether a string begins or ends between two places."""
    first = data.find(b'"', start, end)
    return first >= 0 and (data[first - 1] != 0x5C or _QUOTE.search(data, start, end) is not None)
