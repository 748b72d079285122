"""How the documentation site is made: ``python3 dev.py docs`` writes it to ``build/site``.

The sources are the pages as they stand in the repository, so that every link works in both places. Any warning (a link
that leads nowhere, a page that no other page leads to) fails the build.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import registry_reconciler.model.plan
from registry_reconciler.model.kind import Kind
from registry_reconciler.version import __version__

# Sphinx evaluates annotations, also of names that are imported for the type checker alone.
registry_reconciler.model.plan.Kind = Kind  # type: ignore[misc]

project = "registry"
author = "registry contributors"
copyright = author
release = version = __version__

root_doc = "docs/index"
include_patterns = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**"]
exclude_patterns = ["docs/site/**"]

# myst_parser reads Markdown; autodoc makes pages of docstrings, whose "Args:" and "Raises:" napoleon reads.
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4
autodoc_typehints = "none"
# A docstring may name what has no page; a link of a page may not.
nitpick_ignore_regex = [("py:.*", ".*")]
autodoc_member_order = "bysource"
# Examples of what is wrong do not have to be right.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"registry {release}"
html_copy_source = False
html_show_sourcelink = False

ROOT = Path(__file__).resolve().parents[2]
CONTENTS = ("docs/index", "docs/rules/README", "docs/decisions/README")
"""Pages that are lists of pages: what they link to, in this order, is what the site has below them."""


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_contents)


def add_contents(_app: Any, name: str, source: list[str]) -> None:
    """Make a table of contents of the links of a page, one for each section of the first page."""
    if name not in CONTENTS:
        return
    sections = [("", source[0])]
    if name == CONTENTS[0]:
        parts = re.split(r"^## (.+)$", source[0], flags=re.MULTILINE)
        sections = [*zip(parts[1::2], parts[2::2], strict=True), ("More", further())]
    for caption, text in sections:
        head = f":caption: {caption}\n" if caption else ""
        source[0] += f"\n```{{toctree}}\n:hidden:\n{head}\n" + "\n".join(linked(text)) + "\n```\n"


def linked(text: str) -> list[str]:
    """The pages that a text links to."""
    return re.findall(r"\]\(([^)#:]+)\.md\)", text)


def further() -> str:
    """Links to the pages that only other pages lead to; ``tests/docs/test_site.py`` holds that one does."""
    named = {
        (ROOT / name).parent.joinpath(f"{page}.md").resolve()
        for name in CONTENTS
        for page in linked((ROOT / f"{name}.md").read_text(encoding="utf-8"))
    }
    named |= {ROOT / f"{name}.md" for name in CONTENTS}
    rest = sorted(page for page in (ROOT / "docs").rglob("*.md") if page.resolve() not in named)
    return "".join(f"[]({page.relative_to(ROOT / 'docs').as_posix()})" for page in rest)
