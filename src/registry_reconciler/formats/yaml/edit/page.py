"""A text by its lines, and the replacements that are collected for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from registry_reconciler.formats.nodes import Node
from registry_reconciler.formats.replacements import Replacement

COMMENT_ROW = re.compile(r"([ \t]*)#")

_HEADER = re.compile(r"[|>][-+0-9]*")

_BLANKS = " \t\n"


class EditedLines:
    """A text by its lines, and the replacements in it. The text must end with a line end."""

    def __init__(self, text: str, newline: str, step: int = 1) -> None:
        """``step``: how far block scalars are set in at least."""
        self.text = text
        self.newline = newline
        self.step = step
        self.replacements: list[Replacement] = []

    def line_start(self, position: int) -> int:
        """The start of the line of a place."""
        return self.text.rfind("\n", 0, position) + 1

    def line_end(self, position: int) -> int:
        """The end of the line of a place, before its line end."""
        end = self.text.find("\n", position)
        if end < 0:
            return len(self.text)
        return end - 1 if end > position and self.text[end - 1] == "\r" else end

    def next_line(self, position: int) -> int:
        """The start of the line behind a place; the end of the text where there is none."""
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    def behind(self, position: int, column: int) -> int:
        """Behind the line of a place, and behind the comment lines directly below it that stand right of ``column``.

        Those are inside of what begins at that column.
        """
        end = self.next_line(position)
        while end < len(self.text):
            match = COMMENT_ROW.match(self.text, end)
            if match is None or len(match.group(1)) <= column:
                break
            end = self.next_line(end)
        return end

    def last_line_end(self, position: int, column: int) -> int:
        """The end of the last line before :meth:`behind`, before its line end."""
        return self.line_end(max(self.behind(position, column) - 2, position))

    def put(self, start: int, end: int, text: str) -> None:
        """Records a replacement, unless it changes nothing.

        Behind a bracket, quote or comma a comment needs no space before it; behind what takes its place it does.
        """
        if text and self.text.startswith("#", end) and text[-1] not in _BLANKS:
            text += " "
        if text.startswith("#") and self.text[start - 1 : start] not in _BLANKS:
            text = " " + text
        if self.text[start:end] != text:
            self.replacements.append(Replacement(start, end, text))

    def join(self, lines: Sequence[str]) -> str:
        """Lines as text, without a last line end."""
        return self.newline.join(lines)

    def _header(self, node: Node) -> str:
        match = _HEADER.match(self.text, node.body)
        return match.group() if match else ""

    def _swallows(self, position: int, column: int) -> bool:
        """Whether the next line that is not blank is a comment right of ``column``, or blanks reach far right of it."""
        while position < len(self.text):
            row = self.text[position : self.line_end(position)]
            if row.strip(" \t\r"):
                match = COMMENT_ROW.match(row)
                return match is not None and len(match.group(1)) > column
            if len(row.rstrip("\r")) > column + self.step or "\t" in row:
                return True
            position = self.next_line(position)
        return False

    def _blank(self, position: int) -> bool:
        """Whether the line at a place is blank."""
        return position < len(self.text) and not self.text[position : self.line_end(position)].strip(" \t\r")
