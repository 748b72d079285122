"""Errors of values that are too large for all that the validator says about each: their places, keywords and words.

The validator copies the part concerned into every error. Where a value has many errors about one large part, that
takes time and memory in the square of its size. What is read here is a list of places; the words that a sentence
needs are looked up in the schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from msgspec import Struct

from registry_reconciler.model.entry import MISSING, FieldPath, Json, get_path

_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_DECODER = json.JSONDecoder()
_COMBINED = ("anyOf", "oneOf", "not", "contains")
_WORDS = {"type": "types", "enum": "options", "const": "expected_value", "pattern": "pattern"}


class Rough(Struct, frozen=True):
    """What stands for an error of the validator."""

    instance_path: list[str | int]
    kind: Any


def error_count(units: Iterable[Mapping[str, Json]]) -> int:
    """How many errors the validator would make of what it looked at: each missing name is one of its own."""
    return sum(
        max(1, sum(len(_texts(messages)) for messages in unit.get("errors", {}).values()))
        for unit in units
        if not unit["valid"]
    )


def _texts(messages: Json) -> list[str]:
    """The messages of one keyword: names that are missing have one each, anything else has one."""
    return messages if isinstance(messages, list) else [messages]


def rough_findings(units: Iterable[Mapping[str, Json]], schema: Json, value: Json) -> Iterator[Rough]:
    """What is wrong, of the validator's list of everything that it looked at, in its order.

    Args:
        units: each with ``valid``, ``evaluationPath``, ``schemaLocation``, ``instanceLocation`` and its ``errors``.
        schema: the schema file, in which the words of keywords are looked up.
    """
    inside: str | None = None
    for unit in units:
        if unit["valid"]:
            continue
        where = unit["evaluationPath"]
        if inside is not None and where.startswith(inside):
            continue  # of alternatives it is only said that none fits
        inside = None
        path = _path(unit["instanceLocation"], value)
        keyword = _keyword(where)
        if keyword == "if":
            inside = where + "/"
        elif keyword in _COMBINED:
            inside = where + "/"
            yield _rough(path, SimpleNamespace(name="combination"))
        for name, messages in unit.get("errors", {}).items():
            if keyword not in _COMBINED:
                words = get_path(schema, _path(unit["schemaLocation"], schema))
                for text in _texts(messages):
                    yield _rough(path, _kind(name, words, text, "/propertyNames" in where))


def _rough(path: FieldPath, kind: Any) -> Rough:
    return Rough(list(path), kind)


def _kind(name: str, words: Json, text: str, of_name: bool) -> Any:
    if of_name:
        field = _first_text(text)
        pattern = words if name == "pattern" and isinstance(words, str) else ""
        inner = SimpleNamespace(instance=field, kind=SimpleNamespace(pattern=pattern))
        return SimpleNamespace(name="propertyNames", error=inner)
    if name == "required":
        field = _first_text(text)
        return SimpleNamespace(name=name, property=field) if field else SimpleNamespace(name="missing field")
    if name in _WORDS and words is not MISSING:
        if name == "type":
            words = words if isinstance(words, list) else [words]
        return SimpleNamespace(name=name, **{_WORDS[name]: words})
    # Limits and lists of names would need more than a place; that the part is wrong is said all the same.
    return SimpleNamespace(name=f"its {name}")


def _first_text(text: str) -> str:
    """The text that a message of the validator begins with."""
    try:
        found, _ = _DECODER.raw_decode(text)
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""


def _keyword(where: str) -> str:
    steps = where.rsplit("/", 2)
    return "" if len(steps) == 3 and steps[1] in _NAMED else steps[-1]


def _path(pointer: str, value: Json) -> FieldPath:
    """The steps of a pointer into a value: only the value tells a number from a name."""
    path: list[str | int] = []
    for raw in pointer.split("/")[1:]:
        step: str | int = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            step = int(step)
            value = value[step]
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
        path.append(step)
    return tuple(path)
