"""Decimals of a JSON text that keep their digits, at the price of a few passes in C.

A parser that is written in C hands out floats, which say ``1.1`` for ``1.10``. It can ask for each decimal, and then
each is made once for all places that have it. Where a text is little else than numbers that is too slow: what was read
is written again by the same parser, which shows the numbers that are not written as usual, and those are put in place
of the floats.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import compress, count
from math import isinf
from operator import ne

import msgspec

from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import Exact, WrittenFloat, decimal

_SAMPLE = 1 << 15
_DECIMAL = re.compile(rb"[0-9]++(?:\.[0-9]++(?:[eE][-+]?+[0-9]++)?+|[eE][-+]?+[0-9]++)(?![-\w.])")
_FEW_QUOTES = 64
"""A text with a quote in so many bytes, or fewer, has few strings."""
_MANY = 4
"""So large a part of a text is decimals, or of those unusual, where they are many."""
_SHORT = 8
"""Of numbers of so few characters there are not many, so they come again."""
_SMALL = b"0.0000"
"""Where Python writes an exponent, and the parser, when it is asked to write, does not."""
_COMMAS = bytes(0x2C if byte in b"[]{}:" else byte for byte in range(256))
_encode = msgspec.json.Encoder(enc_hook=float).encode


class _Known(dict[str, float]):
    """Numbers by their texts; one that is met first is made then."""

    def __missing__(self, text: str) -> float:
        value = self[text] = decimal(text)
        if value - value != 0:
            raise ValueError("a number without end")
        return value


def with_known_decimals(data: bytes) -> Json:
    """The value of a text, each decimal asked for. Raises :class:`ValueError` where it is no JSON."""
    value: Json = msgspec.json.Decoder(float_hook=_Known().__getitem__).decode(data)
    return value


def mostly_numbers(data: bytes) -> bool:
    """Whether a text has, by its head, many decimals or few strings."""
    head = data[:_SAMPLE]
    few = head.count(b'"') * _FEW_QUOTES < len(head)
    return few or sum(map(len, _DECIMAL.findall(head))) * _MANY > len(head)


def unusual_head(data: bytes) -> tuple[bool, bool]:
    """Whether the head of a text has decimals that are written unusually, and whether they come again: are short."""
    found = [text.decode() for text in _DECIMAL.findall(data[:_SAMPLE])]
    short = sum(map(len, found)) <= _SHORT * len(found)
    return any(type(decimal(text)) is WrittenFloat for text in found), short


def written(value: Json) -> bytes:
    """A value as the parser writes it, each decimal with the digits that a float has."""
    return _encode(value)


def with_digits(value: Json, data: bytes, outside: bytes, again: bytes) -> Json:
    """The value of a text with the digits of its decimals.

    Args:
        value: what was read, each decimal a float.
        outside: the text without white space and strings.
        again: the same of the value as :func:`written` has it.
    """
    if (outside == again and _plain(outside)) or not _has_decimals(outside):
        return value
    return _with_digits(data, _listed(outside), _listed(again))


def numbers_alone(data: bytes, outside: bytes) -> Json:
    """The value of a text, some of whose decimals are written unusually; ``outside`` as in :func:`with_digits`."""
    return _with_digits(data, _listed(outside))


def _with_digits(data: bytes, listed: bytes, again: bytes | None = None) -> Json:
    """The value of a text.

    Args:
        listed: its numbers and words in order, with a comma between them.
        again: how the parser writes those, as far as that is known.
    """
    texts = listed.split(b",")
    parts: list[Json] = msgspec.json.decode(b"[" + listed + b"]")
    mixed = set(map(type, parts)) != {float}
    exponents = listed.count(b"e") + listed.count(b"E")
    if exponents == len(texts) and not mixed:
        return _in_order(data, [*_made(parts, texts)])
    floats = (written(parts)[1:-1] if again is None else again).split(b",")
    if len(floats) != len(texts):
        return with_known_decimals(data)
    flags = list(map(ne, texts, floats))
    marks = [*((b"e",) if exponents else ()), *((b",0.0000", b",-0.0000") if _SMALL in listed else ())]
    for mark in marks:
        for number in _places(b"," + listed, mark):
            flags[number] = True
    places = list(compress(count(), flags))
    if mixed:
        places = [number for number in places if type(parts[number]) is float]
    made = _made([parts[number] for number in places], [texts[number] for number in places])
    for number, unusual in zip(places, made, strict=True):
        parts[number] = unusual
    return _in_order(data, [part for part in parts if isinstance(part, float)] if mixed else parts)


def _listed(outside: bytes) -> bytes:
    """The numbers and words of a text without strings, in order, with a comma between them."""
    listed = outside.translate(_COMMAS)
    while b",," in listed:
        listed = listed.replace(b",,", b",")
    return listed.strip(b",")


def _places(listed: bytes, mark: bytes) -> Iterator[int]:
    """Which of the parts of a list have a mark in them; a comma stands before each."""
    pieces = listed.split(mark)
    pieces.pop()
    commas = mark.count(b",")
    behind = -1
    for piece in pieces:
        behind += piece.count(b",") + commas
        yield behind


def _made(floats: list[Json], texts: list[bytes]) -> list[WrittenFloat]:
    """Numbers that are written unusually. Each is what :func:`.decimal` makes; there is no call in Python for each.

    Raises:
        ValueError: one has no end.
    """
    if any(map(isinf, floats)):
        raise ValueError("a number without end")
    made: list[WrittenFloat] = list(map(partial(float.__new__, WrittenFloat), floats))
    sources = b",".join(texts).decode("ascii").split(",")
    deque(map(WrittenFloat.source.__set__, made, sources), 0)  # type: ignore[attr-defined]
    Exact.seen = Exact.seen or bool(made)
    return made


def _in_order(data: bytes, decimals: list[Json]) -> Json:
    """The value of a text whose decimals, in order, are these."""
    left: Iterator[object] = iter([*decimals, _END])
    # What is asked for each decimal is given its text, and hands out the next number instead: without any Python.
    value: Json = msgspec.json.Decoder(float_hook=partial(next, left)).decode(data)
    if next(left, None) is not _END:
        return with_known_decimals(data)
    return value


_END = object()


def _has_decimals(outside: bytes) -> bool:
    words = outside.count(b"true") + outside.count(b"false")
    return b"." in outside or b"E" in outside or outside.count(b"e") > words


def _plain(outside: bytes) -> bool:
    """Whether the parser writes each of the numbers as Python does: none has an exponent, or is very small."""
    if outside.count(b"e") > outside.count(b"true") + outside.count(b"false"):
        return False
    if _SMALL not in outside:
        return True
    apart = outside.translate(_COMMAS)
    return not (apart.startswith(_SMALL) or b"," + _SMALL in apart or b"-" + _SMALL in apart)
