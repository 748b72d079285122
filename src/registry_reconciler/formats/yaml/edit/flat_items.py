"""Items of a block list that are mappings of scalars, as the emitter writes them: a long list has thousands alike.

Items with the same keys are written by columns: a column is judged and joined many times as fast as its texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any, Protocol

from registry_reconciler.formats.columns import by_keys
from registry_reconciler.formats.yaml.edit.style import Hints
from registry_reconciler.formats.yaml.read.scalars import are_surely_plain

_LONGEST_KEY = 90
"""Also where each character of it is an escape, such a key needs no mark of its own."""


class _Words(Protocol):
    def key(self, key: str, hints: Hints, /) -> str: ...

    def scalar(self, value: Any, hints: Hints, /) -> str: ...


def flat_items(values: Sequence[Any], words: _Words, hints: Hints, dash: int) -> list[Sequence[str] | None]:
    """The lines of each item; ``None`` where one is no such mapping.

    Args:
        hints: what the neighbours of all items do, without any about single fields.
        dash: columns of the dash and the blanks behind it.
    """
    found: list[Sequence[str] | None] = [None] * len(values)
    for group in by_keys(values):
        if any(len(key) > _LONGEST_KEY for key in group.keys):
            continue
        lines = []
        for number, (key, column) in enumerate(zip(group.keys, group.columns, strict=True)):
            lead = " " * dash if number else "-" + " " * (dash - 1)
            plain = not hints.quote_all and are_surely_plain(column)
            texts = column if plain else map(words.scalar, column, repeat(hints))
            lines.append(map(f"{lead}{words.key(key, hints)}: ".__add__, texts))
        for number, rows in zip(group.numbers, zip(*lines, strict=True), strict=True):
            found[number] = rows
    return found
