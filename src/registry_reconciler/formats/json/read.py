"""Bytes of a JSON file to JSON values: what the standard allows, and nothing that parsers do not agree on.

A text that is plainly right is read by a parser that is written in C; what that does not see (equal keys, depth,
numbers without end) is looked for beside it, in a few passes; :mod:`.decimals` keeps the digits of numbers. Anything
else goes to :mod:`.explain`,
which reads token by token and says what is wrong and where. Both give the same answer.
"""

from __future__ import annotations

import gc
import re
from functools import partial
from itertools import accumulate

import msgspec

from registry_reconciler.formats.faults import DEFAULT_LIMITS, ReadingLimits, TextFault, TextFile
from registry_reconciler.formats.json.decimals import with_digits
from registry_reconciler.formats.json.quotes import outside_strings, without_escapes
from registry_reconciler.formats.json.source import blanked
from registry_reconciler.formats.scan import BOM, line_ends, scan_text
from registry_reconciler.model.entry import Json

_QUOTE = re.compile(rb'(?<!\\)"')
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


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
    marks = _marks(data)
    outline = outside_strings(marks)
    _bounded(outline, data, limits)
    colons = marks.count(b":")
    keys, collections = outline.count(b":"), outline.count(b"{") + outline.count(b"[")
    del marks, outline
    return with_digits(data, partial(_no_key_twice, data, keys, collections, colons))


def _no_key_twice(data: bytes, keys: int, collections: int, colons: int, value: Json) -> None:
    """Raise :class:`_Odd` where a value has not as many keys as its text.

    Args:
        colons: how many the text has, those in strings included. A value that is written with as many has each key,
            if none was escaped.
    """
    found = _keys(value, collections, keys)
    if found is None:
        # To look into all of it takes longer than to write it.
        written = msgspec.json.encode(value, enc_hook=float)
        if written.count(b":") == colons and not _ESCAPED_COLON.search(data):
            return
        found = outside_strings(_marks(written)).count(b":")
    if found != keys:
        raise _Odd


_NOT_MARKS = bytes(byte for byte in range(256) if byte not in b'[]{},:"')


def _marks(data: bytes) -> bytes:
    """The brackets, commas, colons and quotes of a JSON text; those in strings between quotes."""
    # Between two quotes that are side by side nothing is left: both go, and the others stand as they stood.
    return without_escapes(data).translate(None, _NOT_MARKS).replace(b'""', b"")


_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS = bytes(1 if byte in b"[{" else 255 for byte in range(256))
_SHALLOW = 8


def _bounded(outline: bytes, data: bytes, limits: ReadingLimits) -> None:
    """Hold how many values there are, and how deep they nest. Raises :class:`_Odd`."""
    opened = outline.count(b"[") + outline.count(b"{")
    beyond = opened + outline.count(b",") + 1 - limits.max_nodes
    # A collection that holds nothing was counted twice.
    if beyond > 0 and (beyond > opened or beyond > _empty(data)):
        raise _Odd
    if opened <= limits.max_depth:
        return
    brackets = outline.translate(None, _NOT_BRACKETS)
    depth = limits.max_depth
    for _ in range(min(_SHALLOW, depth // 2)):
        # Each time the innermost go, and with them a list around an empty mapping: up to two levels.
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        depth -= 2
    if brackets and max(accumulate(memoryview(brackets.translate(_STEPS)).cast("b"))) > depth:
        raise _Odd


def _empty(data: bytes) -> int:
    """How many lists and mappings hold nothing."""
    bare = outside_strings(data, b"s").translate(None, b" \t\r\n")
    return bare.count(b"[]") + bare.count(b"{}")


_COLLECTIONS = frozenset((dict, list))
_MANY = 1000


def _keys(value: Json, left: int, most: int) -> int | None:
    """How many keys there are in so many lists and mappings; where all were met, nobody looks further down.

    None where there are too many to look into each.

    Args:
        most: of so many keys there are no more.
    """
    level = [value] if type(value) in _COLLECTIONS else []
    lists = type(value) is list
    keys = 0
    while level:
        left -= len(level)
        keys += sum([len(held) for held in level if type(held) is dict]) if lists else sum(map(len, level))
        if left <= 0 or keys >= most:
            break
        if len(level) > _MANY:
            return None
        deeper: list[Json] = []
        lists = False
        for held in level:
            parts = held.values() if type(held) is dict else held
            kinds = set(map(type, parts))
            lists = lists or list in kinds
            if kinds <= _COLLECTIONS:
                deeper += parts
            elif not _COLLECTIONS.isdisjoint(kinds):
                deeper += [part for part in parts if type(part) in _COLLECTIONS]
        level = deeper
    return keys


_DIGITS = 300
_STEPS_OVER = (7, 2, 1)
"""Of so many bytes one is looked at; where that falls between no numbers by chance, at more of them."""
_ZEROS = bytes(0x30 if byte in b"0123456789" else byte for byte in range(256))


def _has_digits(data: bytes) -> bool:
    """Whether there may be a number of so many digits that parsers do not agree on it: :data:`_DIGITS`."""
    return all(b"0" * (_DIGITS // step) in data[::step].translate(_ZEROS) for step in _STEPS_OVER)


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
