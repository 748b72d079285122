"""Markdown tables whose columns are as wide as their widest cell, as formatters of Markdown write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from unicodedata import combining, east_asian_width

from registry_reconciler.outputs.limits import require_short

_ROW = re.compile(r"[ ]{0,3}\|.*\|[ \t]*")
_RULE_CELL = re.compile(r"[ \t]*(:?)-+(:?)[ \t]*")
_BETWEEN = re.compile(r"(?<!\\)(?:\\\\)*\|")
_BLANKS = " \t"
_LEAST = 3
"""Dashes of a rule: fewer are no rule for some readers."""

Rows = Sequence[Sequence[str]]


def aligned(text: str) -> str:
    """A text with every table in it padded; all other lines stay."""
    lines = text.split("\n")
    found: list[str] = []
    at = 0
    while at < len(lines):
        stop = at
        while stop < len(lines) and _ROW.fullmatch(lines[stop]):
            stop += 1
        found += _padded(lines[at:stop]) if stop > at else [lines[at]]
        at = max(stop, at + 1)
    return "\n".join(found)


def unaligned(text: str) -> str:
    """A table without padding: one blank on both sides of each cell; a text that is no table as it is."""
    lines = text.split("\n")
    rows = [_cells(line) for line in lines]
    rule = _sides(rows)
    if not rule or not all(rows):
        return text
    blank = "" if "|-" in lines[1] else " "
    cells = [[f" {cell.strip(_BLANKS)} " for cell in row] for row in rows]
    cells[1] = [f"{blank}{left}---{right}{blank}" for left, right in rule]
    return "\n".join(f"{_lead(line)}|{'|'.join(row)}|" for line, row in zip(lines, cells, strict=True))


def _padded(lines: Sequence[str]) -> Sequence[str]:
    rows = [_cells(line) for line in lines]
    sides = _sides(rows)
    if not sides:
        return lines
    texts = [[cell.strip(_BLANKS) for cell in row] for row in rows]
    texts[1] = []
    count = max(map(len, rows))
    widths = [_LEAST] * count
    for row in texts:
        for number, text in enumerate(row):
            widths[number] = max(widths[number], _width(text))
    require_short(sum(widths) * len(rows))
    blank = "" if "|-" in lines[1] else " "
    made = []
    for number, row in enumerate(texts):
        cells = [
            f" {_at_side(text, widths[at], *(sides[at] if at < len(sides) else ('', '')))} "
            for at, text in enumerate(row)
        ]
        if number == 1:
            room = [width + 2 - 2 * len(blank) for width in widths[: len(sides)]]
            cells = [
                f"{blank}{left}{'-' * (width - len(left) - len(right))}{right}{blank}"
                for (left, right), width in zip(sides, room, strict=True)
            ]
        made.append(f"{_lead(lines[number])}|{'|'.join(cells)}|")
    return made


def _sides(rows: Rows) -> list[tuple[str, str]]:
    """The colons of the cells of the rule; nothing where these rows are no table."""
    found = [_RULE_CELL.fullmatch(cell) for cell in rows[1]] if len(rows) > 1 else []
    return [(cell[1], cell[2]) for cell in found if cell is not None] if all(found) else []


def _cells(line: str) -> list[str]:
    """What stands between the strokes of a row; nothing where it is none."""
    if not _ROW.fullmatch(line):
        return []
    stops = [match.end() for match in _BETWEEN.finditer(line)]
    return [line[start : stop - 1] for start, stop in pairwise(stops)]


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _at_side(text: str, width: int, left: str, right: str) -> str:
    room = width - _width(text)
    before = room if right and not left else room // 2 if right else 0
    return " " * before + text + " " * (room - before)


def _width(text: str) -> int:
    """How many columns a text takes where all letters are alike wide."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)
