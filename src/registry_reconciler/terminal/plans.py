"""How a plan is drawn: colours, a rule above each kind, links to files, and the line that a problem is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from registry_reconciler.model.entry import Location
from registry_reconciler.report.pen import Pen
from registry_reconciler.report.sources import Excerpts
from registry_reconciler.report.values import columns
from registry_reconciler.terminal.links import link

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan
    from registry_reconciler.terminal import Screen

_STYLES = {
    "+": "green",
    "-": "red",
    "~": "yellow",
    ">": "cyan",
    "=": "dim",
    "!": "yellow",
    "error": "bold red",
    "warning": "bold yellow",
    "record": "dim",
    "head": "bold",
    "dim": "dim",
}
"""Of the terminal's own sixteen colours only, so that they can be read on light and on dark."""


class TerminalPen(Pen):
    """Draws one plan."""

    def __init__(self, screen: Screen, plan: Plan, root: Path) -> None:
        self._screen = screen
        self._root = root
        self._excerpts = Excerpts(plan, root)

    def paint(self, text: str, style: str) -> str:
        """Coloured, where the screen has colours."""
        name = _STYLES.get(style)
        if not (name and text and self._screen.color):
            return text
        from rich.color import ColorSystem
        from rich.style import Style

        return Style.parse(name).render(text, color_system=ColorSystem.STANDARD)

    def heading(self, title: str, counts: str, width: int) -> str:
        """The name of a section with a line behind it that leads to what it counts."""
        line = "─" if self._screen.unicode else "-"
        room = width - columns(title) - columns(counts) - 2
        return f"{self.paint(title, 'head')} {self.paint(line * max(room, 2), 'dim')} {counts}"

    def place(self, text: str, location: Location) -> str:
        """The place as a link to the file, where the screen has links."""
        if not self._screen.links:
            return text
        return link(text, (self._root / location.path).absolute().as_uri())

    def source(self, location: Location, width: int, severity: str) -> Iterator[str]:
        """The line that is meant, the one above it, and a mark below what is meant in it."""
        excerpt = self._excerpts.at(location, width)
        if excerpt is None:
            return
        bar = "│" if self._screen.unicode else "|"
        number = len(str(location.line))
        for line_number, line in excerpt.lines:
            yield self.paint(f"  {line_number:>{number}} {bar} ", "dim") + line
        if excerpt.length:
            gap = self.paint(f"  {'':>{number}} {bar} ", "dim")
            yield gap + " " * excerpt.start + self.paint("^" * excerpt.length, severity)
