"""Nodes with a tag that nobody here knows: where their text ends, and what it is in column 0."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Final

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.yaml.read.scalars import CORE
from registry_reconciler.model.written import Opaque

_KNOWN: Final = frozenset(
    {"!", *(CORE + name for name in ("str", "int", "float", "bool", "null", "map", "seq"))}
)
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+[ \t]+")
_SECOND_ANCHOR = re.compile(r"^(![^\s]*[ \t]+)&[^\s,\[\]{}]+(?:[ \t]+|$)")
_NO_CONTENT = re.compile(r"[ \t\r]*(?:#.*)?")


def is_unknown(tag: str | None) -> bool:
    """Whether a tag says something that only others understand."""
    return tag is not None and tag not in _KNOWN


def opaque(text: str, start: int, content: int, stop: int) -> tuple[Opaque, int]:
    """A node of a text, and where its own text ends.

    Args:
        start: where its anchor or tag begins.
        content: where the last of what is written in it ends.
        stop: where it ends at the latest: what follows may be blank lines and comments of others.
    """
    end = stop
    while end > content:
        row = text.rfind("\n", start, end)
        if row < 0 or row < content - 1 or not _NO_CONTENT.fullmatch(text, row + 1, end):
            break
        end = row
    end = start + len(text[start:end].rstrip(SPACE))
    anchor = _ANCHOR.match(text, start)
    first, _, rest = text[anchor.end() if anchor else start : end].replace("\r\n", "\n").partition("\n")
    first = _SECOND_ANCHOR.sub(r"\1", first)
    rows = dedent("\n".join(row.rstrip(" \t\r") for row in rest.split("\n")))
    return Opaque(f"{first.rstrip(SPACE)}\n{rows}" if rest else first.rstrip(SPACE)), end
