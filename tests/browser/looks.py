"""What a page looks like, as far as it is the same on every machine: columns, widths and colours of its parts.

Pixels would not do: each machine has other fonts, and another version of the browser draws letters differently, so
stored pictures would differ everywhere but where they were made. Where a block begins on the left and how wide it is
follows from the style alone, and so do colours, sizes of letters and what is shown at all. That is kept in
``looks.json``; after a change that is meant, ``WRITE_LOOKS=1 python3 dev.py browser -k looks`` writes it anew, and
the difference is looked at like any other.
"""

from __future__ import annotations

import json
from typing import Any

PARTS = {
    "report": (
        "body > header, .verdict, .verdict pre, .toc, #tools, #search, section, h2, .item, .item > summary, .facts, "
        ".field, .d, .r del, .r ins, mark, .good, .bad, .warn, .dim, footer"
    ),
    "catalogue": (
        "body > header, #find, #q, #main, h1, h2, table, .fields > div, .fields dt, .fields dd, .picture, .graph, "
        ".graph .node rect, .graph .edge, .row, .badge, .item, .facts, pre, footer"
    ),
}

# Of inline parts the place follows from the letters before them, so of these only the colours count.
SCRIPT = """selectors => selectors.map(selector => {
  const part = document.querySelector(selector.trim());
  if (!part) return [selector.trim(), 'not there'];
  const look = getComputedStyle(part), box = part.getBoundingClientRect();
  const placed = ['block', 'grid', 'flex', 'list-item'].includes(look.display)
    && !part.closest('svg, .top, #tools, td');
  const place = placed ? [Math.round(box.left), Math.round(box.width)] : 'by its letters';
  return [selector.trim(), look.display, place,
    look.color, look.backgroundColor, look.fontSize, look.borderLeftWidth + ' ' + look.borderLeftColor,
    part.closest('svg') ? look.fill + ' ' + look.stroke : ''];
})"""


def look_of(page: Any, sort: str) -> list[list[Any]]:
    """The parts of the page that is shown, each with what does not depend on the machine."""
    found: list[list[Any]] = page.evaluate(SCRIPT, PARTS[sort].split(","))
    return found


def stored(kept: dict[str, dict[str, list[list[Any]]]]) -> str:
    """What is kept, with one part a line."""
    views = []
    for view, pages in sorted(kept.items()):
        texts = [
            f" {json.dumps(name)}: [\n" + ",\n".join(f"  {json.dumps(part)}" for part in parts) + "\n ]"
            for name, parts in pages.items()
        ]
        views.append(f"{json.dumps(view)}: {{\n" + ",\n".join(texts) + "\n}")
    return "{\n" + ",\n".join(views) + "\n}\n"
