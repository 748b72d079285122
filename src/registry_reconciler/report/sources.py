"""Lines of files, to be shown in a report. Only of files that are what the plan has read, and hold no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.base.digest import digest_bytes
from registry_reconciler.base.escape import visible
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.report.values import columns, cut

if TYPE_CHECKING:
    from registry_reconciler.model.entry import Location
    from registry_reconciler.model.plan import Plan

_BEFORE = 20
"""Columns that are left standing before what is meant, where a line is too long to be shown whole."""
_PLAIN = re.compile(r"[^,\[\]{}#:]+|:(?!\s|$)[^,\[\]{}#:]*")


class Excerpt(Struct, frozen=True):
    """Lines of a file.

    Attributes:
        lines: number and text, the last of them the one that is meant.
        start, length: the columns of the last line that are meant; ``length`` 0: the whole line.
    """

    lines: tuple[tuple[int, str], ...]
    start: int
    length: int


class Excerpts:
    """The files of a plan, each read once."""

    def __init__(self, plan: Plan, root: Path) -> None:
        self._plan = plan
        self._tree = DiskTree(root)
        self._files: dict[str, list[str] | None] = {}

    def at(self, location: Location, width: int) -> Excerpt | None:
        """The lines of a place; ``None`` where they must not be shown or are not there."""
        if location.line < 1:
            return None
        if location.path not in self._files:
            self._files[location.path] = self._read(location.path)
        lines = self._files[location.path]
        if lines is None or location.line > len(lines):
            return None
        room = max(width - len(str(location.line)) - 5, 20)
        line = lines[location.line - 1]
        text, start, length = _marked(line, location.column - 1, room)
        above = [(location.line - 1, lines[location.line - 2])] if location.line > 1 else []
        shown = [
            (number, cut(visible(source_line), room)) for number, source_line in above if source_line.strip()
        ]
        return Excerpt((*shown, (location.line, text)), start, length)

    def before(self, path: str, digest: str) -> bytes | None:
        """The bytes of a file that is about to be written; ``None`` where they are others, or hold secrets."""
        return self._data(path, digest)

    def _read(self, path: str) -> list[str] | None:
        wanted = self._plan.inputs.get(path)
        data = self._data(path, wanted) if wanted is not None else None
        if data is None:
            return None
        text = data.decode("utf-8-sig", "replace")
        return [line.removesuffix("\r") for line in text.split("\n")]

    def _data(self, path: str, wanted: str) -> bytes | None:
        if path in self._plan.withheld:
            return None
        try:
            data = self._tree.read(path)
        except OSError:
            return None
        return data if data is not None and digest_bytes(data) == wanted else None


def _marked(line: str, column: int, room: int) -> tuple[str, int, int]:
    """A line as it is shown, and where in it stands what is meant."""
    if not 0 <= column < len(line):
        return cut(visible(line), room), 0, 0
    before, meant = visible(line[:column]), visible(_token(line[column:]))
    start = columns(before)
    if columns(visible(line)) > room and start > _BEFORE:
        # What is meant is seen, whatever stands before it.
        before = "…" + before[-_BEFORE + 1 :]
        start = columns(before)
    rest = visible(line[column:])
    return cut(before + rest, room), start, max(min(columns(meant), room - start), 1)


def _token(text: str) -> str:
    """What begins a text: a quoted one, or a plain one up to what parts it from the next."""
    if text[0] in "'\"":
        end = text.find(text[0], 1)
        return text[: end + 1] if end > 0 else text
    found = "".join(match.group() for match in _runs(text)).rstrip()
    return found or text[0]


def _runs(text: str) -> list[re.Match[str]]:
    runs: list[re.Match[str]] = []
    at = 0
    while (match := _PLAIN.match(text, at)) is not None:
        runs.append(match)
        at = match.end()
    return runs
