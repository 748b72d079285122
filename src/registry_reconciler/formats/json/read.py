"""Bytes of a JSON file to JSON values: what the standard allows, and nothing that parsers do not agree on.

A text that is plainly right is read by a parser that is written in C; what that does not see (equal keys, depth,
numbers without end) is looked for beside it, in a few passes; :mod:`.decimals` keeps the digits of numbers. Anything
else goes to :mod:`.explain`,
which reads token by token and says what is wrong and where. Both give the same answer.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from itertools import accumulate

import msgspec

from registry_reconciler.formats.faults import DEFAULT_LIMITS, Limits, TextFault, TextFile
from registry_reconciler.formats.json.decimals import (
    mostly_numbers,
    numbers_alone,
    unusual_head,
    with_digits,
    with_known_decimals,
    written,
)
from registry_reconciler.formats.json.source import blanked
from registry_reconciler.formats.scan import BOM, scan_text
from registry_reconciler.model.entry import Json

_QUOTE = re.compile(rb'(?<!\\)"')


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
    if mostly_numbers(data):
        return _numbers(data, limits)
    value = with_known_decimals(data)
    long = len(data) > limits.max_scalar and _has_long_text(data, limits.max_scalar // 2)
    keys = _bounded(value, limits, strings=long)
    # No key was lost if there are as many as there are quotes with a colon right behind them, and no other keys.
    if keys != data.count(b'":') or b" :" in data.translate(_SPACES):
        json.loads(data, object_pairs_hook=_unique)
    return value


def _numbers(data: bytes, limits: Limits) -> Json:
    """As :func:`_fast`, of a text with little else than numbers and brackets: what was read is written again."""
    compact = msgspec.json.format(data, indent=-1) if b'"' in data else data.translate(None, b" \t\r\n")
    unusual, short = unusual_head(data)
    outside = _outside(compact, limits.max_scalar)
    _flat(outside, limits)
    if unusual:
        value = with_known_decimals(data) if short else numbers_alone(data, outside)
        keys = compact.count(b'":')
        if keys and (_ESCAPE.search(compact) or _keys(value) != keys):
            json.loads(data, object_pairs_hook=_unique)
        return value
    value = msgspec.json.decode(data)
    again = written(value)
    # What is written as it was read lost no key.
    if again != compact and (_ESCAPE.search(compact) or again.count(b'":') != compact.count(b'":')):
        json.loads(data, object_pairs_hook=_unique)
    return with_digits(value, data, outside, _outside(again))


_ESCAPE = re.compile(rb"\\u00(?:22|3[aA])")
"""A quote or a colon that is not written as such: what could look like the end of a key, or hide one."""


_COLLECTIONS = frozenset((dict, list))


def _keys(value: Json) -> int:
    """How many keys there are; lists of numbers are passed over in C."""
    level, keys = [value], 0
    while level:
        deeper: list[Json] = []
        for held in level:
            parts = held.values() if type(held) is dict else held
            keys += len(parts) if type(held) is dict else 0
            if not _COLLECTIONS.isdisjoint(map(type, parts)):
                deeper += [part for part in parts if type(part) in _COLLECTIONS]
        level = deeper
    return keys


def _outside(text: bytes, limit: int = 0) -> bytes:
    """A JSON text without white space, and without what stands between quotes, which may be as long as the limit."""
    if b'"' not in text:
        return text
    if b"\\" in text:
        text = text.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    parts = text.split(b'"')
    if limit and len(text) > limit and max(map(len, parts[1::2])) > limit:
        raise _Odd
    return b"".join(parts[::2])


_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS = bytes(1 if byte in b"[{" else 255 for byte in range(256))
_SHALLOW = 8


def _flat(outside: bytes, limits: Limits) -> None:
    """Hold how many values there are, and how deep they nest. Raises :class:`_Odd`."""
    opened = outside.count(b"[") + outside.count(b"{")
    if opened + outside.count(b",") + 1 > limits.max_nodes:
        raise _Odd
    if opened <= limits.max_depth:
        return
    brackets = outside.translate(None, _NOT_BRACKETS)
    depth = limits.max_depth
    for _ in range(min(_SHALLOW, depth // 2)):
        # Each time the innermost go, and with them a list around an empty mapping: up to two levels.
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        depth -= 2
    if brackets and max(accumulate(memoryview(brackets.translate(_STEPS)).cast("b"))) > depth:
        raise _Odd


_DIGITS = 300
_STEP = 5
_SPACES = bytes(0x20 if byte in b"\t\r\n" else byte for byte in range(256))
_ZEROS = bytes(0x30 if byte in b"0123456789" else byte for byte in range(256))
_MANY_ZEROS = b"0" * (_DIGITS // _STEP - 1)


def _has_digits(data: bytes) -> bool:
    """Whether there may be a number of so many digits that parsers do not agree on it: :data:`_DIGITS`."""
    return _MANY_ZEROS in data[::_STEP].translate(_ZEROS) and b"0" * _DIGITS in data.translate(_ZEROS)


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
