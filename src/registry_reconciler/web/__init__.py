"""What a page for a browser is made of: templates in which nothing of an entry is live, one style, and a policy.

Two things hold for every page. Each value passes :func:`registry_reconciler.base.escape.visible` and is escaped for
HTML, whatever a template does with it; and the page says by its policy that it loads nothing and runs no script but
those that it names by their digest. So a text that got through the first would still do nothing.

Jinja2 is imported by the first page that is made.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["file_text", "inline", "inline_policy", "macros", "page_style", "prose", "templates"]

_HERE = Path(__file__).parent


@cache
def templates(folder: Path) -> Environment:
    """The templates of a folder, and those that all pages share. Everything in them is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([folder, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.filters["prose"] = prose
    return environment


def macros(folder: Path, name: str) -> Any:
    """The macros of a template, each a function that gives a piece of a page."""
    return templates(folder).get_template(name).module


def _harmless(value: Any) -> Any:
    """A value with what cannot be seen in it made visible; what a template has written itself stays."""
    if type(value) is str:
        return value if value.isascii() and value.isprintable() else visible(value)
    if value is None or hasattr(value, "__html__"):
        return "" if value is None else value
    return value if isinstance(value, int | float) else visible(str(value))


@lru_cache(maxsize=2_048)
def prose(text: str) -> Any:
    """Sentences as a paragraph, with what stands between backticks as code; everything in them is escaped."""
    from markupsafe import Markup, escape

    parts = [escape(visible(part)) for part in _CODE.split(_BLANKS.sub(" ", text))]
    parts[1::2] = [Markup("<code>{}</code>").format(part) for part in parts[1::2]]
    return Markup("").join(parts)


_CODE = re.compile(r"`([^`]+)`")
_BLANKS = re.compile(r"[ \t\r\n]+")


@cache
def file_text(name: str) -> str:
    """A file of this package: a style or a script."""
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def page_style() -> str:
    """The style of a page, pictures of graphs included."""
    return file_text("theme.css") + file_text("page.css") + file_text("graph.css")


def inline(text: str) -> Any:
    """A style or a script of this package, to stand in a page as it is. Never a text from anywhere else."""
    from markupsafe import Markup

    return Markup(text)


def inline_policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """The policy of a page that loads nothing, and runs these scripts of its own and no other."""
    runs = " ".join(map(_digest, scripts)) or "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {' '.join(map(_digest, styles))}",
            f"script-src {runs}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
