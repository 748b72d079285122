"""The bytes of a file as outputs see them: text with plain line ends, and the look that is kept when it is written."""

from __future__ import annotations

import json

import msgspec
from msgspec import Struct

from registry_reconciler.base.digest import digest_bytes
from registry_reconciler.base.json_text import compact, encoded
from registry_reconciler.base.sequences import equal_lines
from registry_reconciler.model.entry import Json

_BOM = "\ufeff"
DIFF_LINES = 200
_CONTEXT = 2
_DIFF_MOST = 2_000
"""Of longer parts only the number of lines is told: nobody reads more, and comparing them takes long."""


class NoText(Exception):
    """A file is no UTF-8 text."""


class Text(Struct, frozen=True):
    """A text with ``\\n`` as its line ends; ``newline`` and ``bom``: how the file has it."""

    body: str
    newline: str = "\n"
    bom: bool = False

    def data(self) -> bytes:
        """The bytes of the file."""
        body = self.body if self.newline == "\n" else self.body.replace("\n", self.newline)
        return ((_BOM if self.bom else "") + body).encode("utf-8")


def decoded(data: bytes) -> Text:
    """A file as text. Raises :class:`NoText`."""
    try:
        body = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoText(f"byte {error.start} is no UTF-8") from None
    bom = body.startswith(_BOM)
    body = body.removeprefix(_BOM)
    if "\r\n" not in body:
        return Text(body, "\n", bom)
    if body.replace("\r\n", "").count("\n"):
        # Both are there: what is not an output's own keeps its line ends only if none are changed.
        return Text(body, "\n", bom)
    return Text(body.replace("\r\n", "\n"), "\r\n", bom)


def plain_ends(data: bytes) -> bytes:
    """A file of which all lines end with ``\\r\\n``, with ``\\n`` instead; any other as it is.

    Both say the same, and long lists are read and changed by their items where nothing but ``\\n`` ends a line.
    """
    ends = data.count(b"\r") if b"\r" in data else 0
    return data.replace(b"\r\n", b"\n") if ends and ends == data.count(b"\r\n") == data.count(b"\n") else data


def value_text(value: Json, *, is_written_alike: bool = False) -> str:
    """A value as the lines by which it is remembered and shown.

    Args:
        is_written_alike: somebody knows that nothing in it is written in two ways.
    """
    try:
        # The same lines, many times as fast: the encoder that sets in is not written in C.
        quickly = encoded(value, sort_keys=True, unsure=() if is_written_alike else None)
        if quickly is not None:
            return msgspec.json.format(quickly, indent=1).decode()
        return msgspec.json.format(compact(value, sort_keys=True), indent=1)
    except ValueError:
        return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)  # half of a character


def text_digest(text: str) -> str:
    """The digest of a text."""
    return digest_bytes(text.encode("utf-8", "surrogatepass"))


def lines_that_differ(before: str, after: str) -> str:
    """What ``diff -u`` shows between its heads; "" where nothing differs."""
    if before == after:
        return ""
    old, new = (text if text.endswith("\n") else f"{text}\n" for text in (before, after))
    head, tail = equal_lines(old, new)
    start = old.count("\n", 0, head)
    parts = [_around(text, head, tail) for text in (old, new)]
    counts = [part.count("\n") for part in parts]
    if sum(counts) > _DIFF_MOST:
        return f"@@ line {start + 1} @@\n… {counts[0]:,} lines become {counts[1]:,}"
    import difflib

    lines, others = (part.removesuffix("\n").split("\n") for part in parts)
    rows = list(difflib.unified_diff(lines, others, lineterm="", n=_CONTEXT))[2:]
    cut = max(0, start - _CONTEXT)
    rows = [_shifted(row, cut) if row.startswith("@@") else row for row in rows]
    if len(rows) > DIFF_LINES:
        rows = [*rows[:DIFF_LINES], f"… {len(rows) - DIFF_LINES:,} lines more"]
    return "\n".join(rows)


def _around(text: str, head: int, tail: int) -> str:
    """The lines between the ends that another text has too, and some of those."""
    stop = len(text) - tail
    for _ in range(_CONTEXT):
        head = text.rfind("\n", 0, max(head - 1, 0)) + 1
        stop = text.find("\n", stop) + 1 or len(text)
    return text[head:stop]


def _shifted(head: str, by: int) -> str:
    """The head of a hunk with the lines counted from the start of the part."""
    words = head.split()
    return " ".join([words[0], *(_moved(word, by) for word in words[1:3]), words[3]])


def _moved(word: str, by: int) -> str:
    number, comma, count = word[1:].partition(",")
    return f"{word[0]}{int(number) + by}{comma}{count}"
