"""The bytes of a file as outputs see them: text with plain line ends, and the look that is kept when it is written."""

from __future__ import annotations

import json

import msgspec
from msgspec import Struct

from registry_reconciler.model.entry import Json

_BOM = "\ufeff"
DIFF_LINES = 200
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


def value_text(value: Json) -> str:
    """A value as the lines by which it is remembered and shown."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    try:
        # The same lines, many times as fast: the encoder that sets in is not written in C.
        return msgspec.json.format(text, indent=1)
    except ValueError:
        return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)  # half of a character


def lines_that_differ(before: str, after: str) -> str:
    """What ``diff -u`` shows between its heads; "" where nothing differs."""
    if before == after:
        return ""
    old, new = (text.removesuffix("\n").split("\n") for text in (before, after))
    start = _shared(old, new)
    least = min(len(old), len(new)) - start
    end = _shared(old[: -least - 1 : -1], new[: -least - 1 : -1])
    cut = max(0, start - 2)
    old, new = old[cut : len(old) - max(0, end - 2)], new[cut : len(new) - max(0, end - 2)]
    if len(old) + len(new) > _DIFF_MOST:
        return f"@@ line {start + 1} @@\n… {len(old):,} lines become {len(new):,}"
    import difflib

    rows = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    rows = [_shifted(row, cut) if row.startswith("@@") else row for row in rows]
    if len(rows) > DIFF_LINES:
        rows = [*rows[:DIFF_LINES], f"… {len(rows) - DIFF_LINES:,} lines more"]
    return "\n".join(rows)


def _shared(one: list[str], other: list[str]) -> int:
    """How many lines both begin with: by halves, for lists are compared many times as fast as lines one by one."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _shifted(head: str, by: int) -> str:
    """The head of a hunk with the lines counted from the start of the part."""
    words = head.split()
    return " ".join([words[0], *(_moved(word, by) for word in words[1:3]), words[3]])


def _moved(word: str, by: int) -> str:
    number, comma, count = word[1:].partition(",")
    return f"{word[0]}{int(number) + by}{comma}{count}"
