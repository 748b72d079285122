"""What is drawn on a terminal, with rich: plans, tables, trees and pages. This is the one door to it.

Everything here gives text, which the command line prints. What is piped never comes here, so it costs nothing
and stays the same byte for byte; rich is imported by the first thing that is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan
    from registry_reconciler.queries.graph import Edge
    from registry_reconciler.report.options import RenderOptions

__all__ = ["Screen"]


class Screen(Struct, frozen=True):
    """A terminal that can be drawn on.

    Attributes:
        width: its columns. No word is broken to keep to them.
        color: escapes for colours may be written; without them the structure stays.
        links: it opens what is behind a hyperlink.
        unicode: it shows lines and corners; else ``-`` and ``|`` stand for them.
    """

    width: int = 80
    color: bool = True
    links: bool = False
    unicode: bool = True

    def plan(self, plan: Plan, options: RenderOptions, root: Path) -> str:
        """A plan, with the lines that its problems are about; ``root``: where its files are."""
        from registry_reconciler.report.text import render
        from registry_reconciler.terminal.plans import TerminalPen

        return render(plan, options, TerminalPen(self, plan, root))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Rows below a head. Where they do not fit side by side, each row is a paragraph."""
        from registry_reconciler.terminal.tables import table

        return table(self, head, rows)

    def tree(self, edges: Sequence[Edge], address: str | None) -> str:
        """What an entry refers to and what refers to it, around it; without an address, what each refers to."""
        from registry_reconciler.terminal.trees import tree

        return tree(self, edges, address)

    def page(self, text: str) -> str:
        """A page of Markdown."""
        from registry_reconciler.terminal.pages import page

        return page(self, text)

    def prose(self, text: str) -> str:
        """Sentences; commands in them stay whole, to be copied."""
        from registry_reconciler.terminal.prose import prose

        return prose(text, self.width)
