"""Text, a cursor, and what can be done to them. Knows nothing of keys, registries or permissions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Position = tuple[int, int]


@dataclass
class Buffer:
    """Lines and a cursor. Rows and columns count from 0; there is always at least one line."""

    lines: list[str]
    name: str = "untitled"
    readonly: bool = False
    row: int = 0
    col: int = 0
    past: list[tuple[list[str], int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, text: str, **more: str | bool) -> Buffer:
        """A buffer with a text."""
        return cls(text.split("\n"), **more)  # type: ignore[arg-type]

    @property
    def text(self) -> str:
        """Everything."""
        return "\n".join(self.lines)

    @property
    def line(self) -> str:
        """The line that the cursor is on."""
        return self.lines[self.row]

    def go(self, position: Position, *, past_end: bool = False) -> None:
        """Move the cursor to the nearest place that exists; ``past_end`` allows the place after the last
        character.
        """
        row, col = position
        self.row = max(0, min(row, len(self.lines) - 1))
        last = len(self.line) if past_end else max(0, len(self.line) - 1)
        self.col = max(0, min(col, last))

    def remember(self) -> None:
        """A point that :meth:`undo` comes back to."""
        self.past.append((list(self.lines), self.row, self.col))

    def forget_if_same(self) -> None:
        """Drop the last point when nothing changed since."""
        if self.past and self.past[-1][0] == self.lines:
            self.past.pop()

    def undo(self) -> bool:
        """Back to the last point; whether there was one."""
        if not self.past:
            return False
        self.lines, self.row, self.col = self.past.pop()
        return True

    def insert(self, text: str) -> None:
        """Put text before the cursor and move behind it."""
        before, after = self.line[: self.col], self.line[self.col :]
        new = (before + text + after).split("\n")
        self.lines[self.row : self.row + 1] = new
        self.row += len(new) - 1
        self.col = len(new[-1]) - len(after)

    def take(self, start: Position, end: Position) -> str:
        """Remove what lies between two places, the end not included, and give it back."""
        (row, col), (last, stop) = sorted((start, end))
        taken = self.between(start, end)
        self.lines[row : last + 1] = [self.lines[row][:col] + self.lines[last][stop:]]
        self.go((row, col))
        return taken

    def between(self, start: Position, end: Position) -> str:
        """The text between two places, the end not included."""
        (row, col), (last, stop) = sorted((start, end))
        if row == last:
            return self.lines[row][col:stop]
        return "\n".join([self.lines[row][col:], *self.lines[row + 1 : last], self.lines[last][:stop]])

    def take_lines(self, first: int, last: int) -> str:
        """Remove whole lines and give them back with a line end at the end."""
        taken = self.lines[first : last + 1]
        self.lines[first : last + 1] = []
        self.lines = self.lines or [""]
        self.go((first, 0))
        return "\n".join(taken) + "\n"


_WORD = re.compile(r"\w+|[^\w\s]+")


def next_word(buffer: Buffer) -> Position:
    """The start of the next word, on a later line when there is none on this one."""
    for match in _WORD.finditer(buffer.line):
        if match.start() > buffer.col:
            return buffer.row, match.start()
    if buffer.row + 1 < len(buffer.lines):
        following = buffer.lines[buffer.row + 1]
        return buffer.row + 1, len(following) - len(following.lstrip())
    return buffer.row, len(buffer.line)


def previous_word(buffer: Buffer) -> Position:
    """The start of this or the previous word."""
    starts = [match.start() for match in _WORD.finditer(buffer.line) if match.start() < buffer.col]
    if starts:
        return buffer.row, starts[-1]
    if buffer.row:
        above = [match.start() for match in _WORD.finditer(buffer.lines[buffer.row - 1])]
        return buffer.row - 1, above[-1] if above else 0
    return 0, 0


def inner_word(buffer: Buffer) -> tuple[Position, Position] | None:
    """The word under the cursor."""
    for match in _WORD.finditer(buffer.line):
        if match.start() <= buffer.col < match.end():
            return (buffer.row, match.start()), (buffer.row, match.end())
    return None


def inner_quotes(buffer: Buffer) -> tuple[Position, Position] | None:
    """What stands between the double quotes around or after the cursor."""
    for match in re.finditer(r'"([^"]*)"', buffer.line):
        if buffer.col < match.end():
            return (buffer.row, match.start(1)), (buffer.row, match.end(1))
    return None
