"""Decimals of a JSON text that keep their digits, at the price of a few passes in C.

A parser that is written in C hands out floats, which say ``1.1`` for ``1.10``. It can ask for each decimal, and then
each is made once for all places that have it. Where a text is little else than numbers that is too slow: what was read
is written again by the same parser, which shows the numbers that are not written as usual, and those are put in place
of the floats.
"""

from __future__ import annotations

import re
from collections import deque
from functools import partial
from itertools import compress
from operator import ne
from typing import Any

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
_SHAPES = bytes(0x64 if byte in b"0123456789" else 0x65 if byte in b"eE" else byte for byte in range(256))
"""Digits as ``d`` and exponents as ``e``."""
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


def has_unusual_head(data: bytes) -> bool:
    """Whether the head of a text has decimals that are written unusually, and so short that they come again."""
    found = [text.decode() for text in _DECIMAL.findall(data[:_SAMPLE])]
    short = sum(map(len, found)) <= _SHORT * len(found)
    return short and any(type(decimal(text)) is WrittenFloat for text in found)


def written(value: Json) -> bytes:
    """A value as the parser writes it, each decimal with the digits that a float has."""
    return _encode(value)


def with_digits(value: Json, data: bytes, outside: bytes, again: bytes) -> Json:
    """The value of a text with the digits of its decimals.

    Args:
        value: what was read, each decimal a float; it is changed.
        outside: the text without white space and strings.
        again: the same of the value as :func:`written` has it.
    """
    plain = _plain(outside)
    if (plain and outside == again) or not _has_decimals(outside):
        return value
    texts, floats = (text.translate(_COMMAS).split(b",") for text in (outside, again))
    if len(texts) != len(floats):
        return with_known_decimals(data)
    odd = list(compress(texts, map(ne, texts, floats)))
    odd = [text for text in odd if text != b"-0"]
    distinct = set(odd)
    if len(distinct) * _MANY > len(texts):
        return with_known_decimals(data)
    if not plain:
        alike = [text for text in _otherwise(outside, texts) if text not in distinct]
        odd += alike
        distinct.update(alike)
    made = _made([text.decode("ascii") for text in distinct])
    # One number in two spellings, and only the parser can tell which stands where.
    if made is None or type(value) is float or _put(value, made) != len(odd):
        return with_known_decimals(data)
    return value


def _otherwise(outside: bytes, texts: list[bytes]) -> list[bytes]:
    """Numbers that Python and the parser may write each in its way, though floats of both are equal."""
    exponents = b"de" in outside.translate(_SHAPES)
    found = [text for text in texts if b"e" in text and text not in _WORDS] if exponents else []
    at = outside.find(_SMALL)
    while at >= 0:
        start = at - (outside[at - 1 : at] == b"-")
        if outside[start - 1 : start] not in _DIGITS:
            match = _NUMBER.match(outside, start)
            found += [match[0]] if match else []
        at = outside.find(_SMALL, at + 1)
    return found


_WORDS = (b"true", b"false")
_DIGITS = tuple(b"%d" % digit for digit in range(10))
_NUMBER = re.compile(rb"-?0\.[0-9]++(?![eE])")


def _made(sources: list[str]) -> dict[float, float] | None:
    """The numbers of some texts that are written unusually, by their floats; ``None`` if two are equal.

    Each is what :func:`.decimal` makes; there is no call in Python for each.
    """
    made = list(map(partial(float.__new__, WrittenFloat), sources))
    deque(map(WrittenFloat.source.__set__, made, sources), 0)  # type: ignore[attr-defined]
    Exact.seen = Exact.seen or bool(made)
    found: dict[float, float] = dict(zip(made, made, strict=True))
    return found if len(found) == len(made) else None


def _put(value: Json, made: dict[float, float]) -> int:
    """Put numbers in place of the floats that equal them; how many places there were."""
    places = 0
    level = [value]
    while level:
        deeper: list[Json] = []
        for held in level:
            parts: Any = held.values() if type(held) is dict else held
            deeper += [part for part in parts if type(part) is list or type(part) is dict]
            if any(map(made.__contains__, [part for part in parts if type(part) is float])):
                pairs: Any = held.items() if type(held) is dict else enumerate(parts)
                found = [(step, part) for step, part in pairs if type(part) is float and part in made]
                places += len(found)
                for step, part in found:
                    held[step] = made[part]
        level = deeper
    return places


def _has_decimals(outside: bytes) -> bool:
    words = outside.count(b"true") + outside.count(b"false")
    return b"." in outside or b"E" in outside or outside.count(b"e") > words


def _plain(outside: bytes) -> bool:
    """Whether the parser writes each of the numbers as Python does."""
    if b"de" in outside.translate(_SHAPES):
        return False
    apart = outside.translate(_COMMAS)
    return not (apart.startswith(b"0.0000") or b",0.0000" in apart or b"-0.0000" in apart)
