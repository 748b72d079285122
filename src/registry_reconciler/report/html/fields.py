"""Differences of values and of files, as rows that stand side by side or below each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.base.sequences import unequal
from registry_reconciler.model.change import FieldChange
from registry_reconciler.report.values import (
    DiffLine,
    cut_value,
    lines_more,
    one_line,
    show_path,
    show_value,
    small_diff,
)

_LINE_LIMIT = 600
_LINES_SHOWN = 60
_CONTEXT = 3
_IN_ONE_LINE = 400

Pieces = tuple[str, str, str]
"""A text, parted where it differs from its partner: what is before, what differs, what is behind."""


class DifferenceRow(Struct, frozen=True):
    """One row of a difference. ``same``: a line that both have; else the old and the new one, each maybe absent."""

    before: Pieces | None = None
    after: Pieces | None = None
    same: str | None = None


class FieldView(Struct, frozen=True):
    """One field of a change; ``one_sided``: it only comes or goes, so there is nothing to stand side by side."""

    name: str
    one_sided: bool
    rows: tuple[DifferenceRow, ...]
    more: str = ""


def field_view(field: FieldChange) -> FieldView:
    """A field that differs, ready to be drawn."""
    name, one_sided = show_path(field.path), field.action != "update"
    if one_line(field, _IN_ONE_LINE) is not None and not one_sided:
        return FieldView(name, one_sided, (_pair(show_value(field.before), show_value(field.after)),))
    diff = small_diff(field)
    rows = tuple(paired(islice(diff, _LINES_SHOWN)))
    return FieldView(name, one_sided, rows, lines_more(diff))


def paired(lines: Iterable[DiffLine]) -> Iterator[DifferenceRow]:
    """Lines that go beside those that come in their place."""
    gone: list[str] = []
    come: list[str] = []
    for line in lines:
        text = cut_value(line.text, _LINE_LIMIT)
        if line.sign == "-":
            if come:
                yield from _rows(gone, come)
                gone, come = [], []
            gone.append(text)
        elif line.sign == "+":
            come.append(text)
        else:
            yield from _rows(gone, come)
            gone, come = [], []
            yield DifferenceRow(same=text)
    yield from _rows(gone, come)


def _rows(gone: Sequence[str], come: Sequence[str]) -> Iterator[DifferenceRow]:
    for number in range(max(len(gone), len(come))):
        old = gone[number] if number < len(gone) else None
        new = come[number] if number < len(come) else None
        if old is not None and new is not None:
            yield _pair(old, new)
        else:
            yield DifferenceRow(_whole(old), _whole(new))


def _whole(text: str | None) -> Pieces | None:
    return None if text is None else (text, "", "")


def _pair(old: str, new: str) -> DifferenceRow:
    """Two lines with what differs marked, where they have enough in common for that to help."""
    start, limit = 0, min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    if start + end < limit // 3:
        return DifferenceRow((old, "", ""), (new, "", ""))
    return DifferenceRow(_parts(old, start, end), _parts(new, start, end))


def _parts(text: str, start: int, end: int) -> Pieces:
    stop = len(text) - end
    return text[:start], text[start:stop], text[stop:]


def file_rows(before: bytes, after: bytes, most: int) -> tuple[list[DifferenceRow], int, int]:
    """The places where a file will differ with the lines around them; how many lines come and go in all.

    At most about ``most`` rows.
    """
    old, new = _lines(before), _lines(after)
    rows: list[DifferenceRow] = []
    stretches = list(unequal(old, new))
    at = 0
    for number, (start, stop, new_start, new_stop) in enumerate(stretches):
        first = max(at, start - _CONTEXT)
        if first > at or number == 0:
            rows.append(DifferenceRow(same=f"@ line {new_start + 1:,}"))
        following = stretches[number + 1][0] if number + 1 < len(stretches) else len(old)
        at = min(stop + _CONTEXT, following)
        lines = [
            *(DiffLine(" ", line) for line in old[first:start]),
            *(DiffLine("-", line) for line in old[start:stop]),
            *(DiffLine("+", line) for line in new[new_start:new_stop]),
            *(DiffLine(" ", line) for line in old[stop:at]),
        ]
        rows += paired(islice(lines, max(most - len(rows), 0)))
        if len(rows) >= most:
            break
    come = sum(new_stop - new_start for _, _, new_start, new_stop in stretches)
    gone = sum(stop - start for start, stop, _, _ in stretches)
    return rows[:most], come, gone


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    if not text:
        return []
    # A file whose lines all end alike says nothing by it; a lone carriage return is shown.
    if text.count("\r\n") == text.count("\n"):
        text = text.replace("\r\n", "\n")
    lines = [visible(line) for line in text.split("\n")]
    if lines[-1]:
        lines[-1] += " (no line end)"
        return lines
    return lines[:-1]
