"""Items that are written the plain way, read without a YAML parser: several times as fast as by events.

Taken are block mappings and lists of one-line scalars, flat flow lists and flow maps of plain words, and
comments on lines of their own. Every line of an item must be of that sort, so nothing can be open at its end;
what is not is left to the parser. A test over random items, hostile ones among them, holds the two to one
answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from registry_reconciler.formats.yaml.read.scalars import MAYBE_NOT_TEXT, resolve_all_plain, resolve_plain
from registry_reconciler.formats.yaml.read.shape import FLOW, PLAIN, QUOTED, ItemShape, LineParts, shape_of
from registry_reconciler.model.entry import Json

_KEY: Final = r"[A-Za-z_][A-Za-z0-9_.-]{0,99}+"
_LINE = re.compile(
    rf"""^(?:
      [ ]*+\#[^\n\t]*+
    | ([ ]*+)                                   # indentation
      (-[ ])?+                                  # an item of a list
      (?:({_KEY}):(?:[ ]++|$))?+                # a key
      (?:({PLAIN})|({QUOTED})|({FLOW}))?+
    )$""",
    re.VERBOSE | re.MULTILINE,
)
_STARTS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/.")
_LETTERS: Final = frozenset("nNtTfF")
"""They begin the words null, true and false, the longest of which has five characters."""
_DEEPEST = 20
_MOST_FLOWS = 10_000
_WORD: Final = r"(?:[A-EG-MO-SU-Za-eg-mo-su-z_/][A-Za-z0-9_/.@-]*+|[nNtTfF][A-Za-z0-9_/.@-]{5,}+)"
_WORDS = re.compile(rf"\[{_WORD}(?:, {_WORD})*+\]")
"""Flow lists of nothing but texts without blanks, written as most write them."""
_BLOCKS: Final = ("|\n", ">\n", "|-\n", ">-\n")
"""Behind them a text begins that has lines of its own: to find that out line by line takes long."""
_MANY = 100
"""So many items of as many lines are read line by line before a shape is made of one: to compile it costs as much."""
_MOST_SHAPES = 8
_MOST_SHAPES_IN_ALL = 100
_MOST_LINES = 100


class _Other(Exception):
    """The item is not written the plain way."""


class SimpleReader:
    """Reads items; equal keys are one string, equal flow collections mostly one value."""

    def __init__(self, max_int_digits: int) -> None:
        self._digits = max_int_digits
        self._names: dict[str, str] = {}
        self._flows: dict[str, Json] = {}
        self._shapes: dict[
            tuple[int, int], list[tuple[Callable[[str], re.Match[str] | None], ItemShape]]
        ] = {}
        self._others: dict[tuple[int, int], int] = {}

    def read(self, item: str, column: int) -> dict[str, Json] | None:
        """The mapping that the text of an item behind its dash says, or ``None``: ask the parser.

        Args:
            item: its lines, without the last line end; the first without the indentation and dash before it.
            column: of the first character behind ``- ``.
        """
        size = (column, item.count("\n") + 1)
        try:
            for fullmatch, shape in self._shapes.get(size, ()):
                match = fullmatch(item)
                if match is not None:
                    return self._of_shape(shape, list(match.groups()))
            if any(mark in item for mark in _BLOCKS):
                return None
            rows = _LINE.findall(" " * column + item)
            if len(rows) != size[1]:
                return None
            value = self._mapping(rows)
        except _Other:
            return None
        self._learn(size, rows)
        return value

    def read_all(self, items: Sequence[bytes], column: int) -> Sequence[Json] | None:
        """As :meth:`read`, many items at once; ``None`` where they are not all of one shape."""
        rows = _LINE.findall(" " * column + items[0].decode())
        height = items[0].count(b"\n") + 1
        if len(rows) != height or height > _MOST_LINES:
            return None
        try:
            self._mapping(rows)
            shape = shape_of([LineParts(*row) for row in rows], self._mapping)
            if not shape.plain and not shape.quoted and not shape.flow:
                return None
            # No other line of an item begins like that, and each line of a match is a whole one: as many matches as
            # items, which have as many lines as there are, are the items.
            pattern = re.compile(f"^- {shape.text}()$", re.MULTILINE)
            if not pattern.fullmatch(f"- {items[-1].decode()}"):
                return None
            text = "- " + b"\n- ".join(items).decode()
            found = pattern.findall(text)
            if len(found) != len(items) or text.count("\n") + 1 != len(items) * height:
                return None
            columns: list[Sequence[Json]] = list(zip(*found, strict=True))
            return self._of_shape_all(shape, columns[:-1], len(items))
        except _Other:
            return None

    def read_entries(self, text: str, lead: str, most: int) -> dict[str, Json] | None:
        """A mapping of many entries, all of one shape; ``None`` where they are not.

        Args:
            text: its lines; the first is the key of an entry.
            lead: what stands before each of these keys.
            most: so long a scalar may be.
        """
        second = re.compile(rf"\n{lead}(?=[^ \n])").search(text)
        rows = _LINE.findall(text[text.find("\n") + 1 : second.start() if second else -1])
        height = text.count("\n", 0, second.end() if second else len(text))
        if len(rows) + 1 != height or not 1 < height <= _MOST_LINES or len(rows[0][0]) <= len(lead):
            return None
        try:
            self._mapping(rows)
            shape = shape_of([LineParts(*row) for row in rows], self._mapping)
        except _Other:
            return None
        # Each match is of whole lines: where they are as many as there are, every line is in one.
        found = re.findall(rf"^{lead}({_KEY}):\n{rows[0][0]}{shape.text}$", text, re.MULTILINE)
        if len(found) * height != text.count("\n") or not (shape.plain or shape.quoted or shape.flow):
            return None
        keys, *columns = zip(*found, strict=True)
        if len(set(keys)) < len(keys):
            return None
        if len(text) > most and max(len(max(column, key=len)) for column in columns) > most:
            return None
        try:
            return dict(zip(keys, self._of_shape_all(shape, [*columns], len(keys)), strict=True))
        except _Other:
            return None

    def _of_shape_all(self, shape: ItemShape, columns: list[Sequence[Json]], count: int) -> Sequence[Json]:
        for index in shape.plain:
            columns[index] = resolve_all_plain(columns[index], self._digits)
        for index in shape.quoted:
            columns[index] = [text[1:-1] for text in columns[index]]
        for index in shape.flow:
            columns[index] = self._flow_column(columns[index])
        return shape.build_all(columns, count)

    def _learn(self, size: tuple[int, int], rows: list[tuple[str, ...]]) -> None:
        """Make a shape of an item, if there were many of its size that had none."""
        count = self._others[size] = self._others.get(size, 0) + 1
        if count % _MANY or size[1] > _MOST_LINES:
            return
        shapes = self._shapes.setdefault(size, [])
        if len(shapes) < _MOST_SHAPES and sum(map(len, self._shapes.values())) < _MOST_SHAPES_IN_ALL:
            shape = shape_of([LineParts(*row) for row in rows], self._mapping)
            shapes.append((re.compile(shape.text).fullmatch, shape))

    def _of_shape(self, shape: ItemShape, values: list[Json]) -> dict[str, Json]:
        for index in shape.plain:
            first = values[index][0]
            if first in MAYBE_NOT_TEXT and (first not in _LETTERS or len(values[index]) < 6):
                values[index] = resolve_plain(values[index], self._digits)
        for index in shape.quoted:
            values[index] = values[index][1:-1]
        flows = self._flows
        for index in shape.flow:
            value = flows.get(values[index])
            values[index] = self._flow(values[index]) if value is None else value
        item: dict[str, Json] = shape.build(values)
        return item

    # One loop over the lines, as long as it is: a call a line would cost as much as the rest.
    def _mapping(self, rows: Sequence[Sequence[str]]) -> dict[str, Json]:  # noqa: C901, PLR0915
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
            if key in here:
                raise _Other
            here[names.setdefault(key, key)] = value
        return root

    def _flow_column(self, texts: Sequence[Json]) -> Sequence[Json]:
        """As :meth:`_flow`, of many texts: each is read once, and only those that come again and again are remembered.

        Else a column of texts that differ would take all the room before the columns behind it.
        """
        found = dict.fromkeys(texts)
        read = self._flow if 2 * len(found) <= len(texts) else self._read_flow
        for text in found:
            known = self._flows.get(text)
            found[text] = read(text) if known is None else known
        return list(map(found.__getitem__, texts))

    def _flow(self, text: str) -> Json:
        value = self._read_flow(text)
        if len(self._flows) < _MOST_FLOWS:
            self._flows[text] = value
        return value

    def _read_flow(self, text: str) -> Json:
        return text[1:-1].split(", ") if _WORDS.fullmatch(text) else self._parts(text)

    def _parts(self, text: str) -> Json:
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
            if not colon or ":" in key or ":" in word or key in found or key[:1] not in _STARTS:
                raise _Other
            found[self._names.setdefault(key, key)] = value
        return found

    def _word(self, text: str) -> Json:
        if text[:1] not in _STARTS:
            raise _Other
        if text[0] not in MAYBE_NOT_TEXT or (len(text) > 5 and text[0] in _LETTERS):
            return text
        return resolve_plain(text, self._digits)
