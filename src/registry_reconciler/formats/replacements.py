"""Spans of a text and what stands there instead: what every splicer ends in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from registry_reconciler.formats.edits import SpliceError


class Replacement(Struct, frozen=True):
    """A span of the old text and what stands there instead. Of several at one place the lowest rank comes first."""

    start: int
    end: int
    text: str
    rank: int = 0


def in_order(replacements: Iterable[Replacement]) -> list[Replacement]:
    """In the order of the text. Raises :class:`SpliceError` where two of them overlap."""
    ordered = sorted(
        replacements, key=lambda replacement: (replacement.start, replacement.end, replacement.rank)
    )
    if any(right.start < left.end for left, right in pairwise(ordered)):
        raise SpliceError("two edits touch the same text; make one of them first")
    return ordered


def replaced(text: str, replacements: Iterable[Replacement]) -> str:
    """The text with replacements that do not overlap."""
    return joined(text, in_order(replacements))


def joined(text: str, ordered: Sequence[Replacement]) -> str:
    """The text with replacements that are in order."""
    parts: list[str] = []
    at = 0
    for replacement in ordered:
        parts += (text[at : replacement.start], replacement.text)
        at = replacement.end
    return "".join((*parts, text[at:]))
