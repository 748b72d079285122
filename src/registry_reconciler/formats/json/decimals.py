"""Decimals of a JSON text that keep their digits, at the price of a few passes in C.

A parser that is written in C hands out floats, which say ``1.1`` for ``1.10``. It can ask for each decimal. Where few
are met over and over, each is made once for all places that have it. Where there are many with few digits, one look at
the text tells whether a float says all of it. Where they have many digits or exponents, they are gathered first, those
that are written unusually are found among all of them at once, and another reading puts each in its place.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import accumulate, chain, compress, count, repeat
from operator import add, itemgetter, ne
from typing import TypeVar

import msgspec

from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import decimal, written_float, written_floats

PATIENCE = 1 << 10
"""So many decimals may be made one by one, and a few more in a long text."""
_BYTES_FOR_ONE_MORE = 1 << 13
_CERTAIN = 16
"""Of a decimal of so many characters a float has every digit."""
_SHORT = re.compile(rb"(?:[^,]{1,%d}+,)*+[^,]{1,%d}+" % (_CERTAIN, _CERTAIN))
_SMALL = b"0.0000"
"""Where Python writes an exponent, and the parser, when it is asked to write, does not."""
_SMALL_TEXTS = ("0.0000", "-0.0000")
_RARE = 64
"""Where one of so many is written unusually, or fewer, they are looked for one by one."""
_STRIDE = 64
_FEW_QUOTES = 64
"""A text with a quote in so many bytes, or fewer, has few strings."""
_ZEROS = bytes(0x30 if byte in b"0123456789" else byte for byte in range(256))
_COMMAS = bytes(0x2C if byte in b"[]{}:" else byte for byte in range(256))
_Part = TypeVar("_Part")


class _TooManyError(Exception):
    """More decimals than one makes one by one."""


class _Known(dict[str, float]):
    """Numbers by their texts; one that is met first is made then."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __missing__(self, text: str) -> float:
        if len(self) >= self.most:
            raise _TooManyError
        value = self[text] = _ended(decimal(text))
        return value


def with_digits(data: bytes) -> Json:
    """The value of a text. Raises :class:`ValueError` where it is no JSON."""
    most = PATIENCE and PATIENCE + len(data) // _BYTES_FOR_ONE_MORE
    known = _Known(most)
    try:
        return _asking(known.__getitem__, data)
    except _TooManyError:
        pass
    alone = _numbers_alone(data)
    if alone is None and sum(map(_needs_care, known)) * _RARE <= len(known):
        try:
            return _asking(_short(data, most), data)
        except _TooManyError:
            pass
    return _twice(data, alone)


def _needs_care(text: str) -> bool:
    """Whether it takes more than the last digit to tell that a float says all of it."""
    return len(text) > _CERTAIN or "e" in text or "E" in text or text.startswith(_SMALL_TEXTS)


def _asking(hook: Callable[[str], float], data: bytes) -> Json:
    """The value of a text, each decimal asked for."""
    value: Json = msgspec.json.Decoder(float_hook=hook).decode(data)
    return value


def _ended(value: float) -> float:
    if value - value != 0:
        raise ValueError("a number without end")
    return value


def _short(data: bytes, most: int) -> Callable[[str], float]:
    """What makes a number of a text that has mostly decimals of few digits; so many others may come."""

    def other(text: str) -> float:
        nonlocal most
        if _needs_care(text):
            most -= 1
            if most < 0:
                raise _TooManyError
            return _ended(decimal(text))
        return float(text) if text[-2] == "." else written_float(float(text), text)

    def plain(text: str) -> float:
        return other(text) if text[-1] == "0" or len(text) > _CERTAIN else float(text)

    def careful(text: str) -> float:
        return other(text) if text[-1] == "0" or _needs_care(text) else float(text)

    zeros = data.translate(_ZEROS)
    return careful if b"0e" in zeros or b"0E" in zeros or _SMALL in data else plain


def _twice(data: bytes, listed: bytes | None) -> Json:
    """The value of a text that has many decimals with many digits, or with exponents.

    Args:
        listed: those, with a comma between them, where they are known.
    """
    texts: list[str] = []
    if listed is None:
        msgspec.json.Decoder(float_hook=texts.append).decode(data)
        listed = ",".join(texts).encode()
    floats: list[float] = msgspec.json.decode(b"[" + listed + b"]")
    places = _unusual(listed, floats)
    if not places:
        value: Json = msgspec.json.decode(data)
        return value
    texts = texts or listed.decode().split(",")
    if len(places) == len(texts):
        floats[:] = written_floats(floats, texts)
    else:
        chosen = written_floats(_at(places, floats), _at(places, texts))
        deque(map(floats.__setitem__, places, chosen), 0)
    # What is asked for each decimal is given its text, and hands out the next number instead: without any Python.
    left: Iterator[object] = iter([*floats, _END])
    value = _asking(partial(next, left), data)
    if next(left, None) is not _END:
        return _twice(data, None)  # there are integers and words among them
    return value


_END = object()


def _numbers_alone(data: bytes) -> bytes | None:
    """The numbers of a text, with a comma between them, where it has little else."""
    if data.count(b'"') * _FEW_QUOTES > len(data) or b"\\" in data:
        return None
    listed = b"".join(data.split(b'"')[::2]).translate(_COMMAS, b" \t\r\n").strip(b",")
    while b",," in listed:
        listed = listed.replace(b",,", b",")
    return listed


def _at(places: list[int], parts: list[_Part]) -> Iterable[_Part]:
    """The parts at some places."""
    return itemgetter(*places)(parts) if len(places) > 1 else [parts[places[0]]]


def _unusual(listed: bytes, floats: list[float]) -> list[int]:
    """Which of the numbers a float does not say: Python would write it in another way, or with an exponent.

    Args:
        listed: their texts, with a comma between them.
        floats: their values.
    """
    lower, upper = listed.count(b"e"), listed.count(b"E")
    if lower + upper == len(floats):
        return list(range(len(floats)))
    marks = [mark for mark, times in ((b"e", lower), (b"E", upper)) if times]
    if _SMALL in listed:
        marks += [b"," + _SMALL, b",-" + _SMALL]
    if _SHORT.fullmatch(listed):
        # Nothing but a zero at the end can be lost, and 5.0 has to have one.
        found = list(_places((b"," + listed + b",").replace(b".0,", b".1,"), b"0,"))
    else:
        found = list(_different(listed, msgspec.json.encode(floats)[1:-1], len(floats)))
    return (
        sorted({*found, *chain.from_iterable(_places(b"," + listed, mark) for mark in marks)})
        if marks
        else found
    )


def _places(listed: bytes, mark: bytes) -> Iterable[int]:
    """Which of the parts of a list have a mark in them; a comma stands before each."""
    pieces = listed.split(mark)
    pieces.pop()
    commas = mark.count(b",")
    counts = (
        map(add, map(bytes.count, pieces, repeat(b",")), repeat(commas))
        if commas
        else map(bytes.count, pieces, repeat(b","))
    )
    behind = accumulate(counts, initial=-1)
    next(behind)
    return map(add, behind, repeat(-1)) if mark.endswith(b",") else behind


def _different(listed: bytes, again: bytes, length: int) -> Iterable[int]:
    """Which of the parts of two lists of so many parts differ."""
    if listed == again:
        return ()
    try:
        return list(_one_by_one(listed + b",", again + b",", length // _RARE))
    except _TooManyError:
        return compress(count(), map(ne, listed.split(b","), again.split(b",")))


def _one_by_one(left: bytes, right: bytes, most: int) -> Iterator[int]:
    """As :func:`_different`, of lists whose parts all have a comma behind them, and few of which differ."""
    at_left = at_right = number = 0
    while at_left < len(left):
        same = _same(left, right, at_left, at_right)
        begin = left.rfind(b",", at_left, at_left + same) + 1 or at_left
        number += left.count(b",", at_left, begin)
        at_right += begin - at_left
        at_left = begin
        if at_left >= len(left):
            return
        most -= 1
        if most < 0:
            raise _TooManyError
        yield number
        number += 1
        at_left = left.index(b",", at_left) + 1
        at_right = right.index(b",", at_right) + 1


def _same(left: bytes, right: bytes, at_left: int, at_right: int) -> int:
    """How many bytes of two texts are the same, from a place in each on."""
    done, stride = 0, _STRIDE
    while stride and at_left + done < len(left):
        piece = right[at_right + done : at_right + done + stride]
        if piece and left.startswith(piece, at_left + done):
            done += len(piece)
            stride *= 2
            continue
        while stride:
            stride //= 2
            piece = right[at_right + done : at_right + done + stride]
            if stride and piece and left.startswith(piece, at_left + done):
                done += len(piece)
    return done
