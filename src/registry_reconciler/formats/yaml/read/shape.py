"""Items of one list mostly have one shape: the same lines but for their values. Such an item is read by one match.

A shape is made of an item that was read line by line. Its pattern takes an item if line for line the indentation, the
dash, the key and the sort of value are those of the first one. Line by line such an item would be taken apart in the
same way and come together in the same way, so only its values have to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from registry_reconciler.formats.columns import mappings
from registry_reconciler.model.entry import Json

# A first character by what it may not be: the engine needs a tenth of the time to compile the class so.
PLAIN: Final = (
    r"(?:[^\x00-'),*\-:-@\[-^`{-\x7f]|-(?=[^\s]))[^:#\n\t]*+(?:(?::(?=\S)|(?<=\S)\#)[^:#\n\t]*+)*+(?<![ ])"
)
QUOTED: Final = r"""(?:"[^"\\\n\t]*+"|'[^'\n\t]*+')"""
FLOW: Final = r"(?:\[[A-Za-z0-9_/.@,\ -]*+\]|\{[A-Za-z0-9_/.@,:\ -]*+\})"
_NOTHING: Final = r"[ ]*+(?:\#[^\n\t]*+)?+"


class LineParts(NamedTuple):
    """A line taken apart; "" for what it has not. One of the last three at most is there."""

    indent: str
    dash: str
    key: str
    plain: str
    quoted: str
    flow: str


class ItemShape(NamedTuple):
    """What items of one shape have in common.

    Attributes:
        text: the pattern of the text of an item behind its dash; the groups are the values.
        plain, quoted, flow: which groups are of that sort.
        containers: how the values come together, inner ones first: each takes from the values, then ``None``, then the
            containers before it. The last one is the item.
    """

    text: str
    plain: tuple[int, ...]
    quoted: tuple[int, ...]
    flow: tuple[int, ...]
    containers: tuple[tuple[tuple[str, ...] | None, Callable[[list[Json]], Sequence[Json]]], ...]

    def build(self, values: list[Json]) -> Json:
        """The item of the values of its groups, which are used up."""
        values.append(None)
        for keys, pick in self.containers:
            # To say strict= would cost as much as all the rest.
            values.append(list(pick(values)) if keys is None else dict(zip(keys, pick(values))))  # noqa: B905
        return values[-1]

    def build_all(self, columns: list[Sequence[Json]], count: int) -> Sequence[Json]:
        """As :meth:`build`, so many items of columns of values, which are used up."""
        columns.append([None] * count)
        for keys, pick in self.containers:
            parts = pick(columns)
            columns.append(
                list(map(list, zip(*parts, strict=True))) if keys is None else mappings(keys, parts)
            )
        return columns[-1]


def shape_of(rows: Sequence[LineParts], build: Callable[[list[LineParts]], Json]) -> ItemShape:
    """The shape of an item.

    Args:
        rows: its lines, the first with the indentation of the others of its mapping.
        build: makes the value of such lines; what comes together how is asked of it.
    """
    sorts: dict[str, list[int]] = {"plain": [], "quoted": [], "flow": []}
    lines: list[str] = []
    marked: list[LineParts] = []
    count = 0
    for row in rows:
        value, sort = _value(row)
        mark = ""
        if sort:
            mark = f"x{count}"
            sorts[sort].append(count)
            count += 1
        lines.append(_line(row, value))
        marked.append(LineParts(row.indent, row.dash, row.key, mark, "", ""))
    text = "\n".join(lines).removeprefix(" " * len(rows[0].indent))
    containers: list[Any] = []
    _collect(build(marked), count, containers)
    return ItemShape(
        text,
        tuple(sorts["plain"]),
        tuple(sorts["quoted"]),
        tuple(sorts["flow"]),
        tuple(containers),
    )


def _value(row: LineParts) -> tuple[str, str]:
    """The pattern of a value and its sort."""
    if row.plain:
        return PLAIN, "plain"
    if row.quoted:
        return QUOTED, "quoted"
    return (FLOW, "flow") if row.flow else ("", "")


def _line(row: LineParts, value: str) -> str:
    if not row.key and not row.dash:
        return _NOTHING
    key = f"{re.escape(row.key)}:{'[ ]++' if value else '[ ]*+'}" if row.key else ""
    return f"{row.indent}{row.dash}{key}" + (f"({value})" if value else "")


def _collect(value: Json, count: int, containers: list[Any]) -> int:
    """Append the containers of a value that holds marks, and say under which number the value itself is found."""
    if value is None:
        return count
    if isinstance(value, str):
        return int(value[1:])
    keys = tuple(value) if isinstance(value, dict) else None
    parts = [_collect(part, count, containers) for part in (value.values() if keys is not None else value)]
    # Of one number alone, itemgetter would give the part and no sequence of it.
    pick = itemgetter(*parts) if len(parts) > 1 else itemgetter(slice(parts[0], parts[0] + 1))
    containers.append((keys, pick))
    return count + len(containers)
