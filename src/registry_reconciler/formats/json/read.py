"""Bytes of a JSON file to JSON values: what the standard allows, and nothing that parsers do not agree on.

A text that is plainly right is read by a parser that is written in C; what that does not see (equal keys, depth,
numbers without end) is looked for beside it, in a few passes. Anything else goes to :mod:`.explain`,
which reads token by token and says what is wrong and where. Both give the same answer.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator

import msgspec

from registry_reconciler.formats.faults import DEFAULT_LIMITS, Limits, TextFault, TextFile
from registry_reconciler.formats.json.source import blanked
from registry_reconciler.formats.scan import BOM, scan_text
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import WrittenFloat

_QUOTE = re.compile(rb'(?<!\\)"')
_TWO_DIGITS = re.compile(rb"[0-9](?=[0-9])")


class _Odd(ValueError):
    """Something that only a look at every token can judge."""


def read_json(data: bytes, *, comments: bool = False, limits: Limits = DEFAULT_LIMITS) -> TextFile:
    """The document of a file, and everything that is wrong with its text; never raises.

    Args:
        comments: it is JSONC, which has comments and trailing commas.
    """
    warnings = scan_text(data, limits)
    if any(fault.fatal for fault in warnings):
        return TextFile((), tuple(warnings))
    plain = data.removeprefix(BOM)
    collecting = gc.isenabled()
    gc.disable()
    try:
        try:
            return TextFile((_fast(plain, limits),), tuple(warnings))
        except (ValueError, RecursionError):
            pass
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


def _fast(data: bytes, limits: Limits) -> Json:
    """What a text says that is JSON beyond doubt. Raises :class:`ValueError` for every other."""
    if _has_digits(data):
        raise _Odd
    value = decoded(data)
    long = len(data) > limits.max_scalar and _has_long_text(data, limits.max_scalar // 2)
    keys = _bounded(value, limits, strings=long)
    # No key was lost if there are as many as there are quotes with a colon right behind them, and no other keys.
    if keys != data.count(b'":') or b" :" in data.translate(_SPACES):
        json.loads(data, object_pairs_hook=_unique)
    return value


_SAMPLE = 1 << 16
_DECIMAL = re.compile(rb"[0-9]\.[0-9]")
_DENSE = 100
"""With a decimal in so many bytes it pays to see first whether any is unusual, before each is asked by itself."""


def decoded(data: bytes) -> Json:
    """The value of a text; decimals know their digits. Raises :class:`ValueError`."""
    head = data[:_SAMPLE]
    if len(_DECIMAL.findall(head)) * _DENSE > len(head) and _usual_decimals(data):
        return msgspec.json.decode(data)
    return msgspec.json.Decoder(float_hook=_number).decode(data)


def _number(text: str) -> float:
    number = float(text)
    if float.__repr__(number) == text and "e" not in text:
        return number
    if number - number != 0:
        raise _Odd
    return WrittenFloat(number, text)


_SHAPES = bytes(0x64 if byte in b"0123456789" else 0x65 if byte in b"eE" else byte for byte in range(256))
"""Digits as ``d`` and exponents as ``e``."""
_ODD = (b"de", b"d" * 8 + b".", b"." + b"d" * 8)
"""So few digits on each side of its point every number keeps."""
_NOUGHTS = bytes(0x20 if byte in b",]} \t\r\n" else byte for byte in range(256))
_NOUGHT = re.compile(rb"\.[0-9]+0(?![0-9])")


def _usual_decimals(data: bytes) -> bool:
    """Whether all decimals are surely written as this program would write them. Linear, and careful, not exact."""
    shapes = data.translate(_SHAPES)
    if any(odd in shapes for odd in _ODD) or b"0.0000" in data:
        return False
    ends = data.endswith(b"0") or b"0 " in data.translate(_NOUGHTS)
    return not ends or _NOUGHT.search(data) is None


_DIGITS = 150
_SPACES = bytes(0x20 if byte in b"\t\r\n" else byte for byte in range(256))


def _has_digits(data: bytes) -> bool:
    """Whether there may be a number of so many digits that parsers do not agree on it: twice :data:`_DIGITS`."""
    found = _TWO_DIGITS.finditer(data[::_DIGITS])
    return any(data[at * _DIGITS : (at + 1) * _DIGITS].isdigit() for at in (match.start() for match in found))


def _has_long_text(data: bytes, size: int) -> bool:
    """Whether some piece has no quote that could end a text: a text of twice the size has such a piece."""
    return any(_QUOTE.search(data, at, at + size) is None for at in range(0, len(data) - size + 1, size))


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Odd
    return found


def _bounded(value: Json, limits: Limits, *, strings: bool) -> int:
    """Look at all collections level by level: how deep they nest, how many values there are, how long texts are.

    How many keys there are is the answer.
    """
    level: list[Json] = [[value]]
    depth = -1
    count = keys = 0
    while level:
        depth += 1
        count += sum(map(len, level))
        keys += sum([len(item) for item in level if type(item) is dict])
        if depth > limits.max_depth or count > limits.max_nodes:
            raise _Odd
        if strings and any(len(text) > limits.max_scalar for text in _texts(level)):
            raise _Odd
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) is dict or type(inner) is list
        ]
    return keys


def _texts(level: list[Json]) -> Iterator[str]:
    for item in level:
        if type(item) is dict:
            yield from item
        yield from (inner for inner in (item.values() if type(item) is dict else item) if type(inner) is str)
