"""What rendering may cost: counted, so that the same template passes or fails on every machine."""

from __future__ import annotations

from typing import Any

from registry_reconciler.base.mask import MASK

MOST_STEPS = 3_000_000
"""Turns of loops, calls, filters and looked-up fields, in all outputs of one definition."""

MOST_TEXT = 8_000_000
"""Characters of one text that is put together, and of one output."""

MOST_PARTS = 1_000_000
"""Values inside one value that becomes text or JSON."""

MOST_NUMBER = 10_000
"""A number that says how much of something there is to be (a width, a size)."""

MOST_BITS = 4_096
"""Of a whole number that is computed."""

MOST_TEMPLATE = 256_000
"""Bytes of one template."""

MOST_MEMORY = 1 << 30
"""Bytes of the process that renders."""

MOST_SECONDS = 60
"""After that the command fails: it says nothing about the template."""


class TooMuch(Exception):
    """A template goes beyond a limit."""


class ReadsSecret(Exception):
    """A template reads a field that is marked ``x-secret``."""


class Meter:
    """Counts the steps of one output."""

    def __init__(self) -> None:
        self.steps = 0

    def tick(self, count: int = 1) -> None:
        """So many more steps."""
        self.steps += count
        if self.steps > MOST_STEPS:
            raise TooMuch(f"it takes more than {MOST_STEPS:,} steps")


def sized(text: str) -> str:
    """A text that is not too long."""
    if len(text) > MOST_TEXT:
        raise too_long()
    return text


def too_long() -> TooMuch:
    """A text is too long."""
    return TooMuch(f"it puts together a text of more than {MOST_TEXT:,} characters")


def measure(value: Any) -> int:
    """About how long the text of a value is. Raises where that is too much, or a part is a secret."""
    if value.__class__ is str and value != MASK:
        return len(sized(value))
    parts = size = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        parts += 1
        if isinstance(item, str):
            if item == MASK:
                raise ReadsSecret("it reads a value that holds a secret field")
            size += len(item)
        elif isinstance(item, dict):
            waiting.extend(item.values())
            size += sum(len(name) for name in item if isinstance(name, str))
        elif isinstance(item, list | tuple):
            waiting.extend(item)
        else:
            size += 8
        if parts > MOST_PARTS:
            raise TooMuch(f"it makes text of more than {MOST_PARTS:,} values")
        if size > MOST_TEXT:
            raise too_long()
    return size


def measure_replace(text: str, old: Any = "", new: Any = "") -> None:
    """Raise where a text would become too long."""
    if isinstance(old, str) and isinstance(new, str):
        times = text.count(old) if old else len(text) + 1
        if times * len(new) + len(text) > MOST_TEXT:
            raise too_long()


def measure_operation(operator: str, left: Any, right: Any) -> None:
    """Raise where an operation would give too much."""
    if operator == "*":
        for item, times in ((left, right), (right, left)):
            if (
                isinstance(item, str | list | tuple)
                and isinstance(times, int)
                and len(item) * times > MOST_TEXT
            ):
                raise too_long()
        if isinstance(left, int) and isinstance(right, int):
            require_small(left.bit_length() + right.bit_length())
    elif operator == "+" and isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        if len(left) + len(right) > MOST_TEXT:
            raise too_long()
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        require_small(left.bit_length() * abs(right))


def steps_of_wrapping(text: str, width: int) -> int:
    """How much it takes to wrap a text: a word that is longer than a line is copied once for each line of it."""
    longest = max(map(len, text.split()), default=0)
    return longest // max(width, 1) * longest // 10_000


def require_short(size: int) -> None:
    """Raise where a text would be of so many characters, and those are too many."""
    if size > MOST_TEXT:
        raise too_long()


def require_small(bits: int) -> None:
    """Raise where a number would be of so many bits, and those are too many."""
    if bits > MOST_BITS:
        raise TooMuch(f"it computes a number of more than {MOST_BITS:,} bits")
