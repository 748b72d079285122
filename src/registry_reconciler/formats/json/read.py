"""Bytes of a JSON file to JSON values: what the standard allows, and nothing that parsers do not agree on.

A text that is plainly right is read by a parser that is written in C. What that does not see (equal keys, depth) shows
when the value is written again, or looked at where it has few parts, and :mod:`.decimals` keeps the digits of numbers.
Where that would take longer, the parser of the standard library hands out the pairs of each object.
Anything else goes to :mod:`.explain`, which reads token by token and says what is wrong and where. All give one answer.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable
from typing import NoReturn

import msgspec

from registry_reconciler.base.json_text import levels
from registry_reconciler.formats.faults import DEFAULT_LIMITS, ReadingLimits, TextFault, TextFile
from registry_reconciler.formats.json.decimal_groups import ZEROS
from registry_reconciler.formats.json.decimals import KnownDecimals, TooManyDecimalsError, with_digits
from registry_reconciler.formats.json.outline import Outline
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
    outline = Outline(data)
    most = outline.collections + outline.commas + 1
    if most > limits.max_nodes and _values(data) > limits.max_nodes:
        raise _Odd
    size = len(data)
    few = most * _BYTES_FOR_A_VALUE + outline.collections * _BYTES_FOR_A_COLLECTION < size
    if _takes_pairs(data, outline):
        try:
            value = _by_pairs(data)
        except TooManyDecimalsError:
            pass
        else:
            outline.bound(limits.max_depth)
            return value

    def check(value: Json, write: Callable[[], bytes], *, of_decimals: bool) -> None:
        """Raise :class:`ValueError` where a key stands twice, or where too much stands inside each other."""
        look = few or (of_decimals and outline.collections * _BYTES_FOR_A_COLLECTION < size)
        if outline.keys and not (
            _keys_in(value) == outline.keys if look else outline.says_the_marks_of(write())
        ):
            raise _Odd
        outline.bound(limits.max_depth)

    return with_digits(data, check)


_BYTES_FOR_A_VALUE = 50
_BYTES_FOR_A_COLLECTION = 200
"""To look at one takes as long as it takes to write so many bytes and to compare them."""
_BYTES_FOR_AN_OBJECT = 4_800
_BYTES_FOR_A_MARK = 16
_BYTES_FOR_A_FOREIGN_OBJECT = 300
_FOREIGN_SHARE = 0.05
_SAMPLE_STEP = 64
_ASCII = bytes(range(128))
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def _by_pairs(data: bytes) -> Json:
    """What a text says. Raises :class:`ValueError` where a key of it stands twice."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_float=KnownDecimals(len(data)).__getitem__, parse_constant=_odd
    )
    value: Json = decoder.decode(data.decode())
    if b"\\" in data and _HALF.search(data):
        # It takes half of a character for one, which nothing can write.
        msgspec.json.encode(value, enc_hook=float)
    return value


def _takes_pairs(data: bytes, outline: Outline) -> bool:
    """Whether it takes less to look at the pairs of each object than at its value, or than to write that again.

    Letters beyond ASCII must be many: a text of others would become as wide as they are.
    """
    size = len(data)
    if outline.objects * _BYTES_FOR_A_FOREIGN_OBJECT >= size:
        return False
    if not data.isascii():
        return _foreign_share(data) > _FOREIGN_SHARE
    texts_are_long = len(outline.marks) * _BYTES_FOR_A_MARK < size
    return texts_are_long and not outline.escaped and outline.objects * _BYTES_FOR_AN_OBJECT < size


def _foreign_share(data: bytes) -> float:
    """Which part of its bytes belongs to letters beyond ASCII, about."""
    sample = data[::_SAMPLE_STEP]
    return len(sample.translate(None, _ASCII)) / len(sample)


def _object(pairs: list[tuple[str, Json]]) -> Json:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _odd("")


def _odd(_constant: str) -> NoReturn:
    raise _Odd


def _values(data: bytes) -> int:
    """How many values a text has, lists and mappings among them."""
    bare = outside_strings(data, b"s").translate(None, b" \t\r\n")
    empty = bare.count(b"[]") + bare.count(b"{}")
    return bare.count(b"[") + bare.count(b"{") + bare.count(b",") + 1 - empty


def _keys_in(value: Json) -> int:
    """How many keys the mappings of a value have."""
    return sum(
        sum(map(len, level if len(kinds) == 1 else [part for part in level if type(part) is dict]))
        for level, kinds in levels(value)
        if dict in kinds
    )


_DIGITS = 300
_STEPS_OVER = (29, 7, 2, 1)
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
