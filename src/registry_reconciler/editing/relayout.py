"""One layout for the lines of a YAML text: indentation by two, single gaps, no trailing blanks. Pure.

Knows nothing of fragments. Lines move to the left and right only; the caller reads the result again.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from registry_reconciler.formats.nodes import Node
from registry_reconciler.formats.yaml.read.nodes import compose

STEP = 2


class _Lines(Struct):
    """What is known of each line: where its first text goes, and whether its blanks are content.

    Attributes:
        target: the new column of a line's first text, by line.
        shift: how far a line moves that continues another one, by line.
        content: lines of block scalars.
        gaps: (line, from column, to column) of blanks that become one.
    """

    text: str
    starts: list[int]
    target: dict[int, int] = field(default_factory=dict)
    shift: dict[int, int] = field(default_factory=dict)
    content: set[int] = field(default_factory=set)
    gaps: list[tuple[int, int, int]] = field(default_factory=list)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 0."""
        from bisect import bisect_right

        line = bisect_right(self.starts, offset) - 1
        return line, offset - self.starts[line]

    def first_on_line(self, offset: int) -> bool:
        line, column = self.place(offset)
        return not self.text[self.starts[line] : self.starts[line] + column].strip()


def relayout(text: str) -> str:
    """The text in one layout; values stay what they are."""
    rows = text.split("\n")
    starts = [0]
    for row in rows[:-1]:
        starts.append(starts[-1] + len(row) + 1)
    known = _Lines(text, starts)
    for document in compose(text):
        root = document.root
        if root.kind in ("map", "seq") and not root.flow:
            _collection(known, root, 0)
    return _tidy(list(_moved(known, rows)), known)


def _collection(known: _Lines, node: Node, column: int) -> None:
    """Note where the entries of a block collection go."""
    for entry in node.entries:
        line, old = known.place(entry.start)
        if known.first_on_line(entry.start):
            known.target[line] = column
        moved = column - old
        value = entry.value
        if entry.mark_end >= 0 and not value.is_empty:
            value_line, value_column = known.place(value.start)
            mark_line, mark_column = known.place(entry.mark_end)
            if (
                value_line == mark_line
                and value_column - mark_column > 1
                and _is_blank(known, entry.mark_end, value.start)
            ):
                known.gaps.append((value_line, mark_column, value_column))
        if value.kind in ("map", "seq") and not value.flow and value.entries:
            _collection(known, value, column + STEP)
        else:
            _continued(known, line, value, moved)


def _is_blank(known: _Lines, start: int, end: int) -> bool:
    return not known.text[start:end].strip(" ")


def _continued(known: _Lines, line: int, value: Node, moved: int) -> None:
    """The lines below the first of a scalar or flow collection move with it."""
    last, _ = known.place(max(value.end - 1, value.start))
    for below in range(line + 1, last + 1):
        known.shift[below] = moved
        if value.style in ("|", ">"):
            known.content.add(below)


def _moved(known: _Lines, rows: list[str]) -> Iterator[str]:
    columns = _comment_columns(known, rows)
    gaps: dict[int, list[tuple[int, int]]] = {}
    for line, start, end in known.gaps:
        gaps.setdefault(line, []).append((start, end))
    for number, row in enumerate(rows):
        for start, end in sorted(gaps.get(number, ()), reverse=True):
            row = f"{row[:start]} {row[end:]}"
        bare = row.lstrip(" ")
        indent = len(row) - len(bare)
        if number in known.target:
            row = " " * known.target[number] + bare
        elif number in known.shift and bare:
            row = " " * max(0, indent + known.shift[number]) + bare
        elif number in columns:
            row = " " * columns[number] + bare
        yield row if number in known.content else row.rstrip(" \t")


def _comment_columns(known: _Lines, rows: list[str]) -> dict[int, int]:
    """The new column of each line that is only a comment: that of the next or last text in line with it."""
    found: dict[int, int] = {}
    above: dict[int, int] = {}
    following: dict[int, dict[int, int]] = {}
    below: dict[int, int] = {}
    for number in range(len(rows) - 1, -1, -1):
        if number in known.target:
            indent = len(rows[number]) - len(rows[number].lstrip(" "))
            below = {indent: known.target[number]}
        following[number] = below
    for number, row in enumerate(rows):
        bare = row.lstrip(" ")
        indent = len(row) - len(bare)
        if number in known.target:
            above = {old: new for old, new in above.items() if old < indent}
            above[indent] = known.target[number]
        elif bare.startswith("#") and number not in known.shift:
            nearest = following[number].get(indent, above.get(indent))
            found[number] = _between(indent, above) if nearest is None else nearest
    return found


def _between(indent: int, above: dict[int, int]) -> int:
    """The column of a comment that stands in line with nothing: below what it was below."""
    outer = [old for old in above if old < indent]
    if not outer:
        return 0
    return above[max(outer)] + STEP


def _tidy(rows: list[str], known: _Lines) -> str:
    """No blank lines at the start and end, and no two in a row, content apart."""
    kept: list[str] = []
    blank = True
    for number, row in enumerate(rows):
        empty = not row.strip() and number not in known.shift
        if not (empty and blank):
            kept.append(row)
        blank = empty
    while kept and not kept[-1].strip() and len(rows) - 1 not in known.content:
        kept.pop()
    return "\n".join(kept) + "\n" if kept else ""


def comment_lines(text: str) -> Iterator[str]:
    """Every line that begins like a comment, without its indentation (a line of a block scalar may too)."""
    for row in text.split("\n"):
        bare = row.strip()
        if bare.startswith("#"):
            yield bare
