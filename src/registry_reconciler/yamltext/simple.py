"""Items that are written the plain way, read without a YAML parser: several times as fast as by events.

Taken are block mappings and lists of one-line scalars, flat flow lists and flow maps of plain words, and
comments on lines of their own. Every line of an item must be of that sort, so nothing can be open at its end;
what is not is left to the parser. A test over random items, hostile ones among them, holds the two to one
answer.
"""

from __future__ import annotations

import re
from typing import Final

from registry_reconciler.model import Json
from registry_reconciler.yamltext.scalars import MAYBE_NOT_TEXT, NotJson, resolve_plain

_LINE = re.compile(
    r"""^(?:
      [ ]*+\#[^\n\t]*+
    | ([ ]*+)                                   # indentation
      (-[ ])?+                                  # an item of a list
      (?:([A-Za-z_][A-Za-z0-9_.-]{0,99}+):(?:[ ]++|$))?+   # a key
      (?:
        ((?:[A-Za-z0-9_/.(+\u0080-\U0010ffff]|-(?=[^\s]))(?:[^:#\n\t]++|:(?=\S)|(?<=\S)\#)*+(?<![ ]))
      | ("[^"\\\n\t]*+"|'[^'\n\t]*+')
      | (\[[A-Za-z0-9_/.@, -]*+\]|\{[A-Za-z0-9_/.@,: -]*+\})
      )?+
    )$""",
    re.VERBOSE | re.MULTILINE,
)
_STARTS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/.")
_LETTERS: Final = frozenset("nNtTfF")
"""They begin the words null, true and false, the longest of which has five characters."""
_DEEPEST = 20
_MOST_FLOWS = 10_000


class _Other(Exception):
    """The item is not written the plain way."""


class SimpleReader:
    """Reads items; equal keys are one string, equal flow collections mostly one value."""

    def __init__(self, max_int_digits: int) -> None:
        self._digits = max_int_digits
        self._names: dict[str, str] = {}
        self._flows: dict[str, Json] = {}

    def read(self, item: str, column: int) -> dict[str, Json] | None:
        """The mapping that the text of an item behind its dash says, or ``None``: ask the parser.

        Args:
            item: its lines, without the last line end; the first without the indentation and dash before it.
            column: of the first character behind ``- ``.
        """
        rows = _LINE.findall(" " * column + item)
        if len(rows) != item.count("\n") + 1:
            return None
        try:
            return self._mapping(rows)
        except (_Other, NotJson):
            return None

    # One loop over the lines, as long as it is: a call a line would cost as much as the rest.
    def _mapping(self, rows: list[tuple[str, ...]]) -> dict[str, Json]:  # noqa: C901, PLR0915
        root: dict[str, Json] = {}
        here: Json = root
        column = len(rows[0][0])
        stack: list[tuple[int, Json]] = []
        names = self._names
        pending = ""
        if not rows[0][2] or rows[0][1]:
            raise _Other
        for indent, dash, key, plain, quoted, flow in rows:
            if not key and not dash:
                if plain or quoted or flow:
                    raise _Other
                continue
            width = len(indent)
            if pending:
                if width > column or (dash and width == column):
                    stack.append((column, here))
                    inner: Json = [] if dash else {}
                    here[pending] = inner
                    here, column = inner, width
                    if len(stack) > _DEEPEST:
                        raise _Other
                pending = ""
            while width < column or (not dash and width == column and type(here) is list):
                if not stack:
                    raise _Other
                column, here = stack.pop()
            if width != column or (type(here) is list) is not bool(dash):
                raise _Other
            if plain:
                value: Json = plain
                if plain[0] in MAYBE_NOT_TEXT and (len(plain) < 6 or plain[0] not in _LETTERS):
                    value = resolve_plain(plain, self._digits)
            elif quoted:
                value = quoted[1:-1]
            elif flow:
                value = self._flows.get(flow)
                if value is None:
                    value = self._flow(flow)
                    if len(self._flows) < _MOST_FLOWS:
                        self._flows[flow] = value
            else:
                value = None
                pending = key
            if dash:
                if not key:
                    if value is None and not plain:
                        raise _Other
                    here.append(value)
                    continue
                stack.append((column, here))
                inner = {}
                here.append(inner)
                here, column = inner, width + 2
                if len(stack) > _DEEPEST:
                    raise _Other
            if key in here or (key[0] in MAYBE_NOT_TEXT and type(resolve_plain(key)) is not str):
                raise _Other
            here[names.setdefault(key, key)] = value
        return root

    def _flow(self, text: str) -> Json:
        inside = text[1:-1].strip(" ")
        if not inside:
            return [] if text[0] == "[" else {}
        if text[0] == "[":
            return [self._word(part.strip(" ")) for part in inside.split(",")]
        found: dict[str, Json] = {}
        for part in inside.split(","):
            key, colon, word = part.partition(": ")
            key = key.strip(" ")
            value = self._word(word.strip(" "))
            if not colon or ":" in key or ":" in word or key in found or type(self._word(key)) is not str:
                raise _Other
            found[self._names.setdefault(key, key)] = value
        return found

    def _word(self, text: str) -> Json:
        if text[:1] not in _STARTS:
            raise _Other
        if text[0] not in MAYBE_NOT_TEXT or (len(text) > 5 and text[0] in _LETTERS):
            return text
        return resolve_plain(text, self._digits)
