"""JSON as the standard has it: what Python's own reader and writer let pass beyond that is found here.

NaN and Infinity, two keys of one name, half surrogate pairs, and nesting that breaks the next reader are no
JSON to other programs. Whoever takes such a value for one passes the fault on to somebody who cannot name it.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

DEEPEST = 200
"""Levels of nesting; as many as a YAML file of a workspace may have."""

MOST_VALUES = 1_000_000
"""Values in one whole: shared parts count each time, as they are written each time."""

_MOST_BITS = 13_000
"""Of an integer: some 4,000 digits. Python itself writes no more than 4,300."""


class Unsound(ValueError):
    """A text that Python reads as JSON, and that is none. The text says why."""


def read_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        Unsound: it is JSON for Python only, or nested too deeply.
        ValueError: it is no JSON at all.
    """
    faults: list[str] = []

    def constant(word: str) -> None:
        faults.append(f"{word} is no number in JSON")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = sorted(key for key, _ in pairs)
            twice = next(name for name, other in pairwise(names) if name == other)
            faults.append(f"the key {twice[:100]!a} stands twice in one object")
        return found

    # What is wrong is told only of a text that is JSON up to its end: "NaN of the day" is plain text.
    try:
        value = json.loads(text, parse_constant=constant, object_pairs_hook=once)
    except RecursionError:
        raise Unsound(f"it is nested deeper than {DEEPEST} levels") from None
    fault = faults[0] if faults else json_fault(value)
    if fault:
        raise Unsound(fault)
    return value


def json_fault(value: object) -> str:
    """Why a value is no JSON data, "" when it is. Tuples count as lists."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    count = 0
    while waiting:
        path, node = waiting.pop()
        count += 1
        fault = _own_fault(node)
        if count > MOST_VALUES:
            fault = f"it holds more than {MOST_VALUES:,} values"
            path = ()
        elif len(path) > DEEPEST:
            fault = f"it is nested deeper than {DEEPEST} levels"
            path = ()
        if fault:
            return fault + _at(path)
        if isinstance(node, dict):
            waiting.extend(((*path, key), inner) for key, inner in node.items())
        elif isinstance(node, (list, tuple)):
            waiting.extend(((*path, number), inner) for number, inner in enumerate(node))
    return ""


def _own_fault(node: object) -> str:
    if node is None or isinstance(node, bool):
        return ""
    if isinstance(node, str):
        return _text_fault(node)
    if isinstance(node, int):
        return "a number has too many digits" if node.bit_length() > _MOST_BITS else ""
    if isinstance(node, float):
        return "" if math.isfinite(node) else f"{node} is no number in JSON"
    if isinstance(node, dict):
        odd = [key for key in node if not isinstance(key, str)]
        if odd:
            return f"a key is of type {type(odd[0]).__name__}, and keys are texts"
        return next((fault for key in node if (fault := _text_fault(key))), "")
    if isinstance(node, (list, tuple)):
        return ""
    return f"a value is of type {type(node).__name__}"


def _text_fault(text: str) -> str:
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "a text holds half of a surrogate pair"
    return ""


def _at(path: tuple[str | int, ...]) -> str:
    if not path:
        return ""
    from registry_reconciler.base.escape import visible
    from registry_reconciler.model.entry import show_path

    shown = visible(show_path(path))
    return f" (at {shown if len(shown) <= 100 else shown[:100] + '…'})"
