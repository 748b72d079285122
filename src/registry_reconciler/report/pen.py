"""How the text report is drawn: plainly here, and on a terminal by a pen that has colours."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.model.entry import Location


class Pen:
    """Draws nothing but text: what a file or a pipe gets, the same bytes everywhere."""

    def paint(self, text: str, _style: str) -> str:
        """A text in the style of a sign (``+``), a severity (``error``), a ``head``, or ``dim``."""
        return text

    def heading(self, title: str, counts: str, _width: int) -> str:
        """The first line of a section."""
        return self.paint(f"{title}: {counts}", "head")

    def place(self, text: str, _location: Location) -> str:
        """A text that names a place in a file."""
        return text

    def source(self, _location: Location, _width: int, _severity: str) -> Iterator[str]:
        """The lines of the file that a problem is about."""
        yield from ()


PLAIN = Pen()
