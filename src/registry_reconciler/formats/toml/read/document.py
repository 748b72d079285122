"""Bytes of a TOML file to JSON values. What is read without the parser needs nothing of what the parser takes."""

from __future__ import annotations

from itertools import chain
from typing import Any

from registry_reconciler.formats.faults import DEFAULT_LIMITS, ReadingLimits, TextFile
from registry_reconciler.formats.scan import BOM, scan_text
from registry_reconciler.formats.toml.read.simple import DEEPEST, simple

_PLAIN = frozenset({dict, list, str, int, bool})


def read_toml(data: bytes, limits: ReadingLimits = DEFAULT_LIMITS) -> TextFile:
    """The one document of a file, and everything that is wrong with its text. Findings are returned, never raised."""
    warnings = scan_text(data, limits)
    if any(fault.fatal for fault in warnings):
        return TextFile((), tuple(warnings))
    text = data.removeprefix(BOM).decode("utf-8")
    plain = simple(text)
    if plain is not None and (_is_surely_within(text, plain, limits) or _is_within(plain, limits)):
        return TextFile((plain,), tuple(warnings))
    from registry_reconciler.formats.toml.read.parsed import parsed

    return parsed(text, plain, warnings, limits)


def _is_surely_within(text: str, plain: dict[str, Any], limits: ReadingLimits) -> bool:
    """As :func:`_is_within`, by the text of what was read without the parser: it has a line for each of its values, or
    a sign between them.
    """
    if limits.max_depth < DEEPEST:
        return False
    # Most files have fewer characters than there may be values: then none need be counted.
    if len(text) >= limits.max_nodes and text.count("=") + text.count("\n") >= limits.max_nodes:
        return False
    position = 0
    while len(text) - position > limits.max_scalar:
        position = text.rfind("\n", position, position + limits.max_scalar) + 1
        if not position:
            return False  # a line may be a text that is too long
    return not any(_is_big(value, limits) for value in plain.values() if isinstance(value, str | int))


def _is_within(value: dict[str, Any], limits: ReadingLimits) -> bool:
    """Whether a value surely holds all limits."""
    level: list[Any] = [value]
    depth = count = 0
    while level:
        are_tables = set(map(type, level)) == {dict}
        groups = map(dict.values, level) if are_tables else map(_parts, level)
        parts: list[Any] = list(chain.from_iterable(groups))
        kinds = set(map(type, parts))
        depth, count = depth + 1, count + len(parts)
        if not kinds <= _PLAIN or depth > limits.max_depth or count > limits.max_nodes:
            return False
        if kinds == {str}:
            return max(map(len, parts)) <= limits.max_scalar
        if any(_is_big(part, limits) for part in parts if not isinstance(part, dict | list)):
            return False
        level = [part for part in parts if isinstance(part, dict | list)]
    return True


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def _is_big(value: str | int, limits: ReadingLimits) -> bool:
    if isinstance(value, str):
        return len(value) > limits.max_scalar
    return not -(10**limits.max_int_digits) < value < 10**limits.max_int_digits
