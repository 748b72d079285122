"""Items of a block list or mapping that are mappings of scalars, as the emitter writes them: thousands are alike.

Items with the same keys are written by columns: a column is judged and joined many times as fast as its texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, Protocol

from msgspec.structs import replace

from registry_reconciler.formats.columns import by_keys
from registry_reconciler.formats.yaml.edit.style import Hints
from registry_reconciler.formats.yaml.read.scalars import are_surely_numbers, are_surely_plain

_LONGEST_KEY = 90
"""Also where each character of it is an escape, such a key needs no mark of its own."""
_MANY = 8
"""Of fewer pairs nothing is gained by writing them by columns."""


class _Words(Protocol):
    def key(self, key: str, hints: Hints, /) -> str: ...

    def scalar(self, value: Any, hints: Hints, /) -> str: ...


def flat_items(
    values: Sequence[Any], words: _Words, hints: Hints, leads: tuple[str, str]
) -> list[Sequence[str] | None]:
    """The lines of each item; ``None`` where one is no such mapping.

    Args:
        hints: what the neighbours of all items do, without any about single fields.
        leads: what stands before the first key of an item, and before the others.
    """
    found: list[Sequence[str] | None] = [None] * len(values)
    for group in by_keys(values):
        if any(len(key) > _LONGEST_KEY for key in group.keys):
            continue
        lines = []
        for number, (key, column) in enumerate(zip(group.keys, group.columns, strict=True)):
            lead = leads[number > 0]
            texts = _texts(column, words, hints)
            lines.append(map(f"{lead}{words.key(key, hints)}: ".__add__, texts))
        for number, rows in zip(group.numbers, zip(*lines, strict=True), strict=True):
            found[number] = rows
    return found


def _texts(column: Sequence[Any], words: _Words, hints: Hints) -> Iterable[str]:
    """The scalars of a column as they are written."""
    if not hints.quote_all and are_surely_plain(column):
        return column
    if are_surely_numbers(column):
        quote = words.scalar("", hints)[0]  # no more than a number may an empty text stand plain
        return map(f"{quote}{{}}{quote}".format, column)
    return map(words.scalar, column, repeat(hints))


def flat_entries(
    value: Mapping[str, Any], words: _Words, hints: Hints, step: int
) -> tuple[Sequence[str], Sequence[Sequence[str] | None]]:
    """The keys of a mapping as they are written, and the lines below each as of :func:`flat_items`.

    Args:
        hints: what the neighbours of the mapping do.
        step: how far its entries are set in.
    """
    keys, pad = list(value), " " * step
    if len(value) < _MANY or any(hints.styles):
        return [words.key(key, hints) for key in value], [None] * len(value)
    flat = flat_items(list(value.values()), words, replace(hints, styles={}), (pad, pad))
    plain = not hints.quote_keys and are_surely_plain(keys)
    return keys if plain else [words.key(key, hints) for key in keys], flat
