"""Where a fragment has something between its entries: comments, empty lines, the name of another kind. Pure.

Two people may add entries on both sides of a comment, and git merges that; or a field at the end of an entry, and an
entry behind it, where an empty line is between. So the state has a line there as well.
Only lines are looked at: what is written in another way than a list with an entry a line has no such places.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_LINE = re.compile(r"\n(?:( *)(?:(-)(?=[ \t\r\n])|(#))|([^\s#].*))")
"""An item, a comment, or a line at the margin, with the line end before it; no other line is looked at.

A line end is looked for five times as fast as the start of a line.
"""
_NAME = re.compile(r"""(["']?)([^"':#]*)\1[ \t]*:""")


_OF_A_KIND = 2
"""So many breaks stand where the entries of another kind begin: git slides an insertion, or a deletion, past one."""


def breaks_of(text: str, kinds: Collection[str], entries: int) -> list[int] | None:
    """How many breaks stand before each entry of a fragment, and behind the last one.

    Args:
        kinds: whose lists have entries.
        entries: so many entries the fragment has; where the lines have another number, nothing is known.
    """
    found: list[int] = []
    pending = 0
    margin: int | None = None
    inside = False  # a list of entries
    comment_end = -1
    text = f"\n{text}"
    for line in _LINE.finditer(text):
        indent, item, comment, key = line.groups()
        if comment and inside and (margin is None or len(indent) <= margin):
            pending += line.start() != comment_end
            comment_end = text.find("\n", line.end())
        elif item and inside and margin in (None, len(indent)):
            margin = len(indent)
            found.append(pending or int(bool(found) and _is_empty(text, line.start())))
            pending = 0
        elif key and not item:
            name = _NAME.match(key)
            if name is None or name[2] in kinds:
                inside, margin = name is not None, None
                pending = pending + (1 if name is None else _OF_A_KIND) if found else 0
            else:
                inside = False
            comment_end = -1
    found.append(pending)
    return found if len(found) == entries + 1 else None


def _is_empty(text: str, end: int) -> bool:
    """Whether the line that ends there is one without anything in it."""
    return not text[text.rfind("\n", 0, end) + 1 : end].strip()
