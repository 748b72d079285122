"""A value as text that is not yet tied to a key or dash, and strings as block scalars."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from registry_reconciler.formats.yaml.read.scalars import (
    is_block_safe,
)


class Body(Struct, frozen=True):
    """A value as text, not yet tied to a key or dash.

    Attributes:
        kind: ``inline`` (on the line of its mark), ``literal`` (a block scalar), ``map`` or ``seq``
            (block style).
        head: what stands on the line of the mark: the text, or the header of a block scalar.
        lines: what stands below: content of a block scalar, the block, the rest of an inline text.
        comments: comment lines that go above the entry.
        open_end: the last line belongs to a block scalar, so what follows could fall into it.
        tail: the comment on the line of the mark, with the blanks before it.
    """

    kind: Literal["inline", "literal", "map", "seq"]
    head: str = ""
    lines: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    open_end: bool = False
    tail: str = ""


def literal_body(text: str, offset: int, *, keep: bool = False) -> Body | None:
    """A string as a literal block scalar whose content stands ``offset`` behind its parent's column.

    ``None`` where that cannot hold it exactly, or (without ``keep``) would need the keep indicator, under
    which the blank lines that follow would become part of the string.
    """
    stripped = text.rstrip("\n")
    trailing = len(text) - len(stripped)
    if not stripped or not is_block_safe(text) or (trailing > 1 and not keep):
        return None
    rows = stripped.split("\n")
    if any(row and not row.strip(" \t") for row in rows):
        return None
    first = next(row for row in rows if row)
    if first[0] == "\t":
        return None
    indicator = ""
    if first[0] == " ":
        if not 1 <= offset <= 9:
            return None
        indicator = str(offset)
    chomp = "+" if keep and trailing else ("-", "", "+")[min(trailing, 2)]
    rows += [""] * (trailing - 1)
    return Body("literal", f"|{indicator}{chomp}", tuple(rows), open_end=True)


def folded_body(text: str, width: int, *, keep: bool = False) -> Body | None:
    """A string as a folded block scalar, wrapped at ``width``; ``None`` where that cannot hold it exactly."""
    stripped = text.rstrip("\n")
    trailing = len(text) - len(stripped)
    if not stripped or not is_block_safe(text) or (trailing > 1 and not keep):
        return None
    if re.search(r"(?m)^[ \t]|[ \t]$", stripped):
        return None
    rows: list[str] = []
    first = True
    for paragraph in stripped.split("\n"):
        if paragraph and not first:
            rows.append("")
        rows += _wrapped(paragraph, width) if paragraph else [""]
        first = first and not paragraph
    chomp = "+" if keep and trailing else ("-", "", "+")[min(trailing, 2)]
    rows += [""] * (trailing - 1)
    return Body("literal", f">{chomp}", tuple(rows), open_end=True)


def _wrapped(paragraph: str, width: int) -> list[str]:
    rows: list[str] = []
    current: list[str] = []
    length = 0
    for word in re.split(r"(?<![ \t]) (?![ \t])", paragraph):
        if length and length + 1 + len(word) > width:
            rows.append(" ".join(current))
            current, length = [word], len(word)
        elif length:
            current.append(word)
            length += 1 + len(word)
        else:
            current, length = [word], len(word)
    return [*rows, " ".join(current)]
