"""The plainest long files, an array of tables with texts in quotes, read without the parser, in a fourth of its time.

Whatever is not as plain as this is left to ``tomllib``, which alone says what is wrong.
"""

from __future__ import annotations

import re
import tomllib

from registry_reconciler.model.entry import Json

_LONGEST_HEAD = 2000
"""Of more, the parser takes care of what it does not survive in linear time."""
_PAIR = r'[A-Za-z0-9_-]+ = "[^"\\\x00-\x1f\x7f]*"\n'
_ITEM = re.compile(rf"\[\[([A-Za-z0-9_-]+)\]\]\n((?:{_PAIR})+)\n*")
_PARTS = re.compile(r'([A-Za-z0-9_-]+) = "([^"]*)"\n')


def simple(text: str) -> dict[str, Json] | None:
    """What a text says; ``None`` where it is not plain."""
    position = text.find("[")
    if position < 0 or _ITEM.match(text, position) is None:
        return None
    name = ""
    items: list[Json] = []
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None or match[1] != (name or match[1]):
            return None
        name, position = match[1], match.end()
        pairs = _PARTS.findall(match[2])
        item = dict(pairs)
        if len(item) < len(pairs):  # one of them is said twice
            return None
        items.append(item)
    return _below(text[: text.find("[")], name, items)


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
