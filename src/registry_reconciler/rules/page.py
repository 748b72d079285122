"""The page of a rule: everything that people read about it, as Markdown in the package (``rules/pages/<CODE>.md``).

A rule stands in two places that do not repeat each other. Its row, beside its function, has what the program decides
by: code, title, severity, flags. Its page has the text: what it checks, why, an example, the example mended, the fix.
``docs/rules/`` is these pages below their titles; ``registry explain`` and SARIF quote them, and a problem without a
fix of its own takes the page's. The title is on the row because every problem carries it and every table of rules
lists it. A page is read when somebody asks for its text, which a plan that finds nothing never does.
"""

from __future__ import annotations

import functools
import re

from msgspec import Struct


class RulePage(Struct, frozen=True):
    """What a page says.

    Attributes:
        text: the Markdown as it stands, for the documentation.
        summary: what the rule checks.
        why: why it matters.
        example: YAML that violates it; two documents, before and after, where a rule judges a change.
        use_instead: the example mended; "" where no YAML shows that.
        fix: how to get rid of it.
    """

    text: str
    summary: str
    why: str
    example: str
    use_instead: str
    fix: str


@functools.cache
def read_page(code: str) -> RulePage:
    """The page of a code. Raises :class:`FileNotFoundError` where there is none."""
    # As importlib.resources, of which the import alone takes longer than reading a dozen pages.
    from pkgutil import get_data

    data = get_data("registry_reconciler.rules", f"pages/{code}.md")
    if data is None:
        raise FileNotFoundError(f"pages/{code}.md")
    return parse_page(data.decode("utf-8"))


def parse_page(text: str) -> RulePage:
    """A page from its Markdown. Raises :class:`ValueError` where a part is missing, unknown or out of order."""
    head, *rest = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    titles = rest[::2]
    wanted = ["What it checks", "Why it matters", "Example", "Use instead", "Fix"]
    if head or titles != [title for title in wanted if title in titles or title != "Use instead"]:
        raise ValueError(f"a page has the parts {', '.join(wanted)}, in this order; not {', '.join(titles)}")
    parts = dict(zip(titles, (part.strip("\n") for part in rest[1::2]), strict=True))
    instead = parts.get("Use instead")
    return RulePage(
        text=text,
        summary=parts["What it checks"],
        why=parts["Why it matters"],
        example=_block(parts["Example"]),
        use_instead=_block(instead) if instead is not None else "",
        fix=parts["Fix"],
    )


def _block(part: str) -> str:
    """An example. In a block that says ``escaped``, ``\\xNN`` stands for a character that nobody would see."""
    block = re.search(r"^```(?:yaml|toml|json)( escaped)?\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    if block is None:
        raise ValueError("an example is a block of YAML, or of the format that the code is about")
    if not block[1]:
        return block[2]
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), block[2])
