"""The text of an entry as a text of its own, in column 0, told from its lines.

A text that only moves to the left goes on saying what it said, but for a few things that can be looked for. Neither has
it to be composed then to know that, nor has the file around it where its items are known to be cut rightly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from textwrap import dedent, indent

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import Snippet
from registry_reconciler.formats.nodes import Member, Node, UncomposableText, to_value
from registry_reconciler.formats.notes import DRAWN
from registry_reconciler.formats.yaml.edit.emit import dump
from registry_reconciler.formats.yaml.edit.wording import Wording
from registry_reconciler.formats.yaml.read.chunks import ListSection
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.model.entry import FieldPath, Json, same

_TAG = re.compile(r"(?:^|[\s,\[{])!")
_KEEPS = re.compile(r"[|>][-0-9]*\+")


def dedented(rows: Sequence[str], column: int) -> str:
    """Lines moved to the left; the first stands behind the mark that it belongs to."""
    return "\n".join([rows[0].rstrip(" \t\r"), *(_moved(row, column) for row in rows[1:])])


def _moved(row: str, width: int) -> str:
    return row[min(width, len(row) - len(row.lstrip(" "))) :]


def says_the_same(text: str) -> bool:
    """Whether a text without anchors says in column 0 what it said further to the right, for certain.

    What may not: marks of documents, tags whose handle a directive declares, block scalars that keep all line ends
    behind them, escaped line ends.
    """
    if text.startswith(("---", "...")) or "\n---" in text or "\n..." in text or "\\\n" in text:
        return False
    # One letter is looked for many times as fast as what may stand around it.
    return not ("!" in text and _TAG.search(text)) and not ("+" in text and _KEEPS.search(text))


def plain_items(
    data: bytes,
    sections: Sequence[ListSection],
    places: Sequence[tuple[int, FieldPath]],
    values: Sequence[Json],
) -> list[Snippet | None]:
    """The texts of those entries that are items of a list and are written plainly; ``None`` for the others.

    The file was cut rightly, so it has no anchors, and each item is a text of its own. Plainly written is an item
    without a comment but for lines above it in the column of its dash, with the first letter of its first key in front.

    Args:
        values: what was read at the places.
    """
    by_key = {section.key: section for section in sections}
    found: list[Snippet | None] = []
    for (document, path), value in zip(places, values, strict=True):
        section = by_key.get(str(path[0])) if len(path) == 2 and not document else None
        if section is None or not value or type(value) is not dict or not isinstance(path[1], int):
            found.append(None)
        else:
            found.append(_plain_item(data, section, path[1], value))
    return found


def _plain_item(data: bytes, section: ListSection, number: int, value: Json) -> Snippet | None:
    starts = section.starts(data)
    if not 0 <= number < len(starts) - 1:
        return None
    column = section.indent + 2
    text = plain_text(data[starts[number] + column : starts[number + 1]], section.indent)
    before = starts[number - 1] if number else section.head
    rows = _rows_above(data[before : starts[number]], section.indent) if text is not None else None
    if text is None or rows is None or (not number and any(map(DRAWN.search, rows))):
        return None  # a drawn line heads the whole list
    return Snippet(rows, text, value)


def plain_text(chunk: bytes, indent: int) -> str | None:
    """The text of an item from its lines, those of comments above the next one left out."""
    column = indent + 2
    item = (chunk[: _above(chunk, indent)] if b"#" in chunk else chunk).rstrip(b"\n")
    if b"#" in item or item.endswith(b" "):
        return None
    text = item.decode()
    if not (text[:1].isalnum() or (text.startswith("{") and "\n" not in text)) or not says_the_same(text):
        return None
    if "\n" not in text:
        return text
    first = text[: text.index("\n")]
    margin = "\n" + " " * column
    even = text.count("\n") == text.count(margin)  # no line is empty either: so most are, and it is soon told
    if first.endswith(" ") or (not even and _uneven(column).search(text)):
        return None
    return text.replace(margin, "\n")


def _rows_above(before: bytes, indent: int) -> tuple[str, ...] | None:
    """The comment lines of an item; ``None`` where the lines alone do not tell which are its own.

    Args:
        before: the item before it, or the line of the key, with what stands above that.
    """
    line = before.rfind(b"\n", 0, -1) + 1
    if not before[line:].lstrip(b" ").startswith(b"#"):
        return ()
    above = _above(before, indent)
    if above == len(before) or before.endswith((b"\n\n", b" \n"), 0, above):
        return None
    last = before.rfind(b"\n", 0, above - 1) + 1
    if b"#" in before[last:above]:
        return None
    return tuple(row.strip(SPACE) for row in before[above:].decode().split("\n")[:-1])


def lines_of(item: bytes, before: bytes, indent: int) -> bytes:
    """The lines of an item of a list, with those of the comments directly above it.

    Args:
        item: from its dash to the next one.
        before: the item before it, or the line of the key.
    """
    return before[_above(before, indent) :] + item[: _above(item, indent)]


def _above(chunk: bytes, indent: int) -> int:
    """Where the comment lines at the end of an item begin that stand in the column of its dash.

    They are those of the next one. The end of the item where there are none.
    """
    mark = b" " * indent + b"#"
    start = len(chunk)
    while start and chunk.endswith(b"\n", 0, start):
        line = chunk.rfind(b"\n", 0, start - 1) + 1
        if not line or not chunk.startswith(mark, line) or chunk.find(b"\r", line, start) >= 0:
            break
        start = line
    return start


@lru_cache(64)
def _uneven(column: int) -> re.Pattern[str]:
    """Finds a line that does not reach the column of its item, or only by blanks."""
    return re.compile(rf"\n(?:[^ \n]| {{1,{column - 1}}}(?! ))")


def last_comments(rows: Sequence[str]) -> list[str]:
    """The comment lines at the end of some lines, with nothing between."""
    found: list[str] = []
    for row in reversed(rows):
        if not row.startswith("#"):
            break
        found.insert(0, row.rstrip(" \t\r"))
    return found


def own_text(text: str, node: Node, value: Json, stop: int, *, shared: bool, inside: bool) -> str:
    """The node's text in column 0, or the value written anew where its text cannot stand alone.

    Args:
        stop: the end of its last line, or of the comments below that are inside of it; -1: that of the text.
        shared: something of it was written out, so that it has to be read to know what it says.
        inside: it stands in a collection in flow style, and what is behind it is not its own.
    """
    if node.kind == "scalar":
        return _alone(_scalar_text(text, node, inside=inside), value)
    if node.kind not in ("map", "seq") or not node.entries:
        return dump(value).removesuffix("\n")
    start = text.rfind("\n", 0, node.body) + 1
    column = node.body - start
    raw = text[node.body : stop if stop >= 0 else len(text)]
    if node.flow:
        column = len(text[start : node.body]) - len(text[start : node.body].lstrip(" -"))
        raw = text[node.body : node.end]
    result = dedented(raw.split("\n"), column)
    if not shared and says_the_same(result):
        return result
    return _alone(result, value)


def _scalar_text(text: str, node: Node, *, inside: bool) -> str:
    """A scalar as it is written, with the comment behind it."""
    stop = text.find("\n", node.end)
    block = Wording(text, node).block(2)
    if block is not None:
        return block
    if node.style in ("|", ">"):
        head, _, body = text[node.body : node.end].partition("\n")
        return head.rstrip(" \t\r") + "\n" + indent(dedent(body), "  ").rstrip("\n")
    raw = text[node.body : node.end if inside or stop < 0 else stop]
    return "\n".join(row.strip(" \t\r") for row in raw.split("\n"))


def _alone(text: str, value: Json) -> str:
    """The text, if it says the value where it stands alone; else the value written anew."""
    try:
        documents = compose(text + "\n")
        fits = len(documents) == 1 and same(to_value(documents[0].root), value)
    except (UncomposableText, IndexError):
        fits = False
    return text if fits else dump(value).removesuffix("\n")


def behind_flow(text: str, node: Node) -> tuple[str, ...]:
    """The comment behind a bracket."""
    rest = text[node.end : text.find("\n", node.end)]
    return (rest.strip(" \t\r"),) if rest.lstrip(" \t\r").startswith("#") and rest[:1] in " \t" else ()


def first_comments(text: str, entry: Member) -> str:
    """The comment lines between the mark of an entry and its first field: they are that field's own."""
    value = entry.value
    if entry.mark_end < 0 or not value.entries or value.flow:
        return ""
    column = value.body - (text.rfind("\n", 0, value.body) + 1)
    rows = text[entry.mark_end : value.body].split("\n")[1:-1]
    own = (
        row for row in rows if row.lstrip(" ").startswith("#") and len(row) - len(row.lstrip(" ")) == column
    )
    return "".join(row.strip(" \t\r") + "\n" for row in own)
