"""The plainest long files, an array of tables with texts in quotes, read without the parser, in a fourth of its time.

Whatever is not as plain as this is left to ``tomllib``, which alone says what is wrong.
"""

from __future__ import annotations

import re
import tomllib

from registry_reconciler.formats.columns import mappings
from registry_reconciler.model.entry import Json

_LONGEST_HEAD = 2000
"""Of more, the parser takes care of what it does not survive in linear time."""
_TEXT = r'[^"\\\x00-\x1f\x7f]*'
_PAIR = rf'[A-Za-z0-9_-]+ = "{_TEXT}"\n'
_ITEM = re.compile(rf"\[\[([A-Za-z0-9_-]+)\]\]\n((?:{_PAIR})+)\n*")
_PARTS = re.compile(r'([A-Za-z0-9_-]+) = "([^"]*)"\n')


def simple(text: str) -> dict[str, Json] | None:
    """What a text says; ``None`` where it is not plain."""
    position = text.find("[")
    first = _ITEM.match(text, position) if position >= 0 else None
    if first is None:
        return None
    items = _alike(text, first) or _one_by_one(text, first)
    return None if items is None else _below(text[:position], first[1], items)


def _alike(text: str, first: re.Match[str]) -> list[Json] | None:
    """All items, where they have the keys of the first one: by columns; ``None`` where they have others."""
    keys = [key for key, _ in _PARTS.findall(first[2])]
    if len(set(keys)) < len(keys):
        return None
    pairs = "".join(f'{key} = "({_TEXT})"\n' for key in keys)
    found = re.findall(rf"^\[\[{first[1]}\]\]\n{pairs}(\n*)", text[first.start() :], re.MULTILINE)
    *columns, blank = zip(*found, strict=True)
    # Each match is of whole lines: where they are as many as there are, every line is in one.
    lines = len(found) * (len(keys) + 1) + sum(map(len, blank))
    if not text.endswith("\n") or text.count("\n", first.start()) != lines:
        return None
    return mappings(keys, columns)


def _one_by_one(text: str, first: re.Match[str]) -> list[Json] | None:
    position = first.start()
    items: list[Json] = []
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None or match[1] != first[1]:
            return None
        position = match.end()
        pairs = _PARTS.findall(match[2])
        item = dict(pairs)
        if len(item) < len(pairs):  # one of them is said twice
            return None
        items.append(item)
    return items


def _below(head: str, name: str, items: list[Json]) -> dict[str, Json] | None:
    """What the pairs above all tables say, and the items."""
    if len(head) > _LONGEST_HEAD or (head and not head.endswith("\n")):
        return None
    try:
        found = tomllib.loads(head)
    except (ValueError, RecursionError):
        return None
    if name in found or not all(type(value) in (str, int, bool) for value in found.values()):
        return None
    return {**found, name: items}
