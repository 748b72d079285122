"""Documents that come and go. Each is what stands from its marker (``---``) to the next one.

A marker at the beginning of a line is always one, whatever stands around it, so documents are cut out without looking
into them. What has more than markers between its documents (directives, ``...``) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import InsertDocument, RemoveDocument, SpliceError
from registry_reconciler.formats.yaml.edit.splice import new_file

_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_OTHER = re.compile(r"^(?:%|\.\.\.(?=[ \t\r\n]|\Z))", re.MULTILINE)


def rearranged(data: bytes, edits: Sequence[InsertDocument | RemoveDocument], count: int) -> bytes:
    """A text without some documents and with new ones; ``count`` is how many it has.

    Raises:
        SpliceError: the documents cannot be told apart safely.
    """
    text = data.decode("utf-8")
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    head, parts = _cut(text.removeprefix("\ufeff"))
    if len(parts) != count:
        raise SpliceError("its documents cannot be told apart safely")
    newline = "\r\n" if "\r\n" in text else "\n"
    gone = {edit.document for edit in edits if isinstance(edit, RemoveDocument)}
    coming: dict[int, list[str]] = {}
    for edit in edits:
        if isinstance(edit, InsertDocument):
            where = count if edit.before is None else edit.before
            near = parts[max(where - 1, 0)].encode("utf-8") if parts else None
            new = new_file(edit.value, snippet=edit.snippet, like=near).decode("utf-8")
            new = new.replace("\r\n", "\n").replace("\n", newline)
            coming.setdefault(where, []).append(new)
    return (bom + head + _joined(parts, gone, coming, newline)).encode("utf-8")


def _joined(parts: Sequence[str], gone: Collection[int], coming: dict[int, list[str]], newline: str) -> str:
    marker = f"---{newline}"
    result = ""
    for number in range(len(parts) + 1):
        for new in coming.get(number, ()):
            if result and not result.endswith("\n"):
                result += newline
            opened = result == marker or result.endswith(f"\n{marker}")
            needed = bool(result) or bool(parts and _is_marked(parts[0]))
            result += new if opened or not needed else marker + new
        if number < len(parts) and number not in gone:
            part = parts[number]
            result += part if not result or _is_marked(part) else marker + part
    return result


def _is_marked(part: str) -> bool:
    return _MARKER.search(part) is not None


def _cut(text: str) -> tuple[str, list[str]]:
    """The comments at the head of the file, and the text of each document, its marker included."""
    if _OTHER.search(text):
        raise SpliceError("it has directives or document ends (...), between which nothing can be put safely")
    starts = [_with_comments(text, match.start()) for match in _MARKER.finditer(text)]
    first = text[: starts[0]] if starts else text
    parts = [text[start:end] for start, end in pairwise([*starts, len(text)])]
    if not any(row.strip(SPACE) and not row.lstrip(SPACE).startswith("#") for row in first.split("\n")):
        return first, parts
    size = _header(first)
    return first[:size], [first[size:], *parts]


def _with_comments(text: str, start: int) -> int:
    """The beginning of the comment lines directly above a marker: they are about what follows it."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text.startswith("#", above):
            break
        start = above
    return start


def _header(text: str) -> int:
    """The size of the comments at the head of a file that a blank line parts from its first document."""
    size = 0
    position = 0
    for row in re.findall(r"[^\n]*\n|[^\n]+", text):
        if row.strip(SPACE) and not row.startswith("#"):
            break
        position += len(row)
        if not row.strip(SPACE):
            size = position
    return size
