"""What an expression gave, as a JSON value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2.runtime import Undefined

from registry_reconciler.outputs.data import OMIT, Entries, Entry, all_kinds
from registry_reconciler.outputs.limits import MOST_PARTS, TooMuch

NO_NUMBER = "it gives a number that JSON cannot hold"


class NoJson(Exception):
    """The result of an expression is no JSON value."""


def to_json(value: Any, _budget: list[int] | None = None) -> Any:
    """A JSON value; an entry is all of its values. Raises :class:`NoJson` where it is none, or :class:`TooMuch`."""
    budget = [MOST_PARTS] if _budget is None else _budget
    budget[0] -= 1
    if budget[0] < 0:
        raise TooMuch(f"it gives more than {MOST_PARTS:,} values")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise NoJson(NO_NUMBER)
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Entry):
        return to_json(value.whole(), budget)
    if isinstance(value, dict):
        return {_name(name): to_json(part, budget) for name, part in value.items() if part is not OMIT}
    if isinstance(value, list | tuple | range | Iterator):
        return [to_json(item, budget) for item in value if item is not OMIT]
    if type(value).__name__ in ("dict_keys", "dict_values", "dict_items"):
        return [to_json(item, budget) for item in value]
    if value is OMIT:
        raise NoJson("'omit' leaves out a field or an item, and cannot stand alone")
    if isinstance(value, Undefined):
        str(value)  # says what is not there
    if isinstance(value, Entries):
        raise NoJson(all_kinds(value.kinds))
    raise NoJson(f"it gives a {type(value).__name__.lower()}, which is no value")


def _name(name: Any) -> str:
    if isinstance(name, str):
        return name
    if isinstance(name, int | float) and not isinstance(name, bool):
        return str(name)
    raise NoJson("a mapping has a name that is no text")
