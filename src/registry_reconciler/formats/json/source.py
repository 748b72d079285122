"""A JSON text as a tree of nodes that know where they stand, each looked into when somebody asks for its parts.

The standard library's scanner, which is written in C, says where a value ends; so one entry of a list of ten
thousand is found without making nodes for the others' parts. Comments and trailing commas are blanked for it: the
blanked text is as long as the text itself, so every offset holds in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from json import decoder
from typing import Any

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.nodes import Document, Member, Node, UncomposableText
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.written import decimal

_STRING = r'"(?:[^"\\\n]|\\[^\n])*+"?'
_COMMENT = r"//[^\r\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_STRING_OR_COMMENT = re.compile(f"{_STRING}|{_COMMENT}")
_STRING_OR_LAST_COMMA = re.compile(rf"{_STRING}|,(?=[ \t\r\n]*+[\]}}])")
_KEY_ALONE = re.compile(rf"[ \t]*+(?:{_STRING}[ \t]*+:[ \t]*+)?")
_NOT_BREAKS = re.compile(r"[^\r\n]")
COMMENT = re.compile(_COMMENT)
_ENDED = re.compile(r"/\*.*\*/\Z", re.DOTALL)
GAP = re.compile(rf"(?:[ \t\r\n]++|{_COMMENT})*+")
"""White space and comments."""
_SPACE = re.compile(r"[ \t\r\n]*+")
_SIMPLE = re.compile(r"-?[0-9][-+.0-9eE]*|true|false|null")
_decoder: Any = decoder


def _refused(word: str) -> Json:
    raise ValueError(f"{word} is no value")


_scan: Callable[[str, int], tuple[Json, int]] = _decoder.JSONDecoder(
    parse_float=decimal, parse_constant=_refused
).scan_once
_scan_string: Callable[[str, int, bool], tuple[str, int]] = _decoder.scanstring


def blanked(text: str) -> str:
    """The text without comments and trailing commas, which are replaced by as much white space.

    A comment that does not end is none: it stays.
    """
    if "//" in text or "/*" in text:
        text = _STRING_OR_COMMENT.sub(_blank, text)
    return _STRING_OR_LAST_COMMA.sub(_without_last, text)


def _without_last(match: re.Match[str]) -> str:
    if match[0] != ",":
        return match[0]
    # A comma that nothing stands before is behind no part.
    before = match.start() - 1
    while match.string[before] in " \t\r\n" and before:
        before -= 1
    return "," if match.string[before] in "[{" else " "


def _blank(match: re.Match[str]) -> str:
    found = match[0]
    kept = found[0] == '"' or (found[1] == "*" and not _ENDED.match(found))
    return found if kept else _NOT_BREAKS.sub(" ", found)


class Source:
    """One text.

    Attributes:
        text: all of it, without a BOM.
        plain: the same with comments and trailing commas blanked.
    """

    def __init__(self, text: str, *, comments: bool) -> None:
        self.text = text
        self.plain = blanked(text) if comments else text
        self.comments = comments

    def skip(self, position: int) -> int:
        """The first place at or behind one that is neither white space nor comment."""
        match = (GAP if self.comments else _SPACE).match(self.text, position)
        return match.end() if match else position

    def gap(self, position: int) -> int:
        """As :meth:`skip`, also behind a trailing comma."""
        match = _SPACE.match(self.plain, position)
        return match.end() if match else position

    def line_start(self, position: int) -> int:
        """Where the line of a place begins."""
        return self.text.rfind("\n", 0, position) + 1

    def indent(self, position: int) -> str:
        """The white space that the line of a place begins with; a comma in front of it all counts as a blank."""
        start = self.line_start(position)
        match = re.compile(r"[ \t]*(?:,[ \t]+)?").match(self.text, start)
        return match[0].replace(",", " ") if match else ""

    def begins_line(self, position: int) -> bool:
        """Whether nothing but its key stands before a value on its line."""
        return _KEY_ALONE.fullmatch(self.text, self.line_start(position), position) is not None

    def outer(self, node: Node) -> str:
        """What a node is indented by: the line of its last bracket tells, where that is the first thing on it."""
        line = self.line_start(node.end - 1)
        closes = node.start < line and not self.text[line : node.end - 1].strip(SPACE)
        return self.indent(node.end - 1 if closes else node.start)


class JsonNode(Node):
    """A value of a text. Its parts are looked for when somebody asks for them."""

    __slots__ = ("_parts", "source")

    def __init__(self, source: Source, kind: str, start: int, end: int) -> None:
        self._parts: list[Member] | None = []
        super().__init__(kind, start, start, end, True)
        self.source = source
        self._parts = None if kind in ("map", "seq") else []

    @property
    def entries(self) -> list[Member]:
        """The parts of a mapping or list, in order."""
        if self._parts is None:
            self._parts = list(_members(self))
        return self._parts

    @entries.setter
    def entries(self, value: list[Member]) -> None:
        self._parts = value

    @property
    def value(self) -> Json:
        """What it says."""
        return _scan(self.source.plain, self.start)[0]

    @property
    def raw(self) -> str:
        """How it is written."""
        return self.source.text[self.start : self.end]


def _members(node: JsonNode) -> Iterator[Member]:
    source = node.source
    text = source.plain
    position = source.gap(node.start + 1)
    while position < node.end - 1:
        start = position
        key: Node | None = None
        mark = -1
        if node.kind == "map":
            key = _string(source, position)
            position = source.gap(key.end)
            mark = position + 1
            position = source.gap(mark)
        value = node_at(source, position)
        yield Member(key, value, start, mark)
        position = source.gap(value.end)
        if text[position : position + 1] == ",":
            position = source.gap(position + 1)


def _string(source: Source, position: int) -> JsonNode:
    text, end = _scan_string(source.plain, position + 1, True)
    node = JsonNode(source, "scalar", position, end)
    node.style = '"'
    node.text = text
    return node


def node_at(source: Source, position: int) -> JsonNode:
    """The value that begins at a place. Raises :class:`UncomposableText` where none does."""
    text = source.plain
    first = text[position : position + 1]
    try:
        if first == '"':
            return _string(source, position)
        if first in ("{", "["):
            end = _scan(text, position)[1]
            return JsonNode(source, "map" if first == "{" else "seq", position, end)
    except (ValueError, StopIteration, RecursionError) as error:
        raise UncomposableText(str(error)) from None
    match = _SIMPLE.match(text, position)
    if match is None:
        raise UncomposableText("no value")
    node = JsonNode(source, "scalar", position, match.end())
    node.text = match[0]
    return node


def compose(text: str, *, comments: bool) -> list[Document]:
    """The tree of a text without a BOM; none where it says nothing.

    Raises:
        UncomposableText: the text is not JSON.
    """
    source = Source(text, comments=comments)
    position = source.gap(0)
    if position == len(text):
        return []
    root = node_at(source, position)
    if source.gap(root.end) != len(text):
        raise UncomposableText("more than one value")
    document = Document(0, False)
    document.root = root
    document.end = len(text)
    return [document]


def value_of(member: Member) -> JsonNode:
    """The value of a part."""
    assert isinstance(member.value, JsonNode)
    return member.value


def child(node: Node, step: str | int) -> JsonNode | None:
    """The part of a node that a step leads to."""
    from registry_reconciler.formats.nodes import child_index

    index = child_index(node, step)
    found = node.entries[index].value if index is not None else None
    return found if isinstance(found, JsonNode) else None


def walk_down(node: JsonNode, path: FieldPath) -> tuple[JsonNode, list[JsonNode]] | None:
    """The node at a path, and what it lies in from the outermost; ``None`` where nothing is there."""
    trail: list[JsonNode] = []
    for step in path:
        inner = child(node, step)
        if inner is None:
            return None
        trail.append(node)
        node = inner
    return node, trail


def locate(data: bytes, places: Sequence[Any], *, comments: bool) -> list[tuple[int, int]]:
    """Line and column, from 1, of each ``(document, path, on_key)``; the nearest part of what is not there."""
    from bisect import bisect_right

    if not places:
        return []
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        documents = compose(text, comments=comments)
    except UncomposableText:
        documents = []
    if not documents:
        return [(1, 1)] * len(places)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found = []
    for document, path, on_key in places:
        offset = _offset(documents[0].root, path, on_key=on_key) if document == 0 else 0
        line = bisect_right(starts, offset) - 1
        found.append((line + 1, offset - starts[line] + 1))
    return found


def _offset(node: Node, path: FieldPath, *, on_key: bool) -> int:
    from registry_reconciler.formats.nodes import child_index

    start = node.start
    for number, step in enumerate(path):
        index = child_index(node, step)
        if index is None:
            return start
        member = node.entries[index]
        node = member.value
        last = number == len(path) - 1
        start = member.key.start if on_key and last and member.key is not None else node.start
    return start
