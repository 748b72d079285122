"""Tables: as wide as they have to be, wrapped between words where they would not fit, and never inside of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.base.escape import visible
from registry_reconciler.report.values import columns
from registry_reconciler.terminal.draw import drawn

if TYPE_CHECKING:
    from registry_reconciler.terminal import Screen

_DRAWN = 500
"""So many rows rich lays out, at a thousand a second; those behind them are only padded."""
_GAP = 2
"""Blanks between two columns: one of the padding, one of the box."""


def table(screen: Screen, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows below their head; rows that do not fit side by side are paragraphs."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = _widths(screen.width, [list(head), *shown])
    if widths is None:
        return _paragraphs(screen, head, shown)
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name, width in zip(head, widths, strict=True):
        grid.add_column(Text(name, "bold"), width=width)
    for row in shown[:_DRAWN]:
        grid.add_row(*(Text(cell) for cell in row))
    return drawn(screen, grid) + "".join(_line(row, widths) for row in shown[_DRAWN:])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """A row as rich has it; where one of thousands would be wrapped, it runs on instead."""
    cells = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
    return (" " * _GAP).join(cells).rstrip() + "\n"


def _widths(room: int, rows: Sequence[Sequence[str]]) -> list[int] | None:
    """The width of each column; ``None`` where there is no way to fit without breaking a word."""
    cells = list(zip(*rows, strict=True))
    wanted = [max(map(columns, column)) for column in cells]
    least = [max(columns(word) for cell in column for word in (cell.split() or [""])) for column in cells]
    over = sum(wanted) + _GAP * (len(wanted) - 1) - room
    while over > 0:
        widest = max(range(len(wanted)), key=lambda number: wanted[number] - least[number])
        give = min(over, wanted[widest] - least[widest])
        if give <= 0:
            return None
        # Half of what it can give, so that a second long column gives its part as well.
        give = min(over, max((wanted[widest] - least[widest]) // 2, 1))
        wanted[widest] -= give
        over -= give
    return wanted


def _paragraphs(screen: Screen, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Each row below its first cell."""
    from rich.text import Text

    lines = Text(no_wrap=True, overflow="ignore")
    for row in rows:
        lines.append(f"{row[0]}\n", "bold")
        for line in _named(head[1:], row[1:]):
            lines.append(f"  {line}\n")
    return drawn(screen, lines).rstrip("\n") + "\n" if rows else ""


def _named(head: Sequence[str], cells: Sequence[str]) -> Iterator[str]:
    width = max(map(columns, head), default=0)
    for name, cell in zip(head, cells, strict=True):
        if cell:
            yield f"{name:<{width}}  {cell}"
