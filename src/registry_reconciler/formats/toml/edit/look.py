"""The habits of a TOML file: quotes, spaces, indentation, what stands between sections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.toml.edit.words import WIDTH, TomlStyle
from registry_reconciler.formats.toml.read.statements import Statement, Value
from registry_reconciler.formats.toml.read.tree import TomlTree

_MOST_SEEN = 400
_T = TypeVar("_T")


def look_of(tree: TomlTree) -> TomlStyle:
    """What a new part of the text has to look like where no neighbour says it."""
    text, found = tree.text, tree.statements[:_MOST_SEEN]
    end = text.find("\n")
    newline = "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
    values = list(_values(found))
    quotes = Counter(text[value.start] for value in values if value.kind == "string")
    arrays = [value for value in values if value.kind == "array" and value.items]
    spread = [array for array in arrays if "\n" in text[array.start : array.items[0].start]]
    flat = [array for array in arrays if array not in spread]
    tables = [value for value in values if value.kind == "inline" and value.pairs]
    equals = Counter(
        text[statement.keys[-1].end : statement.value.start]
        for statement in found
        if statement.kind == "pair" and statement.value is not None
    )
    padded = [mark for mark in equals if mark in (" = ", "=", "= ", " =")]
    return TomlStyle(
        newline=newline,
        quotes=_most(quotes, '"'),
        ascii=_is_escaped(text, values),
        step=_most(Counter(_step(text, value) for value in spread), "    "),
        array_padding=_most(Counter(_padding(text, value.start, value.items[0].start) for value in flat), ""),
        table_padding=_most(
            Counter(_padding(text, table.start, table.pairs[0].start) for table in tables), " "
        ),
        trailing=_most(Counter(_has_trailing(text, value) for value in spread), True),
        equals=_most(Counter({mark: equals[mark] for mark in padded}), " = "),
        gap=_gap(tree),
        wider=max((_reach(text, array.end) - WIDTH for array in flat), default=0),
    )


def _reach(text: str, end: int) -> int:
    return max(end - text.rfind("\n", 0, end) - 1, WIDTH)


def _most(counted: Counter[_T], otherwise: _T) -> _T:
    return counted.most_common(1)[0][0] if counted else otherwise


def _values(found: list[Statement]) -> Iterator[Value]:
    waiting = [statement.value for statement in found if statement.value is not None]
    while waiting:
        value = waiting.pop()
        yield value
        waiting += value.items
        waiting += [pair.value for pair in value.pairs]


def _is_escaped(text: str, values: list[Value]) -> bool:
    """Whether characters beyond ASCII are written with escapes, and none as itself."""
    strings = [text[value.start : value.end] for value in values if value.kind == "string"]
    if not all(string.isascii() for string in strings):
        return False
    return any(
        re.search(r"\\u(?!00[01])[0-9A-Fa-f]{4}|\\U", string) for string in strings if string[0] == '"'
    )


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
    return text[value.items[-1].end : value.end - 1].lstrip(SPACE).startswith(",")


def _gap(tree: TomlTree) -> int:
    """How many blank lines stand before most headers."""
    gaps = Counter(
        gap_before(tree, number)
        for number, statement in enumerate(tree.statements[:_MOST_SEEN])
        if number and statement.kind != "pair"
    )
    return _most(gaps, 1)


def gap_before(tree: TomlTree, number: int) -> int:
    """How many blank lines stand directly above a statement and its comments."""
    start = tree.statements[number].lead
    above = tree.text[tree.statements[number - 1].stop if number else 0 : start]
    return (
        len(above[len(above.rstrip(SPACE)) :].split("\n")) - 1
        if not above.strip(SPACE)
        else (max(len(above[len(above.rstrip(SPACE)) :].split("\n")) - 2, 0))
    )


def paragraph_end(tree: TomlTree, number: int) -> int:
    """Behind a statement and the comments that follow it without a blank line."""
    found = tree.statements
    if number < 0:
        return len(tree.text)
    at = found[number].stop
    limit = found[number + 1].lead if number + 1 < len(found) else len(tree.text)
    while at < limit:
        end = tree.text.find("\n", at)
        end = len(tree.text) if end < 0 else end + 1
        if not tree.text[at:end].lstrip(" \t").startswith("#") or end > limit:
            break
        at = end
    return at
