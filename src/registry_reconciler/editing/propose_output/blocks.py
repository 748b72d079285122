"""Tables and lists in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from registry_reconciler.outputs.regions import without_code

_ROW = re.compile(r"[ ]{0,3}\|.*\|[ \t]*\Z")

_RULE = re.compile(r"[ ]{0,3}\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*\Z")

_BULLET = re.compile(r"[ ]{0,3}(?:[-*+]|\d+[.)])[ \t]+\S")


_MARKDOWN = (".md", ".markdown", ".mdx", ".mdc")

Block = tuple[int, int, str, list[str], bool]
"""Start and end, what stands above the rows, the rows, and whether they are those of a table."""


def blocks_of(file: str, body: str, keys: Iterable[Sequence[str]] = ()) -> Iterator[Block]:
    """Tables and lists; in a text that is no Markdown, lines too that name one of some keys after the other."""
    yield from _written_as_such(file, body)
    if file.lower().endswith(_MARKDOWN):
        return
    lines = body.split("\n")
    for names in keys:
        for first in range(len(lines) - len(names) + 1 if names else 0):
            rows = lines[first : first + len(names)]
            if all(name in row for name, row in zip(names, rows, strict=True)):
                start = sum(len(line) + 1 for line in lines[:first])
                yield start, min(start + sum(len(row) + 1 for row in rows), len(body)), "", rows, False
                break


def _written_as_such(file: str, body: str) -> Iterator[Block]:
    lines = body.split("\n")
    shown = without_code(file, body).split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    index = 0
    while index < len(lines):
        if lines[index] and not shown[index].strip("\0"):
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
