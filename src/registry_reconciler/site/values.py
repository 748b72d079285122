"""The fields of an entry as lines: each part of a value with its path, and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from registry_reconciler.model.entry import FieldPath, Json, show_path
from registry_reconciler.model.written import Opaque, dumps

Item = tuple[str, str, bool]
"""A scalar: its text, where it leads or "", and whether it is words rather than code."""

Line = tuple[str, tuple[Item, ...], tuple[str, ...]]
"""A part of a value: its path inside the field or "", and its scalars or the lines of its text."""

_MOST_LINES = 60
"""A value of more parts is shown as JSON."""

Target = Callable[[FieldPath], str]


def lines_of(path: FieldPath, value: Json, target: Target) -> list[Line]:
    """The value of a field.

    Args:
        target: where the part at a path leads, "" where nowhere.
    """
    lines: list[Line] = []
    for line in _lines(path, len(path), value, target):
        if len(lines) == _MOST_LINES:
            return [("", (), tuple(dumps(value, indent=2).split("\n")))]
        lines.append(line)
    return lines


def _lines(path: FieldPath, root: int, value: Json, target: Target) -> Iterator[Line]:
    label = show_path(path[root:])
    if type(value) is Opaque:
        yield label, (), tuple(value.source.split("\n"))
    elif isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _lines((*path, name), root, inner, target)
    elif isinstance(value, list) and value:
        if any(isinstance(item, dict | list) or _is_block(item) for item in value):
            for number, inner in enumerate(value):
                yield from _lines((*path, number), root, inner, target)
        else:
            yield label, tuple(_item(item, target((*path, n))) for n, item in enumerate(value)), ()
    elif _is_block(value):
        yield label, (), tuple(str(value).rstrip("\n").split("\n"))
    else:
        yield label, (_item(value, target(path)),), ()


def _is_block(value: Json) -> bool:
    return isinstance(value, str) and "\n" in value


def _item(value: Json, target: str) -> Item:
    return (value, target, " " in value) if isinstance(value, str) else (dumps(value), target, False)
