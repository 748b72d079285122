"""The comments of a text of any format, wherever they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.nodes import UncomposableText

_WRITTEN = {"#": re.compile(r"#([^\n]*)"), "//": re.compile(r"//([^\n]*)|/\*(.*?)\*/", re.DOTALL)}


def comments_in(data: bytes, form: TextFormat) -> Iterator[str]:
    """The lines of the comments of a text: what stands outside of its values and begins like one."""
    opening = _opening(form)
    if not opening or opening[:1].encode() not in data:
        return
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    for found in _WRITTEN[opening].finditer(_without_values(text, form)):
        lines = "".join(part for part in found.groups() if part is not None).split("\n")
        yield from (line for row in lines if (line := row.strip(" \t\r*")))


def _without_values(text: str, form: TextFormat) -> str:
    """A text with letters in place of its keys and simple values; all of it where it cannot be taken apart."""
    try:
        waiting = [document.root for document in form.compose(text)]
    except UncomposableText:
        return text
    spans = []
    while waiting:
        node = waiting.pop()
        if not node.entries:
            spans.append((node.body, node.end))
        for entry in node.entries:
            waiting.append(entry.value)
            if entry.key is not None:
                waiting.append(entry.key)
    parts, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            parts += [text[at:start], "x" * (end > start)]
            at = end
    return "".join([*parts, text[at:]])


def _opening(form: TextFormat) -> str:
    """What a comment of a format begins with."""
    return form.comment.opening if form.comment is not None else ""
