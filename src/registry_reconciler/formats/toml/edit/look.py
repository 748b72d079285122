"""The habits of a TOML file: quotes, spaces, indentation, what stands between sections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from registry_reconciler.formats.toml.edit.spell import Look
from registry_reconciler.formats.toml.read.statements import Statement, Value
from registry_reconciler.formats.toml.read.tree import Tree

_MOST_SEEN = 400
_T = TypeVar("_T")


def look_of(tree: Tree) -> Look:
    """What a new part of the text has to look like where no neighbour says it."""
    text, found = tree.text, tree.statements[:_MOST_SEEN]
    end = text.find("\n")
    newline = "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
    values = list(_values(found))
    quotes = Counter(text[one.start] for one in values if one.kind == "string")
    arrays = [one for one in values if one.kind == "array" and one.items]
    spread = [one for one in arrays if "\n" in text[one.start : one.items[0].start]]
    flat = [one for one in arrays if one not in spread]
    tables = [one for one in values if one.kind == "inline" and one.pairs]
    equals = Counter(
        text[one.keys[-1].end : one.value.start]
        for one in found
        if one.kind == "pair" and one.value is not None
    )
    padded = [mark for mark in equals if mark in (" = ", "=", "= ", " =")]
    return Look(
        newline=newline,
        quotes=_most(quotes, '"'),
        ascii=_is_escaped(text, values),
        step=_most(Counter(_step(text, one) for one in spread), "    "),
        array_padding=_most(Counter(_padding(text, one.start, one.items[0].start) for one in flat), ""),
        table_padding=_most(Counter(_padding(text, one.start, one.pairs[0].start) for one in tables), " "),
        trailing=_most(Counter(_has_trailing(text, one) for one in spread), True),
        equals=_most(Counter({mark: equals[mark] for mark in padded}), " = "),
        gap=_gap(tree),
    )


def _most(counted: Counter[_T], otherwise: _T) -> _T:
    return counted.most_common(1)[0][0] if counted else otherwise


def _values(found: list[Statement]) -> Iterator[Value]:
    waiting = [one.value for one in found if one.value is not None]
    while waiting:
        value = waiting.pop()
        yield value
        waiting += value.items
        waiting += [pair.value for pair in value.pairs]


def _is_escaped(text: str, values: list[Value]) -> bool:
    """Whether characters beyond ASCII are written with escapes, and none as itself."""
    strings = [text[one.start : one.end] for one in values if one.kind == "string"]
    if not all(one.isascii() for one in strings):
        return False
    return any(re.search(r"\\u(?!00[01])[0-9A-Fa-f]{4}|\\U", one) for one in strings if one[0] == '"')


def _step(text: str, value: Value) -> str:
    def column(at: int) -> str:
        row = text[text.rfind("\n", 0, at) + 1 : at]
        return row[: len(row) - len(row.lstrip(" \t"))]

    inner, outer = column(value.items[0].start), column(value.start)
    return inner[len(outer) :] if inner.startswith(outer) and inner != outer else "    "


def _padding(text: str, start: int, first: int) -> str:
    between = text[start + 1 : first]
    return between if not between.strip(" ") else ""


def _has_trailing(text: str, value: Value) -> bool:
    return text[value.items[-1].end : value.end - 1].lstrip().startswith(",")


def _gap(tree: Tree) -> int:
    """How many blank lines stand before most headers."""
    gaps = Counter(
        gap_before(tree, number)
        for number, one in enumerate(tree.statements[:_MOST_SEEN])
        if number and one.kind != "pair"
    )
    return _most(gaps, 1)


def gap_before(tree: Tree, number: int) -> int:
    """How many blank lines stand directly above a statement and its comments."""
    start = tree.statements[number].lead
    above = tree.text[tree.statements[number - 1].stop if number else 0 : start]
    return (
        len(above[len(above.rstrip()) :].split("\n")) - 1
        if not above.strip()
        else (max(len(above[len(above.rstrip()) :].split("\n")) - 2, 0))
    )
