"""Scalars that are more than a JSON value: numbers that know how they are written, and nodes that nobody understands.

A number is an ordinary ``int`` or ``float`` wherever that says all of it; most are. ``1.10`` is a float that is not
``1.1``, ``0x1F`` an integer that is ``31`` and stays ``0x1F`` where it is written. Who only counts with them sees the
number: these are subclasses. Who compares, digests or writes asks here.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_DECIMAL = re.compile(r"([-+]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([-+]?)([0-9]+))?\Z")


class Exact:
    """Whether any such scalar was ever read by this program. While none was, nobody looks for them."""

    seen = False


class WrittenInt(int):
    """An integer whose text is not the usual one: ``012``, ``0x1F``, ``+5``. It equals every integer of its value."""

    source: str

    def __new__(cls, value: int, source: str) -> WrittenInt:
        """The integer ``value``, written ``source``."""
        made = super().__new__(cls, value)
        made.source = source
        Exact.seen = True
        return made

    def __getnewargs__(self) -> tuple[int, str]:  # type: ignore[override]
        return int(self), self.source


class WrittenFloat(float):
    """A number with a point or an exponent whose text is not the usual one: ``1.10``, ``869256447e86``.

    :func:`written_float` and :func:`written_floats` make them. It has no constructor of its own, which a file of a
    million numbers would wait for.

    Attributes:
        form: its text, or how many places it has behind its point where that says all of it.
    """

    __slots__ = ("form",)
    form: str | int

    @property
    def source(self) -> str:
        """Its text."""
        form = self.form
        return form if isinstance(form, str) else float.__format__(self, f".{form}f")

    @property
    def token(self) -> str:
        """Its digits as JSON writes them: two such numbers are the same when these are."""
        return digits(self.source)

    def __reduce__(self) -> tuple[Callable[[float, str], WrittenFloat], tuple[float, str]]:
        return written_float, (float(self), self.source)

    def __repr__(self) -> str:
        return self.token

    __str__ = __repr__


_set_form = WrittenFloat.form.__set__  # type: ignore[union-attr]


def written_float(value: float, source: str) -> WrittenFloat:
    """The number ``value``, written ``source``."""
    made = WrittenFloat(value)
    made.form = source
    Exact.seen = True
    return made


def written_floats(values: Iterable[float], forms: Iterable[str | int]) -> list[WrittenFloat]:
    """Many such numbers; there is no call in Python for each."""
    made = list(map(WrittenFloat, values))
    deque(map(_set_form, made, forms), 0)
    Exact.seen = Exact.seen or bool(made)
    return made


def decimal(text: str) -> float:
    """The number that a text with a point or an exponent says, with its digits where they are not the usual ones."""
    number = float(text)
    return number if float.__repr__(number) == text and "e" not in text else written_float(number, text)


class Opaque(dict[str, Any]):
    """A node with a tag that nobody here knows: its source text, which is all that is known of it.

    It is a mapping, so that whoever writes JSON writes ``{"$opaque": "<source>"}``.
    """

    def __init__(self, source: str) -> None:
        """The node whose text, in column 0, is ``source``."""
        super().__init__({"$opaque": source})
        Exact.seen = True

    @property
    def source(self) -> str:
        """Its text."""
        text: str = self["$opaque"]
        return text

    def __reduce__(self) -> tuple[type[Opaque], tuple[str]]:
        return Opaque, (self.source,)

    def __deepcopy__(self, memo: object) -> Opaque:
        return self


def digits(text: str) -> str:
    """The digits of a decimal number: without a plus, leading zeros, and with a digit on both sides of its point."""
    found = _DECIMAL.match(text)
    if found is None:
        return text
    sign, whole, part, power_sign, power = found.groups()
    digits_only = ("-" if sign == "-" else "") + (whole.lstrip("0") or "0")
    if part is not None:
        digits_only += "." + (part or "0")
    if power is not None:
        digits_only += "e" + ("-" if power_sign == "-" else "") + (power.lstrip("0") or "0")
    return digits_only


def same_numbers(left: object, right: object) -> bool:
    """Whether two numbers of which one at least is written unusually are the same."""
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, int) and isinstance(right, int):
        return int(left) == int(right)
    if isinstance(left, float) and isinstance(right, float):
        return float_token(left) == float_token(right)
    return False


def float_token(value: float) -> str:
    """The digits of a number, as :func:`decimal` would have read them: ``1.10``, ``1.0e20``."""
    if isinstance(value, WrittenFloat):
        return value.token
    # A number that no text says is written so that YAML 1.1 takes it for a number too: 1.0e+20.
    whole, mark, power = float.__repr__(value).partition("e")
    return digits(whole if "." in whole or not mark else f"{whole}.0") + digits(f"0{mark}{power}")[1:]


def holds_exact(value: Any) -> bool:
    """Whether a value has a part that says more than JSON does."""
    if not Exact.seen:
        return False
    stack = [value]
    while stack:
        part = stack.pop()
        kind = type(part)
        if kind is dict:
            stack.extend(part.values())
        elif kind is list or kind is tuple:
            stack.extend(part)
        elif kind in _EXACT:
            return True
    return False


_EXACT = frozenset({WrittenInt, WrittenFloat, Opaque})


def opaque_paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the nodes that nobody understands stand in a value."""
    if type(value) is Opaque:
        yield path
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from opaque_paths(part, (*path, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from opaque_paths(part, (*path, index))


def as_json(value: Any) -> Any:
    """The JSON value: what validation judges. The value itself where there is nothing else in it."""
    return _plain(value) if holds_exact(value) else value


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {name: _plain(part) for name, part in value.items()}
    if kind is list:
        return [_plain(part) for part in value]
    if kind is WrittenFloat:
        return float(value)
    if kind is WrittenInt:
        return int(value)
    return dict(value) if kind is Opaque else value


class DigitEncoder(json.JSONEncoder):
    """JSON in which numbers keep their digits."""

    def iterencode(self, o: Any, _one_shot: bool = False) -> Any:
        """As the encoder of the standard library does, which asks nobody how a number is written."""
        encode = json.encoder.encode_basestring_ascii if self.ensure_ascii else json.encoder.encode_basestring
        make: Any = json.encoder._make_iterencode  # type: ignore[attr-defined]
        return make(
            None,
            self.default,
            encode,
            self.indent,
            self._number,
            self.key_separator,
            self.item_separator,
            self.sort_keys,
            self.skipkeys,
            _one_shot,
        )(o, 0)

    @staticmethod
    def _number(value: float) -> str:
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError("a number that is no JSON")
        return value.token if isinstance(value, WrittenFloat) else float.__repr__(value)


def dumps(value: Any, *, ensure_ascii: bool = False, indent: int | None = None) -> str:
    """JSON text, numbers with their digits."""
    kind = DigitEncoder if holds_exact(value) else json.JSONEncoder
    return kind(ensure_ascii=ensure_ascii, indent=indent, allow_nan=False).encode(value)
