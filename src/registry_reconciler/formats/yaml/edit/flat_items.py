"""Items of a block list or mapping that are mappings of scalars, as the emitter writes them: thousands are alike.

Items with the same keys are written by columns: a column is judged and joined many times as fast as its texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, Protocol

from msgspec.structs import replace

from registry_reconciler.formats.columns import by_keys
from registry_reconciler.formats.yaml.edit.style import Hints, Style
from registry_reconciler.formats.yaml.read.scalars import are_surely_numbers, are_surely_plain
from registry_reconciler.model.entry import Json

_LONGEST_KEY = 90
"""Also where each character of it is an escape, such a key needs no mark of its own."""
_MANY = 8
"""Of fewer pairs nothing is gained by writing them by columns."""


class _ValueWords(Protocol):
    def key(self, key: str, hints: Hints, /) -> str: ...

    def scalar(self, value: Any, hints: Hints, /) -> str: ...


def flat_items(
    values: Sequence[Any], words: _ValueWords, hints: Hints, leads: tuple[str, str]
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
        if len(group.numbers) == len(values):
            return list(zip(*lines, strict=True))
        for number, rows in zip(group.numbers, zip(*lines, strict=True), strict=True):
            found[number] = rows
    return found


def _texts(column: Sequence[Any], words: _ValueWords, hints: Hints) -> Iterable[str]:
    """The scalars of a column as they are written."""
    if not hints.quote_all and are_surely_plain(column):
        return column
    if are_surely_numbers(column):
        quote = words.scalar("", hints)[0]  # no more than a number may an empty text stand plain
        return [f"{quote}{text}{quote}" for text in column]
    return map(words.scalar, column, repeat(hints))


def flat_entries(
    value: Mapping[str, Any], words: _ValueWords, hints: Hints, step: int
) -> tuple[Sequence[str], Sequence[Sequence[str] | None]]:
    """The keys of a mapping as they are written, and the lines below each as of :func:`flat_items`.

    Args:
        hints: what the neighbours of the mapping do.
        step: how far its entries are set in.
    """
    pad = " " * step
    if len(value) < _MANY or any(hints.styles):
        return [words.key(key, hints) for key in value], [None] * len(value)
    flat = flat_items(list(value.values()), words, replace(hints, styles={}), (pad, pad))
    return _keys(list(value), words, hints), flat


def _keys(keys: Sequence[str], words: _ValueWords, hints: Hints) -> Sequence[str]:
    """Keys as they are written."""
    if not hints.quote_keys and are_surely_plain(keys):
        return keys
    return [words.key(key, hints) for key in keys]


def flat_file(name: str, value: Json, words: _ValueWords, style: Style) -> str | None:
    """The text of a new file that has a long list or mapping below a key, all of whose items have the same keys;
    ``None`` where it has not.
    """
    items = list(value.values()) if type(value) is dict else value
    if type(items) is not list or len(items) < _MANY:
        return None
    group = next(by_keys(items), None)
    if group is None or len(group.numbers) < len(items) or any(len(key) > _LONGEST_KEY for key in group.keys):
        return None
    hints, start = Hints(), f"{style.newline}{' ' * style.seq_step}"
    pieces: list[Iterable[str]] = []
    leads = f"{start}-{' ' * (style.dash - 1)}", f"{start}{' ' * style.dash}"
    if type(value) is dict:
        heads = _keys(list(value), words, hints)
        if len(max(heads, key=len)) > _LONGEST_KEY:
            return None
        pieces = [repeat(f"{style.newline}{' ' * style.step}"), heads, repeat(":")]
        leads = (f"{style.newline}{' ' * 2 * style.step}",) * 2
    for number, (key, column) in enumerate(zip(group.keys, group.columns, strict=True)):
        pieces += repeat(f"{leads[number > 0]}{words.key(key, hints)}: "), _texts(column, words, hints)
    lines = chain.from_iterable(zip(*pieces, strict=False))  # what is repeated has no end
    return "".join((f"{words.key(name, hints)}:", *lines, style.newline))
