"""Renderers: pure functions from a plan to text. One module a format, and one row in the table here.

To add a format: a module with ``render(plan, options) -> str``, its row, its golden file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from registry_reconciler.model.plan import Plan
from registry_reconciler.report.options import RenderOptions

Renderer = Callable[[Plan, RenderOptions], str]

__all__ = ["FORMATS", "RenderOptions", "Renderer", "render"]

# Each row imports its module when it is asked for: a command pays for one format only.


def _text(plan: Plan, options: RenderOptions) -> str:
    from registry_reconciler.report import text

    return text.render(plan, options)


def _json(plan: Plan, options: RenderOptions) -> str:
    from registry_reconciler.report import json

    return json.render(plan, options)


def _markdown(plan: Plan, options: RenderOptions) -> str:
    from registry_reconciler.report import markdown

    return markdown.render(plan, options)


def _summary(plan: Plan, options: RenderOptions) -> str:
    from registry_reconciler.report import markdown

    return markdown.job_summary(plan, options)


def _sarif(plan: Plan, options: RenderOptions) -> str:
    from registry_reconciler.report import sarif

    return sarif.render(plan, options)


def _github(plan: Plan, options: RenderOptions) -> str:
    from registry_reconciler.report import github

    return github.render(plan, options)


def _brief(plan: Plan, options: RenderOptions) -> str:
    from registry_reconciler.report import brief

    return brief.render(plan, options)


FORMATS: Mapping[str, Renderer] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "summary": _summary,
    "sarif": _sarif,
    "github": _github,
    "brief": _brief,
}


def render(plan: Plan, format: str, options: RenderOptions | None = None) -> str:
    """A plan in one of :data:`FORMATS`. The text ends with a line end and can always be encoded as UTF-8."""
    return FORMATS[format](plan, options or RenderOptions())
