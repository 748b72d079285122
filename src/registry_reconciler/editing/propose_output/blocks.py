"""Tables and lists in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ROW = re.compile(r"[ ]{0,3}\|.*\|[ \t]*\Z")

_RULE = re.compile(r"[ ]{0,3}\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*\Z")

_BULLET = re.compile(r"[ ]{0,3}(?:[-*+]|\d+[.)])[ \t]+\S")


def blocks_of(file: str, body: str) -> Iterator[tuple[int, int, str, list[str], bool]]:
    """Tables and lists: where they stand, what stands above their rows, and the rows."""
    lines = body.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    index = 0
    while index < len(lines):
        if is_in_code(file, body, starts[index]):
            index += 1
        elif _ROW.match(lines[index]) and index + 1 < len(lines) and _RULE.match(lines[index + 1]):
            end = index + 2
            while end < len(lines) and _ROW.match(lines[end]):
                end += 1
            head = f"{lines[index]}\n{lines[index + 1]}\n"
            yield starts[index], min(starts[end], len(body)), head, lines[index + 2 : end], True
            index = end
        elif _BULLET.match(lines[index]):
            end = index
            while end < len(lines) and _BULLET.match(lines[end]):
                end += 1
            yield starts[index], min(starts[end], len(body)), "", lines[index:end], False
            index = end
        else:
            index += 1


def is_in_code(file: str, body: str, offset: int) -> bool:
    """Whether a place of a Markdown text lies in a fenced block."""
    if not file.lower().endswith((".md", ".markdown", ".mdx", ".mdc")):
        return False
    fences = re.findall(r"^[ \t]*(?:```|~~~)", body[:offset], re.MULTILINE)
    return len(fences) % 2 == 1
