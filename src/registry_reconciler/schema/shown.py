"""Values, fields and types as a message shows them: quoted, cut, counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry_reconciler.model.entry import MISSING, FieldPath, Json, show_path

_LONGEST_SHOWN = 60

_MOST_OPTIONS = 12

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def show_value(value: Json) -> str:
    """A value as a message shows it: texts in quotes and cut, containers by what they are."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, str):
        return f"'{cut(value)}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN:
        return "a very large number"
    return str(value)


def cut(text: str) -> str:
    """A text, shortened where it is long."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def last_of(path: FieldPath) -> str:
    """The last step of a path, for people."""
    return show_path(path[-1:]) if path and isinstance(path[-1], str) else show_path(path)


def name_of(path: FieldPath) -> str:
    """A part by its path, for people; "it" is the whole value."""
    return show_path(tuple(cut(step) if isinstance(step, str) else step for step in path)) or "it"


def in_list(options: Sequence[Json]) -> str:
    """Options as a list; of many the first."""
    more = len(options) - _MOST_OPTIONS
    few = options[:_MOST_OPTIONS] if more > 1 else options
    shown = ", ".join(item if isinstance(item, str) else show_value(item) for item in few)
    return f"{shown} and {more} more" if more > 1 else shown


def type_of(value: Json) -> str:
    """The type of a value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kind, text in ((str, "text"), (int, "a whole number"), (float, "a number"), (list, "a list")):
        if isinstance(value, kind):
            return text
    return "a mapping"


def types_in_words(types: Sequence[str]) -> str:
    """Types of JSON Schema, in words."""
    named = [name for name in types if name != "null"] or list(types)
    return " or ".join(_TYPES.get(name, name) for name in named)
