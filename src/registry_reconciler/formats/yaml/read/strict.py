"""What libyaml lets pass although no YAML 1.2 text is so, or what it reads otherwise than YAML 1.2 says: refused.

Such texts are rare. A few searches for what they all have in common say that a text is none; only where they find
something, the text is composed and looked at. What is refused there is what a search finds at that very place: a part
of a text would else be refused beside one thing and not beside another.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from registry_reconciler.formats.faults import TextFault
from registry_reconciler.formats.nodes import Document, Node, UncomposableText

_QUESTION = re.compile(rb"[\[{,]\s*\?[^\s,\]}]")
_LONE_DASH = re.compile(rb"-(?:\s|#[^\n]*\n)*[,\]}]")
_DASH = re.compile(rb"[\[{,:](?:\s|#[^\n]*\n)*-(?:\s|#[^\n]*\n)*[,\]}]")
_NAME = re.compile(rb"[&*][A-Za-z0-9_-]+:")
_TAB = re.compile(rb"^[ ]*\t", re.MULTILINE)
# Patterns that begin with a byte of their own are looked for several times as fast as those that do not.
_OPEN_LINE = re.compile(rb"\n[^\s#\-%\]}.:][^:\n]*(?=\n|\Z)")
_OPEN_OR_TAB = re.compile(r"[^\s#\-%\]}.:][^:\n]*$|[ ]*\t", re.MULTILINE)
_BLANK_BEFORE_END = re.compile(rb"\n(?<=[ ]\n)")
_LAST_BLANKS = re.compile(rb"\n[ ]+\Z")
_BLANKS_FIRST = re.compile(rb"[|>][-+1-9]*[ ]*(?:[ ]#[^\n]*)?\r?\n(?:\r?\n)*[ ]+\r?\n")
_CLOSE_COMMENT = re.compile(rb"""\#(?:(?<=[\]},|>+0-9-]\#)|(?<=[^\s\[{,:]["']\#))""")
"""Also an issue such as ``fix-1#2``, which is looked at a second time."""
_HEADER = re.compile(r"[|>][-+0-9]*")


_COMMA = re.compile(r"\s*,")


def _is_suspect(data: bytes) -> bool:
    if b"%" in data and (data.startswith(b"%") or b"\n%" in data):
        return True
    if _LAST_BLANKS.search(data, max(len(data) - 200, 0)):
        return True
    if b"[" in data or b"{" in data:
        if _LONE_DASH.search(data) and _DASH.search(data):
            return True
        if b"?" in data and _QUESTION.search(data):
            return True
    if (b"&" in data or b"*" in data) and _NAME.search(data):
        return True
    if b"\t" in data and _TAB.search(data):
        return True
    if b"#" in data and _CLOSE_COMMENT.search(data):
        return True
    blanks = _BLANK_BEFORE_END.search(data) or (b"\r" in data and b" \r\n" in data)
    if blanks and _BLANKS_FIRST.search(data):
        return True
    return bool(_OPEN_LINE.match(b"\n" + data[: data.find(b"\n") + 1 or None]) or _OPEN_LINE.search(data))


def strict_faults(data: bytes) -> list[TextFault]:
    """What is wrong with a text that libyaml has read without a word."""
    if not _is_suspect(data):
        return []
    from registry_reconciler.formats.yaml.read.nodes import compose

    text = data.decode()
    try:
        documents = compose(text)
    except UncomposableText:
        return []
    found: list[TextFault] = []
    line, before = 1, 0
    for at, message, fix in sorted(set(_Look(text, documents).faults())):
        line, before = line + text.count("\n", before, at), at
        found.append(TextFault("YML001", message, line, at - text.rfind("\n", 0, at), fix))
    return found


_Found = tuple[int, str, str]


class _Look:
    def __init__(self, text: str, documents: list[Document]) -> None:
        self.text = text
        self.documents = documents
        self.last = len(text.rstrip())
        self.before_blanks = len(text.rstrip(" "))
        self.ends_in_blanks = text.endswith(" ") and not text[text.rfind("\n") + 1 :].strip()
        self.nodes: list[tuple[Node, int]] = []
        for document in documents:
            self._collect(document.root, -1)

    def _collect(self, root: Node, column: int) -> None:
        """All nodes, keys too, each with the column of the block collection that it stands in."""
        stack = [(root, column)]
        while stack:
            node, outer = stack.pop()
            self.nodes.append((node, outer))
            inside = outer
            if node.entries and not node.flow:
                start = node.entries[0].start
                inside = start - (self.text.rfind("\n", 0, start) + 1)
            for entry in node.entries:
                stack.append((entry.value, inside))
                if entry.key is not None:
                    stack.append((entry.key, inside))

    def faults(self) -> Iterator[_Found]:
        yield from self._directives()
        for node, column in self.nodes:
            yield from self._node(node, column)

    def _node(self, node: Node, column: int) -> Iterator[_Found]:
        text = self.text
        if node.flow and node.kind == "scalar" and not node.style:
            if text[node.start - 1 : node.start] == "?" and node.start:
                yield node.start - 1, "a plain text in brackets begins with '?'", "quote it"
            if node.text == "-":
                yield node.start, "'-' stands alone in brackets", "quote it"
        if node.anchor is not None and text[node.start : node.start + 1] == "&":
            behind = node.start + 1 + len(node.anchor)
            if text[behind : behind + 1] == ":":
                yield node.start, "the name of an anchor holds a colon", "use letters, digits, '-' and '_'"
        if node.kind == "alias" and re.match(r":\S", text[node.end : node.end + 2]):
            yield node.start, "the name of an alias holds a colon", "use letters, digits, '-' and '_'"
        yield from self._close_comment(node)
        if node.kind == "scalar" and node.style in ("|", ">"):
            yield from self._block(node)
        elif (node.style in ("'", '"') or (node.flow and node.entries)) and column >= 0:
            yield from self._continued(node, column)

    def _close_comment(self, node: Node) -> Iterator[_Found]:
        text = self.text
        places = [entry.end + len(m[0]) for entry in node.entries if (m := _COMMA.match(text, entry.end))]
        # A quote behind a blank looks like one that opens, before a text such as '#fff'.
        closes = (
            node.style in ("'", '"') and not text[node.end - 2].isspace() and text[node.end - 2] not in "[{,:"
        )
        if closes or (node.flow and node.kind in ("map", "seq")):
            places.append(node.end)
        if node.style in ("|", ">") and (header := _HEADER.match(text, node.body)):
            places.append(header.end())
        for at in places:
            if text[at : at + 1] == "#":
                yield at, "a comment needs a blank before it", "put a blank before the #"

    def _block(self, node: Node) -> Iterator[_Found]:
        text = self.text
        header = _HEADER.match(text, node.body)
        behind = header.end() if header else node.body
        first = text.find("\n", behind) + 1
        at, longest = first, 0
        while first and at < len(text):
            stop = text.find("\n", at)
            row = text[at : stop if stop >= 0 else len(text)]
            if row.strip(" \r"):
                indent = len(row) - len(row.lstrip(" "))
                digit = any(character.isdigit() for character in text[node.body : behind])
                comment = row.lstrip().startswith("#")
                if longest > indent and not digit and (node.text.strip("\n") or comment):
                    yield (
                        first,
                        "a blank line before a block of text is longer than its indentation",
                        "empty it",
                    )
                break
            longest = max(longest, len(row.rstrip("\r")))
            at += len(row) + 1
        keeps = "+" in text[node.body : behind]
        last = node.end >= (self.last if keeps else self.before_blanks)
        if self.ends_in_blanks and last and (keeps or node.text.endswith(" ")):
            yield len(text) - 1, "the last line is blanks without a line end", "end it, or remove them"

    def _continued(self, node: Node, column: int) -> Iterator[_Found]:
        """The lines of quoted texts and brackets reach deeper than what they stand in; blanks do that, not tabs."""
        start = self.text.find("\n", node.body, node.end)
        while start >= 0:
            end = self.text.find("\n", start + 1, node.end)
            row = self.text[start + 1 : node.end if end < 0 else end]
            indent = len(row) - len(row.lstrip(" "))
            deep = indent > column or not row.strip() or row.strip().startswith(("]", "}", "#"))
            if not deep and _OPEN_OR_TAB.match(self.text, start + 1):
                yield start + 1 + indent, "a line of a value is not indented", "indent it with blanks"
            start = end

    def _directives(self) -> Iterator[_Found]:
        if not self.text.startswith("%") and "\n%" not in self.text:
            return
        leaves = (node for node, _ in self.nodes if node.kind != "alias" and not node.entries)
        spans = sorted((node.body, node.end) for node in leaves)
        before = "..."
        position = 0
        for row in self.text.split("\n"):
            line = row.rstrip("\r")
            if line.startswith("%") and not _lies_in(position, spans):
                if before != "..." and not before.startswith("%"):
                    yield (
                        position,
                        "a directive stands behind a document that has not ended",
                        "put '...' before it",
                    )
                elif re.search(r"\S#", line):
                    yield position, "a comment needs a blank before it", "put a blank before the #"
            if line.strip() and not line.lstrip().startswith("#"):
                before = (
                    line if line.startswith("%") else line.split(" ")[0] if line.startswith("...") else line
                )
            position += len(row) + 1


def _lies_in(position: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a position lies inside one of some spans that are in order and apart."""
    at = bisect_left(spans, (position, 0)) - 1
    return at >= 0 and spans[at][0] < position < spans[at][1]
