"""The plainest long files, tables with texts in quotes, read without the parser, in a fourth of its time.

Whatever is not as plain as this is left to ``tomllib``, which alone says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import ne

from msgspec import Struct

from registry_reconciler.base.sequences import common_length
from registry_reconciler.formats.columns import mappings
from registry_reconciler.model.entry import Json

DEEPEST = 3
"""Levels of what is read here."""
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


class _Items(Struct, frozen=True):
    """A text with items from an offset to its end.

    Attributes:
        header: what all their headers say: whether they are of an array, and of which name.
    """

    text: str
    start: int
    header: tuple[str | None, str | None]
    found: _Found


class _LastItems:
    """Those that were read last: what a text becomes is read after it. Longer ones are not kept, nor their memory."""

    longest = 1 << 22
    last = _Items("", 0, (None, None), ([], []))


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
    found = _around(_LastItems.last, text, start, first) or _read(text, first)
    if found is None:
        return None
    if len(text) <= _LastItems.longest:
        _LastItems.last = _Items(text, start, (first[1], first[2]), found)
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


def _read(text: str, first: re.Match[str]) -> _Found | None:
    return _alike(text, first) or _one_by_one(text, first)


def _around(last: _Items, text: str, start: int, first: re.Match[str]) -> _Found | None:
    """The items of a text of which only those are read that another one does not begin or end with; no value holds a
    line end, so each line that begins with a bracket begins one.
    """
    if last.header != first.group(1, 2):
        return None
    old, shift = last.text, last.start - start
    size = min(len(old) - last.start, len(text) - start)
    head = common_length(
        size, lambda at, end: old.startswith(text[start + at : start + end], last.start + at)
    )
    begin = max(text.rfind("\n[", start, start + head) + 1, start)
    size = min(len(old) - begin - shift, len(text) - begin)
    ends = len(old), len(text)
    tail = common_length(
        size, lambda at, end: old.startswith(text[ends[1] - end : ends[1] - at], ends[0] - end)
    )
    stop = text.find("\n[", ends[1] - tail) + 1 or ends[1]
    above = text.count("\n[", start, begin) + 1 if begin > start else 0
    below = text.count("\n[", stop - 1)
    middle = text[begin:stop]
    item = _ITEM.match(middle)
    if middle and (item is None or item.group(1, 2) != last.header):
        return None
    found = _read(middle, item) if item is not None else ([], [])
    if found is None:
        return None
    names, items = last.found
    return (
        [*names[:above], *found[0], *names[len(names) - below :]],
        [*items[:above], *found[1], *items[len(items) - below :]],
    )


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
