"""A YAML text as a tree of nodes that know where they stand: what locating and splicing work on.

All offsets count characters of the text without its BOM. libyaml's marks are exact for scalars, aliases and
flow collections; where a block collection or a block scalar ends it reports the next token, so those ends
are taken from the text itself.
"""

from __future__ import annotations

import gc
import re
from typing import Any

from registry_reconciler.formats.nodes import Document, Member, Node, UncomposableText
from registry_reconciler.formats.yaml.read.opaque import is_unknown, opaque

_GAP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_ANCHOR = re.compile(r"&[A-Za-z0-9_-]+")
_TAG = re.compile(r"!<[^>]*>|![^\s,\[\]{}]*")
_HEADER = re.compile(r"[|>][-+0-9]*")
MAX_DEPTH = 1000


def compose(text: str) -> list[Document]:
    """The trees of all documents of a text that has no BOM.

    Raises:
        UncomposableText: the text is not YAML, or too deep.
    """
    from yaml import YAMLError

    collecting = gc.isenabled()
    # As in reading: all that is made stays, so the collector would only walk it again and again.
    gc.disable()
    try:
        return _Composer(text).documents()
    except YAMLError as error:
        raise UncomposableText(str(error)) from None
    finally:
        if collecting:
            gc.enable()


class _OpenNode:
    """A collection whose end has not been read."""

    __slots__ = ("flow", "is_map", "key", "merges", "node", "previous")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.is_map = node.kind == "map"
        self.flow = node.flow
        self.key: Node | None = None
        self.merges = False
        self.previous = node.body


class _Composer:
    def __init__(self, text: str) -> None:
        from yaml import events
        from yaml._yaml import CParser

        self._text = text
        self._events = events
        self._parser: Any = CParser(text)
        self._anchors: dict[str, Node] = {}
        self._document = Document(0, False)

    def documents(self) -> list[Document]:
        found: list[Document] = []
        events = self._events
        while (event := self._parser.get_event()) is not None:
            if isinstance(event, events.DocumentStartEvent):
                explicit = bool(event.explicit)
                mark = event.end_mark.index if explicit else event.start_mark.index
                self._document = Document(mark, explicit)
                self._anchors = {}
                self._read_document()
                found.append(self._document)
        return found

    # The one hot loop: ordinary scalars are most of a text, and each call saved is a tenth of what one costs.
    def _read_document(self) -> None:
        events = self._events
        scalar, alias = events.ScalarEvent, events.AliasEvent
        map_start, map_end = events.MappingStartEvent, events.MappingEndEvent
        seq_start, seq_end = events.SequenceStartEvent, events.SequenceEndEvent
        get = self._parser.get_event
        stack: list[_OpenNode] = []
        frame: _OpenNode | None = None
        while True:
            event = get()
            kind = type(event)
            if kind is scalar:
                node = self._scalar(event, frame is not None and frame.flow)
                if frame is None:
                    self._root(node)
                elif not frame.is_map:
                    self._add_item(frame, node)
                elif frame.key is None:
                    frame.key = node
                else:
                    self._add_pair(frame, frame.key, node)
            elif kind is map_end or kind is seq_end:
                closed = stack.pop()
                self._close(closed, event)
                frame = stack[-1] if stack else None
                self._add(frame, closed.node)
            elif kind is map_start or kind is seq_start:
                if len(stack) > MAX_DEPTH:
                    raise UncomposableText("nested too deep")
                frame = _OpenNode(self._collection(event, "map" if kind is map_start else "seq"))
                stack.append(frame)
            elif kind is alias:
                self._add(frame, self._alias(event, frame is not None and frame.flow))
            else:
                self._document.end = event.start_mark.index
                return

    def _alias(self, event: Any, flow: bool) -> Node:
        start = event.start_mark.index
        node = Node("alias", start, start, event.end_mark.index, flow)
        node.text = event.anchor
        node.target = self._anchors.get(event.anchor)
        self._document.aliases.append(node)
        return node

    def _props(self, node: Node, event: Any) -> None:
        node.anchor = event.anchor
        node.tag = event.tag
        wanted = (event.anchor is not None) + (event.tag is not None)
        position = node.start
        for _ in range(wanted):
            position = skip(self._text, position)
            match = _ANCHOR.match(self._text, position) or _TAG.match(self._text, position)
            if match is None:
                break
            position = match.end()
        node.props_end = position
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _scalar(self, event: Any, flow: bool) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        node = Node("scalar", start, start, end, flow)
        node.style = style = event.style or ""
        node.text = event.value
        if event.anchor is not None or event.tag is not None:
            self._props(node, event)
            node.body = end if node.is_empty else skip(self._text, node.props_end)
            if node.is_empty:
                node.body = node.end = node.props_end
        if style == "|" or style == ">":
            node.end = self._block_scalar_end(node, end)
        if event.tag is not None and is_unknown(event.tag):
            self._make_opaque(node, end, end)
        return node

    def _make_opaque(self, node: Node, content: int, stop: int) -> None:
        """Nobody looks into it any more: it is a leaf, all its text its own."""
        value, node.end = opaque(self._text, node.start, content, stop)
        node.kind, node.text, node.style, node.entries = "opaque", value.source, "", []
        node.body = node.start

    def _block_scalar_end(self, node: Node, end: int) -> int:
        """Before the line end of the last line that counts; libyaml's end is behind all blank lines."""
        text = self._text
        header = _HEADER.match(text, node.body)
        assert header is not None
        first = text.find("\n", header.end(), end)
        if first < 0:
            return _content_end(text, header.end(), end)
        if "+" in header.group():
            return end if text[end - 1] != "\n" else _before_break(text, end)
        rows = text[first + 1 : end].split("\n")
        indent = _block_indent(rows, node.text)
        last = end
        while rows:
            row = rows[-1].rstrip("\r")
            if row.strip(" ") or len(row) > indent:
                break
            last -= len(rows.pop()) + (1 if rows else 0)
        if not rows:
            return _content_end(text, header.end(), first)
        return last - 1 if text[last - 1 : last] == "\r" else last

    def _collection(self, event: Any, kind: str) -> Node:
        start = event.start_mark.index
        node = Node(kind, start, start, start, bool(event.flow_style))
        if event.anchor is not None or event.tag is not None:
            self._props(node, event)
            node.body = skip(self._text, node.props_end)
        return node

    def _close(self, frame: _OpenNode, event: Any) -> None:
        node = frame.node
        if node.flow and (node.kind == "seq" or self._text[node.body : node.body + 1] == "{"):
            node.end = event.end_mark.index
        elif node.entries:
            node.end = node.entries[-1].end
        if node.tag is not None and is_unknown(node.tag):
            self._make_opaque(node, node.end, node.end if node.flow else event.start_mark.index)
        elif frame.merges:
            self._document.merges.append(node)

    def _root(self, node: Node) -> None:
        if node.is_empty and node.anchor is None and node.tag is None:
            node.start = node.props_end = node.body = node.end = self._document.mark_end
        self._document.root = node

    def _add(self, frame: _OpenNode | None, node: Node) -> None:
        if frame is None:
            self._root(node)
        elif not frame.is_map:
            self._add_item(frame, node)
        elif frame.key is None:
            frame.key = node
        else:
            self._add_pair(frame, frame.key, node)

    def _add_item(self, frame: _OpenNode, node: Node) -> None:
        if frame.flow:
            frame.node.entries.append(Member(None, node, node.start, -1))
            frame.previous = node.end
            return
        dash = skip(self._text, frame.previous)
        if not node.text:
            _pin(node, dash + 1)
        frame.node.entries.append(Member(None, node, dash, dash + 1))
        frame.previous = max(node.end, dash + 1)

    def _add_pair(self, frame: _OpenNode, key: Node, node: Node) -> None:
        text = self._text
        frame.key = None
        colon = behind = key.end
        if text[colon : colon + 1] != ":":
            colon = skip(text, colon)
        if text[colon : colon + 1] == ":":
            mark_end = behind = colon + 1
        else:
            mark_end = -1
        if not node.text:
            _pin(node, behind)
        entry = Member(key, node, key.start, mark_end)
        if text.find("?", frame.previous, key.start) >= 0:
            position = self._before_key(frame)
            if position < key.start and text[position] == "?":
                entry.start = position
                entry.explicit = True
        if key.text == "<<" and key.kind == "scalar" and not key.style and key.tag is None:
            entry.merge = frame.merges = True
        frame.node.entries.append(entry)
        # As Member.end says, which is a call.
        frame.previous = node.end if node.end > behind and mark_end >= 0 else behind

    def _before_key(self, frame: _OpenNode) -> int:
        text = self._text
        position = frame.previous
        node = frame.node
        if not node.entries and node.flow and text[node.body : node.body + 1] == "{":
            position = node.body + 1
        position = skip(text, position)
        if node.flow and text[position : position + 1] == ",":
            position = skip(text, position + 1)
        return position


def _pin(node: Node, position: int) -> None:
    """A null that is not written stands just behind its mark, wherever libyaml noticed it."""
    if node.is_empty and node.anchor is None and node.tag is None:
        node.start = node.props_end = node.body = node.end = position


def _before_break(text: str, end: int) -> int:
    return end - 2 if text[end - 2 : end] == "\r\n" else end - 1


def _content_end(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip("\r\n"))


def _block_indent(rows: list[str], value: str) -> int:
    """How far a block scalar's content is indented: what its first line has more than its value."""
    first = next((row.rstrip("\r") for row in rows if row.strip(" \r")), "")
    content = next((row for row in value.split("\n") if row.strip(" ")), "")
    if not first or not content:
        return 0
    return max((len(first) - len(first.lstrip(" "))) - (len(content) - len(content.lstrip(" "))), 0)


def skip(text: str, position: int) -> int:
    """The first place at or behind ``position`` that is neither white space nor comment."""
    match = _GAP.match(text, position)
    return match.end() if match else position
