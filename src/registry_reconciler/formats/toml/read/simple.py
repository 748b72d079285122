"""The plainest long files, tables with texts in quotes, read without the parser, in a fourth of its time.

Whatever is not as plain as this is left to ``tomllib``, which alone says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import ne

from registry_reconciler.formats.columns import mappings
from registry_reconciler.model.entry import Json

_LONGEST_HEAD = 2000
"""Of more, the parser takes care of what it does not survive in linear time."""
_TEXT = r'[^"\\\x00-\x1f\x7f]*'
_NAME = "[A-Za-z0-9_-]+"
_PAIR = rf'{_NAME} = "{_TEXT}"\n'
_TABLE = re.compile(rf"\[({_NAME})\]\n+")
_BELOW = re.compile(r"^\[", re.MULTILINE)
_IN_BRACES = re.compile(
    rf'^({_NAME}) = \{{ ({_NAME} = "{_TEXT}"(?:, {_NAME} = "{_TEXT}")*) \}}$', re.MULTILINE
)
_ITEM = re.compile(rf"\[(?:\[({_NAME})\]|({_NAME})\.({_NAME}))\]\n((?:{_PAIR})+)\n*")
_PARTS = re.compile(rf'({_NAME}) = "([^"]*)"')
_Found = tuple[Sequence[str], list[Json]]
"""The names of tables, and what they say."""


def simple(text: str) -> dict[str, Json] | None:
    """What a text says; ``None`` where it is not plain."""
    start = position = text.find("[")
    table = _TABLE.match(text, position) if position >= 0 else None
    inside: dict[str, Json] | None = {}
    if table is not None:
        below = _BELOW.search(text, table.end())
        start = below.start() if below else len(text)
        inside = _in_braces(text[table.end() : start].rstrip("\n"))
    if inside is None or position < 0:
        return None
    if table is not None and inside and start == len(text):
        return _below(text[:position], table[1], inside)
    first = _ITEM.match(text, start)
    if first is None or (table is not None and first[2] != table[1]):
        return None
    found = _alike(text, first) or _one_by_one(text, first)
    if found is None:
        return None
    keys, items = found
    if first[1]:
        return _below(text[:position], first[1], items)
    named = {**inside, **dict(zip(keys, items, strict=True))}
    return _below(text[:position], first[2], named) if len(named) == len(inside) + len(items) else None


def _in_braces(text: str) -> dict[str, Json] | None:
    """The tables in braces of some lines: by columns where they have the keys of the first one."""
    first = _IN_BRACES.match(text)
    if first is None or not text:
        return None if text else {}
    keys = [key for key, _ in _PARTS.findall(first[2])]
    count = text.count("\n") + 1
    pairs = ", ".join(f'{key} = "({_TEXT})"' for key in keys)
    found = re.findall(rf"^({_NAME}) = \{{ {pairs} \}}$", text, re.MULTILINE)
    if len(found) == count and len(set(keys)) == len(keys):
        names, *columns = zip(*found, strict=True)
        items = mappings(keys, columns)
    else:
        names, texts = zip(*_IN_BRACES.findall(text), strict=True)
        pairs_of = list(map(_PARTS.findall, texts))
        items = list(map(dict, pairs_of))
        if len(items) < count or any(map(ne, map(len, items), map(len, pairs_of))):
            return None
    named: dict[str, Json] = dict(zip(names, items, strict=True))
    return named if len(named) == count else None


def _alike(text: str, first: re.Match[str]) -> _Found | None:
    """All items, where they have the keys of the first one: by columns; ``None`` where they have others."""
    keys = [key for key, _ in _PARTS.findall(first[4])]
    if len(set(keys)) < len(keys):
        return None
    pairs = "".join(f'{key} = "({_TEXT})"\n' for key in keys)
    header = rf"\[\[{first[1]}\]\]()" if first[1] else rf"\[{first[2]}\.({_NAME})\]"
    found = re.findall(rf"^{header}\n{pairs}(\n*)", text[first.start() :], re.MULTILINE)
    names, *columns, blank = zip(*found, strict=True)
    # Each match is of whole lines: where they are as many as there are, every line is in one.
    lines = len(found) * (len(keys) + 1) + sum(map(len, blank))
    if not text.endswith("\n") or text.count("\n", first.start()) != lines:
        return None
    return names, mappings(keys, columns)


def _one_by_one(text: str, first: re.Match[str]) -> _Found | None:
    position = first.start()
    names: list[str] = []
    items: list[Json] = []
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None or match.group(1, 2) != first.group(1, 2):
            return None
        position = match.end()
        pairs = _PARTS.findall(match[4])
        item = dict(pairs)
        if len(item) < len(pairs):  # one of them is said twice
            return None
        names.append(match[3])
        items.append(item)
    return names, items


def _below(head: str, name: str, items: Json) -> dict[str, Json] | None:
    """What the pairs above all tables say, and the items."""
    if len(head) > _LONGEST_HEAD or (head and not head.endswith("\n")):
        return None
    if not head:
        return {name: items}
    import tomllib

    try:
        found = tomllib.loads(head)
    except (ValueError, RecursionError):
        return None
    if name in found or not all(type(value) in (str, int, bool) for value in found.values()):
        return None
    return {**found, name: items}
