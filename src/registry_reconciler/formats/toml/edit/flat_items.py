"""New files of many tables with texts of one line each, written by columns: thousands are alike.

Nothing stands near that shows another look, so the usual one is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, repeat
from operator import not_
from typing import Any

from registry_reconciler.formats.columns import Group, by_keys
from registry_reconciler.formats.toml.edit.words import (
    TomlStyle,
    basic,
    fits_one_line,
    key_text,
    key_texts,
    need_no_escape,
)
from registry_reconciler.model.entry import FieldPath, Json

_LOOK = TomlStyle()
_GAP = "\n" * _LOOK.gap


def flat_text(value: Json, container: FieldPath) -> str | None:
    """An array of tables, or a table of them; ``None``: the general way has to decide."""
    if len(container) != 1 or not isinstance(container[0], str):
        return None
    name = key_text(container[0])
    if type(value) is list and value:
        return _array(name, value)
    return _table(name, value) if type(value) is dict and value else None


def _array(name: str, items: Sequence[Json]) -> str | None:
    texts = [""] * len(items)
    for group in by_keys(items):
        columns = _bodies(group)
        if columns is None:
            return None
        rows = _joined(columns, _around(group.keys, f"[[{name}]]\n", "\n", "\n"))
        _put(texts, group.numbers, rows)
    return _GAP.join(texts) if all(texts) else None


def _table(name: str, value: Mapping[str, Json]) -> str | None:
    keys = key_texts(list(value))
    within, below = [""] * len(keys), [""] * len(keys)
    count = 0
    for group in by_keys(list(value.values())):
        columns = _bodies(group)
        if columns is None:
            return None
        count += len(group.numbers)
        own = keys if len(group.numbers) == len(keys) else [keys[number] for number in group.numbers]
        in_braces = _around(group.keys, f"{_LOOK.equals}{{ ", ", ", " }\n")
        as_tables = _around(group.keys, "]\n", "\n", "\n")
        rest = len("".join(in_braces)) - len(f"{_LOOK.equals}\n")
        lengths = map(sum, zip(*[map(len, column) for column in columns], strict=True))
        fits = [fits_one_line(rest + length) for length in lengths]
        for target, chosen, around in (
            (within, fits, ["", *in_braces]),
            (below, list(map(not_, fits)), [f"{_GAP}[{name}.", *as_tables]),
        ):
            if any(chosen):
                some = (
                    [own, *columns] if all(chosen) else [list(compress(c, chosen)) for c in (own, *columns)]
                )
                _put(target, list(compress(group.numbers, chosen)), _joined(some, around))
    return "".join((f"[{name}]\n", *within, *below)) if count == len(keys) else None


def _bodies(group: Group) -> list[Sequence[str]] | None:
    """The columns of a group as they stand in quotes; ``None`` where they hold others than texts."""
    if any(set(map(type, column)) != {str} for column in group.columns):
        return None
    columns: Sequence[Any] = group.columns
    return [
        column if need_no_escape(column) else [basic(text)[1:-1] for text in column] for column in columns
    ]


def _around(keys: Sequence[str], opening: str, between: str, closing: str) -> list[str]:
    """What stands before, between and behind the texts of an item."""
    first, *others = [f'{key_text(key)}{_LOOK.equals}"' for key in keys]
    return [opening + first, *(f'"{between}{other}' for other in others), f'"{closing}']


def _joined(columns: Sequence[Iterable[str]], around: Sequence[str]) -> Iterator[str]:
    """The texts of columns with what stands before, between and behind them."""
    pieces: list[Iterable[str]] = [repeat(around[0])]
    for column, behind in zip(columns, around[1:], strict=True):
        pieces += (column, repeat(behind))
    return map("".join, zip(*pieces, strict=False))  # what is repeated has no end


def _put(texts: list[str], numbers: Sequence[int], rows: Iterable[str]) -> None:
    if len(numbers) == len(texts):
        texts[:] = rows
        return
    for number, row in zip(numbers, rows, strict=True):
        texts[number] = row
