"""The text of an entry as a text of its own, in column 0, told from its lines.

A text that only moves to the left goes on saying what it said, but for a few things that can be looked for. Neither has
it to be composed then to know that, nor has the file around it where its items are known to be cut rightly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from registry_reconciler.formats.edits import Snippet
from registry_reconciler.formats.yaml.read.chunks import Section
from registry_reconciler.model.entry import FieldPath, Json

_TAG = re.compile(r"(?:^|[\s,\[{])!")
_KEEPS = re.compile(r"[|>][-0-9]*\+")


def dedented(rows: Sequence[str], column: int) -> str:
    """Lines moved to the left; the first stands behind the mark that it belongs to."""
    return "\n".join([rows[0].rstrip(), *(_moved(row, column) for row in rows[1:])])


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
    data: bytes, sections: Sequence[Section], places: Sequence[tuple[int, FieldPath]], values: Sequence[Json]
) -> list[Snippet | None]:
    """The texts of those entries that are items of a list and are written plainly; ``None`` for the others.

    The file was cut rightly, so it has no anchors, and each item is a text of its own. Plainly written is an item
    without any comment, whose first letter is the first of its first key.

    Args:
        values: what was read at the places.
    """
    by_key = {section.key: section for section in sections}
    found: list[Snippet | None] = []
    for (document, path), value in zip(places, values, strict=True):
        section = by_key.get(str(path[0])) if len(path) == 2 and not document else None
        text = None if section is None or not value else _plain_item(data, section, path[1], type(value))
        found.append(None if text is None else Snippet((), text, value))
    return found


def _plain_item(data: bytes, section: Section, number: str | int, kind: type) -> str | None:
    starts = section.starts(data)
    if kind is not dict or not isinstance(number, int) or not 0 <= number < len(starts) - 1:
        return None
    start, column = starts[number], section.indent + 2
    item = data[start + column : starts[number + 1]].rstrip(b"\n")
    above = data.rfind(b"\n", 0, start - 1) + 1
    if b"#" in item or item.endswith(b" ") or data[above:start].lstrip(b" ").startswith(b"#"):
        return None
    text = item.decode()
    if not (text[:1].isalnum() or (text.startswith("{") and "\n" not in text)) or not says_the_same(text):
        return None
    if "\n" not in text:
        return text
    first = text[: text.index("\n")]
    if first.endswith(" ") or _uneven(column).search(text):
        return None
    return text.replace("\n" + " " * column, "\n")


def _uneven(column: int) -> re.Pattern[str]:
    """Finds a line that does not reach the column of its item, or only by blanks."""
    return re.compile(rf"\n(?:[^ \n]| {{1,{column - 1}}}(?! ))")


def last_comments(rows: Sequence[str]) -> list[str]:
    """The comment lines at the end of some lines, with nothing between."""
    found: list[str] = []
    for row in reversed(rows):
        if not row.startswith("#"):
            break
        found.insert(0, row.rstrip())
    return found
