"""Decimals of a JSON text that keep their digits, at the price of a few passes in C.

A parser that is written in C hands out floats, which say ``1.1`` for ``1.10``. It can ask for each decimal. Where few
are met over and over, each is made once for all places that have it. Where there are many, their texts are cut out of
the bytes, or gathered in a first reading where strings are all around them. Then the numbers are made group by group
(:mod:`.decimal_groups`). A last reading puts each in its place. No line of Python runs for a single decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Protocol

import msgspec

from registry_reconciler.formats.json.decimal_groups import SMALL, numbers
from registry_reconciler.formats.json.quotes import outside_strings
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import decimal

PATIENCE = 1 << 10
"""So many decimals may be made one by one, and a few more in a long text."""
_BYTES_FOR_ONE_MORE = 1 << 13
_GROUP = 1 << 11
"""So many are made at once, or as many as these bytes have: what they need stays in the cache of the processor."""
_GROUP_BYTES = 1 << 14
_BYTES_FOR_A_QUOTE = 5
"""Where quotes are rarer than this, it takes less to cut strings out than to make them twice."""
_BEGINNING = 1 << 16
"""Where less of this is decimals than there are values, nobody looks at the rest."""
_SPACES = b" \t\r\n"
_ENDS = bytes(0x2C if byte in b"]}" else 0x30 if byte in b"0123456789" else byte for byte in range(256))
_COMMAS = bytes(0x2C if byte in b"[]{}:" else byte for byte in range(256))


class TooManyDecimalsError(Exception):
    """More decimals than one makes one by one."""


class KnownDecimals(dict[str, float]):
    """Numbers by their texts; one that is met first is made then, unless a text of so many bytes has too many."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.most = PATIENCE and PATIENCE + size // _BYTES_FOR_ONE_MORE

    def __missing__(self, text: str) -> float:
        if len(self) >= self.most:
            raise TooManyDecimalsError
        value = self[text] = _ended(decimal(text))
        return value


class Check(Protocol):
    """What judges a value by what it says when it is written again, which takes long where it has many decimals."""

    def __call__(self, value: Json, write: Callable[[], bytes], *, of_decimals: bool) -> None:
        """Raise :class:`ValueError` where the value is not what its text says."""


def with_digits(data: bytes, check: Check) -> Json:
    """The value of a text. Raises :class:`ValueError` where it is no JSON, and what the check raises.

    Args:
        check: is given the value, and what writes it again; decimals may be missing in both.
    """
    known = KnownDecimals(len(data))
    try:
        value = _asking(known.__getitem__, data)
    except TooManyDecimalsError:
        pass
    else:
        check(value, partial(_written, value), of_decimals=False)
        return value
    if set(map(type, known.values())) == {float}:
        value = msgspec.json.decode(data)
        written = _written(value)
        if _says_all(written, data):
            check(value, lambda: written, of_decimals=False)
            return value
    listed = _cut_out(data)
    if listed:
        value = _asking(_handing_out(_cut_groups(listed)), data)
        check(value, partial(_written, value), of_decimals=True)
        return value
    texts: list[str] = []
    value = _asking(texts.append, data)
    check(value, partial(_written, value), of_decimals=True)
    del value
    return _asking(_handing_out(_gathered_groups(texts)), data)


def _written(value: Json) -> bytes:
    return msgspec.json.encode(value, enc_hook=float)


def _says_all(written: bytes, data: bytes) -> bool:
    """Whether a value that is written so has each number as its text has it, and as Python writes it."""
    # A letter that the text has by its number is written as it is, and no number.
    if written.translate(None, _SPACES) != data.translate(None, _SPACES) and (
        b"\\" not in data or _spaceless(written) != _spaceless(data)
    ):
        return False
    # Python writes an exponent for small and large ones. Something in a string may look alike.
    if SMALL in written and any(before + SMALL in written for before in (b",", b"[", b":", b"-")):
        return False
    ends = written.translate(_ENDS, b"-+")
    return not any(exponent in ends for exponent in (b"0e0,", b"0e00,", b"0e000,"))


def _spaceless(data: bytes) -> bytes:
    """What stands outside of strings, without spaces."""
    return outside_strings(data).translate(None, _SPACES)


def _asking(hook: Callable[[str], float | str | None], data: bytes) -> Json:
    """The value of a text, each decimal asked for."""
    value: Json = msgspec.json.Decoder(float_hook=hook).decode(data)
    return value


def _handing_out(groups: Iterator[Sequence[float]]) -> Callable[[str], float | str]:
    """What is given the text of a decimal and hands out the next number instead, without any Python.

    There are as many as a text has that is JSON. In one that is none there may be fewer: it gets back what it gave.
    """
    return partial(next, chain.from_iterable(groups))


def _ended(value: float) -> float:
    if value - value != 0:
        raise ValueError("a number without end")
    return value


def _cut_out(data: bytes) -> bytes:
    """The decimals of a text with commas between them; nothing where other values stand beside them, or strings."""
    if data.count(b'"') * _BYTES_FOR_A_QUOTE > len(data):
        return b""
    if data.count(b".", 0, _BEGINNING) < data.count(b",", 0, _BEGINNING):
        return b""
    listed = outside_strings(data).translate(_COMMAS, _SPACES).strip(b",")
    while b",," in listed:
        listed = listed.replace(b",,", b",")
    return listed if listed.count(b",") + 1 == listed.count(b".") else b""


def _cut_groups(listed: bytes) -> Iterator[Sequence[float]]:
    """The numbers of a text of decimals and commas, group by group."""
    at = 0
    while at < len(listed):
        end = listed.find(b",", at + _GROUP_BYTES)
        end = len(listed) if end < 0 else end
        yield numbers(listed[at:end])
        at = end + 1


def _gathered_groups(texts: list[str]) -> Iterator[Sequence[float]]:
    """The numbers of some texts, group by group. The texts are gone afterwards: their memory is used again."""
    texts.reverse()
    while texts:
        group = texts[-_GROUP:]
        del texts[-_GROUP:]
        group.reverse()
        yield numbers(",".join(group).encode(), group)
