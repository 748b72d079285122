"""A group of decimals with their digits: all floats at once, and which of them do not say what the text says.

Of a decimal of up to fifteen digits its text alone tells whether Python would write it so: not where it has an
exponent, a zero too many at its end, or is so small that Python writes an exponent. And so many places behind its
point say its text. Where a group has longer ones, its floats are written again at once and compared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import compress, repeat
from operator import ne

import msgspec

from registry_reconciler.model.written import written_floats

SMALL = b"0.0000"
"""Where Python writes an exponent, and the parser, when it is asked to write, does not."""
_NO_EXPONENT = bytes.maketrans(b"eE", b"__")
_MARKS = bytes(0x5F if byte in b"eE" else byte for byte in range(256))
_NO_MARK = bytes(byte for byte in range(256) if byte not in b"eE_,")
_LENGTHS = bytes(0x2C if byte == 0x2C else 0x30 for byte in range(256))
_LONG = b"0" * 17
"""A text that is shorter has fifteen digits at most beside its point."""
ZEROS = bytes(0x30 if byte in b"0123456789" else byte for byte in range(256))
_STEP = 5
_MAYBE_LONG = b"0" * (len(_LONG) // _STEP)


def numbers(listed: bytes, texts: list[str] | None = None) -> Sequence[float]:
    """The numbers of decimals with commas between them, with their digits where a float does not say them.

    Raises :class:`ValueError` where one is none.

    Args:
        texts: the same, where they are at hand.
    """
    floats: list[float] = msgspec.json.decode(b"[%b]" % listed)
    count = len(floats)
    exponents = listed.count(b"e") + listed.count(b"E")
    if exponents == count:
        return written_floats(floats, texts or _split(listed))
    if _has_long(listed):
        return _compared(floats, listed, texts)
    if listed.startswith((b"0.0000", b"-0.0000")) and _all_small(listed, count):
        return written_floats(floats, _forms(listed, texts))
    marks = _marked(listed)
    if len(marks) == count + 1:
        return floats
    forms = texts or _split(listed) if exponents else _forms(listed, texts)
    if b",," not in marks:
        return written_floats(floats, forms)
    return _some_written(floats, marks[1:-1].split(b","), forms)


def _split(listed: bytes) -> list[str]:
    return listed.decode().split(",")


def _has_long(listed: bytes) -> bool:
    lengths = listed.translate(_LENGTHS)
    return _MAYBE_LONG in lengths[::_STEP] and _LONG in lengths


def _all_small(listed: bytes, count: int) -> bool:
    return (b"," + listed).count(b",0.0000") + (b"," + listed).count(b",-0.0000") == count


def _marked(listed: bytes) -> bytes:
    """A comma before and behind each text, and a mark for each that Python would write otherwise."""
    marked = b",%b," % listed
    # Nothing changes its length, which is the fastest way to replace.
    marked = marked.replace(b"0,", b"_,").replace(b"._,", b".0,")
    if SMALL in marked:
        marked = marked.replace(b",0.0000", b",_.0000").replace(b",-0.0000", b",__.0000")
    return marked.translate(_MARKS, _NO_MARK)


def _forms(listed: bytes, texts: list[str] | None) -> Iterable[str | int]:
    """What says the text of each of some short decimals: places behind the point, where all have as many."""
    places = len(listed) - 1 - listed.rfind(b".")
    in_zeros = (listed + b",").translate(ZEROS)
    if in_zeros.count(b".%b," % (b"0" * places)) == listed.count(b",") + 1:
        return repeat(places)
    return texts or _split(listed)


def _compared(floats: list[float], listed: bytes, texts: list[str] | None) -> Sequence[float]:
    """The numbers of any decimals, each that Python writes otherwise with its text."""
    # A number with an exponent is unusual, in its text or here: no text has the letter that stands for it.
    again = msgspec.json.encode(floats)[1:-1].translate(_NO_EXPONENT)
    if SMALL in again:
        again = (b"," + again).replace(b"," + SMALL, b",_").replace(b",-" + SMALL, b",_")[1:]
    if again == listed:
        return floats
    texts = texts or _split(listed)
    unusual = list(map(ne, _split(again), texts))
    return written_floats(floats, texts) if all(unusual) else _some_written(floats, unusual, texts)


def _some_written(
    floats: list[float], unusual: Sequence[object], forms: Iterable[str | int]
) -> Sequence[float]:
    """The numbers, with their forms where they are unusual."""
    at = compress(range(len(floats)), unusual)
    # Made before the first is put in its place, which would change what they are made of.
    written = written_floats(compress(floats, unusual), compress(forms, unusual))
    deque(map(floats.__setitem__, at, written), 0)
    return floats
