"""Items of a flow collection come and go: only the text between items is written anew."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.nodes import Node
from registry_reconciler.formats.yaml.edit.style import column_of
from registry_reconciler.formats.yaml.read.nodes import skip

_SAME_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?")


class Coming(Struct, frozen=True):
    """A new item: where it goes, its text, and its comments.

    Attributes:
        index: of the original item that it stands before.
        above: comment lines that stand above it.
        behind: the comment behind it, with the blanks before it.
    """

    index: int
    core: str
    above: tuple[str, ...] = ()
    behind: str = ""


class _Item(Struct):
    """An item and what belongs to it; ``core`` is its number among the originals, or its new text."""

    lead: str
    core: int | str
    behind: str
    tail: str


def flow_gaps(
    text: str, node: Node, removed: set[int], inserts: list[Coming], newline: str
) -> Iterator[tuple[int, int, str]]:
    """Replacements (start, end, text) that remove items and put ``inserts`` in.

    An item with comments begins a line, and so does what follows a comment.
    """
    items, closing, trailing = _take_apart(text, node)
    own_line = any("\n" in item.lead for item in items)
    apart = _apart(text, node, items, newline)
    first_lead = items[0].lead
    kept: list[_Item] = []
    carried = ""
    below = newline + " " * column_of(text, node.entries[0].start)
    coming: dict[int, list[Coming]] = {}
    for new in inserts:
        coming.setdefault(min(new.index, len(items)), []).append(new)
    for number in range(len(items) + 1):
        for new in coming.get(number, ()):
            lead = apart if kept or own_line else first_lead
            if new.above or new.behind:
                lead = "".join(f"{below}{row}" for row in new.above) + below
            kept.append(_Item(lead, new.core, new.behind, ""))
        if number == len(items):
            break
        item = items[number]
        detached = _detached(item.lead, own_line)
        if number in removed:
            carried += detached
            continue
        if not own_line:
            item.lead = (apart if number == 0 else item.lead) if kept else first_lead
        item.lead = carried + _clear_of(carried, item.lead, below)
        carried = ""
        kept.append(item)
    if not kept:
        inner = carried + _clear_of(carried, closing, below)
        yield node.body + 1, node.end - 1, inner if "#" in inner else ""
        return
    yield from _gaps(node, kept, carried + _clear_of(carried, closing, below), trailing, below)


def _gaps(
    node: Node, kept: list[_Item], closing: str, trailing: bool, below: str
) -> Iterator[tuple[int, int, str]]:
    start = node.body + 1
    pending = trail = ""
    for number, item in enumerate(kept):
        pending += _clear_of(trail, item.lead, below)
        if isinstance(item.core, int):
            entry = node.entries[item.core]
            yield start, entry.start, pending
            start = entry.end
            pending = ""
        else:
            pending += item.core
        last = number == len(kept) - 1
        if not last or trailing:
            # A comma may not fall into a comment that stood behind the last item.
            trail = ("," + item.behind if "#" in item.behind else item.behind + ",") + item.tail
        else:
            trail = item.behind + item.tail
        pending += trail
    yield start, node.end - 1, pending + _clear_of(trail, closing, below)


def _clear_of(trail: str, text: str, below: str) -> str:
    """The text that follows what stands behind an item: on the next line where a comment there would take it in."""
    inside = "#" in trail.rsplit("\n", 1)[-1] and "\n" not in text
    return below + text.lstrip(" \t") if inside else text


def _take_apart(text: str, node: Node) -> tuple[list[_Item], str, bool]:
    """The items, what stands before the closing bracket, and whether a comma does."""
    items: list[_Item] = []
    entries = node.entries
    position = node.body + 1
    opening = _same_line(text, position)
    lead = opening if "#" in opening else ""
    position += len(lead)
    trailing = False
    for number, entry in enumerate(entries):
        lead += text[position : entry.start]
        comma = skip(text, entry.end)
        item = _Item(lead, number, "", "")
        lead = ""
        items.append(item)
        if text[comma : comma + 1] == ",":
            item.behind = text[entry.end : comma]
            position = comma + 1
            tail = _same_line(text, position)
            item.tail = tail if "#" in tail else ""
            position += len(item.tail)
            trailing = number == len(entries) - 1
        else:
            item.behind = _same_line(text, entry.end)
            if "#" not in item.behind:
                item.behind = ""
            position = entry.end + len(item.behind)
    return items, text[position : node.end - 1], trailing


def _same_line(text: str, position: int) -> str:
    match = _SAME_LINE.match(text, position)
    return match.group() if match else ""


def _apart(text: str, node: Node, items: list[_Item], newline: str) -> str:
    """What stands before an item that is not the first."""
    for number in (*range(1, len(items)), 0):
        item = items[number]
        if "\n" in item.lead:
            return newline + " " * column_of(text, node.entries[number].start)
    return items[1].lead if len(items) > 1 and not items[1].lead.strip(SPACE) else " "


def _detached(lead: str, own_line: bool) -> str:
    """The part of an item's lead that does not belong to it: comments with a blank line below them."""
    if not own_line or "#" not in lead:
        return ""
    rows = lead.split("\n")
    start = len(rows) - 1
    while start > 1 and rows[start - 1].strip(SPACE).startswith("#"):
        start -= 1
    detached = "\n".join(rows[:start]).removesuffix("\r")
    return detached if "#" in detached else ""
