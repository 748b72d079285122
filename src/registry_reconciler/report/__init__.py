"""Renderers: pure functions from a plan to text. One module a format, and one row in the table here.

To add a format: a module with ``render(plan, options) -> str``, its row, the suffix of its golden files. The options
``--format`` and ``--report`` take what the table has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from registry_reconciler.model.plan import Plan
from registry_reconciler.report.options import RenderOptions

__all__ = ["FORMATS", "FormatRow", "RenderOptions", "render"]


class FormatRow(NamedTuple):
    """One format of reports.

    Attributes:
        module: the module of this package that writes it. It is imported when a report is asked for: a command pays for
            one format only.
        function: what writes it there, from a :class:`Plan` and :class:`RenderOptions`.
        on_screen: ``--format`` takes it; ``--report`` takes every format.
        shows_files: it shows the contents of the files that a plan writes.
    """

    module: str
    function: str = "render"
    on_screen: bool = True
    shows_files: bool = False


FORMATS: Mapping[str, FormatRow] = {
    "text": FormatRow("text"),
    "json": FormatRow("json"),
    "markdown": FormatRow("markdown"),
    "summary": FormatRow("markdown", "job_summary", on_screen=False),
    "sarif": FormatRow("sarif"),
    "github": FormatRow("github"),
    "brief": FormatRow("brief", on_screen=False),
    "junit": FormatRow("junit", on_screen=False),
    "gitlab": FormatRow("gitlab", on_screen=False),
    "html": FormatRow("html", on_screen=False, shows_files=True),
}
"""Every format of reports, by its word behind ``--report``. A new one is one module and one row here."""


def render(plan: Plan, format: str, options: RenderOptions | None = None) -> str:
    """A plan in one of :data:`FORMATS`. The text ends with a line end and can always be encoded as UTF-8."""
    from importlib import import_module

    row = FORMATS[format]
    text: str = getattr(import_module(f"{__name__}.{row.module}"), row.function)(
        plan, options or RenderOptions()
    )
    return text
