"""Decimals of a JSON text that keep their digits, at the price of a few passes in C.

A parser that is written in C hands out floats, which say ``1.1`` for ``1.10``. It can ask for each decimal. Where few
are met over and over, each is made once for all places that have it. Where there are many, a first reading gathers
their texts. Then they are made in groups: all floats of a group at once, which are written again at once; where that
is not what the text says, the float gets its text. A second reading puts each in its place. No line of Python runs for
a single decimal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, compress
from operator import itemgetter, ne

import msgspec

from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import decimal, written_floats

PATIENCE = 1 << 10
"""So many decimals may be made one by one, and a few more in a long text."""
_BYTES_FOR_ONE_MORE = 1 << 13
_GROUP = 1 << 11
"""So many are made at once: what they need stays in the cache of the processor."""
_SMALL = b"0.0000"
"""Where Python writes an exponent, and the parser, when it is asked to write, does not."""
_NO_EXPONENT = bytes.maketrans(b"eE", b"__")


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


def with_digits(data: bytes, check: Callable[[Json], None]) -> Json:
    """The value of a text. Raises :class:`ValueError` where it is no JSON, and what the check raises.

    Args:
        check: is given the value, whose decimals may be missing: it looks at the rest.
    """
    known = _Known(PATIENCE and PATIENCE + len(data) // _BYTES_FOR_ONE_MORE)
    try:
        value = _asking(known.__getitem__, data)
    except _TooManyError:
        pass
    else:
        check(value)
        return value
    texts: list[str] = []
    check(_asking(texts.append, data))
    # What is asked for each decimal is given its text, and hands out the next number instead: without any Python.
    return _asking(partial(next, chain.from_iterable(_groups(texts))), data)


def _asking(hook: Callable[[str], float | None], data: bytes) -> Json:
    """The value of a text, each decimal asked for."""
    value: Json = msgspec.json.Decoder(float_hook=hook).decode(data)
    return value


def _ended(value: float) -> float:
    if value - value != 0:
        raise ValueError("a number without end")
    return value


def _groups(texts: list[str]) -> Iterator[Sequence[float]]:
    """The numbers of some texts, group by group. The texts are gone afterwards: their memory is used again."""
    texts.reverse()
    while texts:
        group = texts[-_GROUP:]
        del texts[-_GROUP:]
        group.reverse()
        yield _numbers(group)


def _numbers(texts: list[str]) -> Sequence[float]:
    """The numbers of some texts, with their digits where a float does not say them."""
    listed = ",".join(texts).encode()
    floats: list[float] = msgspec.json.decode(b"[%b]" % listed)
    if listed.count(b"e") + listed.count(b"E") == len(texts):
        return written_floats(floats, texts)
    # A number with an exponent is unusual, in its text or here: no text has the letter that stands for it.
    again = msgspec.json.encode(floats)[1:-1].translate(_NO_EXPONENT)
    if _SMALL in again:
        again = (b"," + again).replace(b"," + _SMALL, b",_").replace(b",-" + _SMALL, b",_")[1:]
    if again == listed:
        return floats
    unusual = list(compress(range(len(texts)), map(ne, again.decode().split(","), texts)))
    if len(unusual) == len(texts):
        return written_floats(floats, texts)
    # One place alone would be handed out bare.
    at = itemgetter(*unusual, unusual[-1])
    deque(map(floats.__setitem__, unusual, written_floats(at(floats), at(texts))), 0)
    return floats
