"""Spans of a text and what stands there instead: what every splicer ends in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.formats.edits import SpliceError


class Replacement(Struct, frozen=True):
    """A span of the old text and what stands there instead. Of several at one place the lowest rank comes first."""

    start: int
    end: int
    text: str
    rank: int = 0


def put_instead(changes: list[Replacement], at: int, text: str, gap: str = "", rank: int = 0) -> None:
    """A text in the place of what goes there, between the blank lines around that; else before what stays, apart."""
    for number, each in enumerate(changes):
        if each.start == at < each.end and (not each.text or each.text.endswith("\n")):
            changes[number] = replace(each, text=each.text + gap + text if each.text else text)
            return
    changes.append(Replacement(at, at, text + gap, rank))


def put_in_gone(changes: list[Replacement], start: int, end: int, text: str, gap: str) -> bool:
    """Whether lines go that end there: then a text stands in their place, behind what does already.

    Args:
        start: what goes has to begin here or before.
    """
    for number, each in enumerate(changes):
        if each.start <= start < each.end == end and (not each.text or each.text.endswith("\n")):
            changes[number] = replace(each, text=each.text + gap + text if each.text else text)
            return True
    return False


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
