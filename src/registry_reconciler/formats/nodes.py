"""A text as a tree of nodes that know where they stand: what locating, splicing, masking and fixing work on.

All offsets count characters of the text without its BOM. YAML needs most of what a node can say; other formats leave
anchors, tags, aliases and merges alone, and give a scalar that is text the style ``"`` whatever its quotes are.
"""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.formats.yaml.read.scalars import resolve_plain, resolve_tagged
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.written import Opaque

_NONE: list[Member] = []
"""The entries of what can have none: most nodes are scalars, and a list for each is a seventh of what a tree takes."""


class Node:
    """One value (or key) of the text.

    Attributes:
        kind: ``scalar``, ``map``, ``seq``, ``alias``, or ``opaque``: a tag that nobody knows; ``text`` is its source.
        start: where its anchor, tag or text begins.
        props_end: where anchor and tag end; ``start`` without them.
        body: where its own text begins; equals ``end`` for an empty scalar.
        end: where its own text ends; comments and line end are not in it.
        style: of a scalar: "" (plain), ``'``, ``"``, ``|`` or ``>``.
        flow: it is written in flow style (collections), or stands inside a flow collection (all others).
        entries: of a collection.
        target: of an alias, ``None`` when there is no such anchor.
    """

    __slots__ = (
        "anchor",
        "body",
        "end",
        "entries",
        "flow",
        "index",
        "kind",
        "props_end",
        "start",
        "style",
        "tag",
        "target",
        "text",
    )

    def __init__(self, kind: str, start: int, body: int, end: int, flow: bool) -> None:
        self.kind = kind
        self.start = start
        self.props_end = start
        self.body = body
        self.end = end
        self.flow = flow
        self.style = ""
        self.text = ""
        self.anchor: str | None = None
        self.tag: str | None = None
        self.entries: list[Member] = [] if kind == "map" or kind == "seq" else _NONE
        self.target: Node | None = None
        self.index: dict[str, int] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it is a null that is not written at all."""
        return self.kind == "scalar" and not self.style and not self.text


class Member:
    """One item of a sequence or one pair of a mapping.

    Attributes:
        start: where its ``-``, ``?`` or key begins (a flow item: where it begins itself).
        mark_end: just behind its ``-`` or ``:``; -1 where there is none.
        explicit: the key is written with ``?``.
        merge: the key is a plain ``<<``.
    """

    __slots__ = ("explicit", "key", "mark_end", "merge", "start", "value")

    def __init__(self, key: Node | None, value: Node, start: int, mark_end: int) -> None:
        self.key = key
        self.value = value
        self.start = start
        self.mark_end = mark_end
        self.explicit = False
        self.merge = False

    @property
    def end(self) -> int:
        """Where its text ends."""
        if self.key is not None and self.mark_end < 0:
            return self.key.end
        return max(self.value.end, self.mark_end)


class Document:
    """One document. ``root`` is an empty scalar where nothing is written; ``aliases`` are in text order."""

    __slots__ = ("aliases", "end", "explicit", "mark_end", "merges", "root")

    def __init__(self, mark_end: int, explicit: bool) -> None:
        self.root: Node = Node("scalar", mark_end, mark_end, mark_end, False)
        self.mark_end = mark_end
        self.explicit = explicit
        self.end = mark_end
        self.aliases: list[Node] = []
        self.merges: list[Node] = []


class UncomposableText(Exception):
    """The text cannot be composed."""


def key_of(entry: Member) -> str | None:
    """The key of a pair: the text of a scalar; ``None`` when it is none."""
    node = entry.key
    if node is not None and node.kind == "alias":
        node = node.target
    if node is None or node.kind != "scalar":
        return None
    return node.text if node is entry.key or isinstance(scalar_value(node), str) else None


def scalar_value(node: Node) -> Json:
    """The value of a scalar; a text that has faults gives what is written."""
    try:
        if node.tag is not None:
            return resolve_tagged(node.tag, node.text)
        return node.text if node.style else resolve_plain(node.text)
    except (ValueError, KeyError):
        return node.text


def child_index(node: Node, step: str | int) -> int | None:
    """Which entry of a collection a step leads to; ``None`` when it has no such entry of its own."""
    if node.kind == "seq" and isinstance(step, int):
        return step if 0 <= step < len(node.entries) else None
    if node.kind != "map" or not isinstance(step, str):
        return None
    if node.index is None:
        node.index = {}
        for number, entry in enumerate(node.entries):
            key = None if entry.merge else key_of(entry)
            if key is not None:
                node.index.setdefault(key, number)
    return node.index.get(step)


def merge_sources(entry: Member) -> list[Node]:
    """The mappings that a ``<<`` pair brings, in order of precedence."""
    node: Node | None = entry.value
    if node is not None and node.kind == "alias":
        node = node.target
    if node is None:
        return []
    if node.kind == "seq":
        parts = [item.value for item in node.entries]
        targets = [part.target if part.kind == "alias" else part for part in parts]
        return [part for part in targets if part is not None and part.kind == "map"]
    return [node] if node.kind == "map" else []


def merge_entry(node: Node, key: str) -> Member | None:
    """The ``<<`` pair of a mapping that brings ``key``."""
    for entry in node.entries:
        if entry.merge and any(key in to_value(source) for source in merge_sources(entry)):
            return entry
    return None


def to_value(node: Node) -> Json:
    """The value of a node, aliases and merges followed; the same as the reader gives."""
    if node.kind == "scalar":
        return scalar_value(node)
    if node.kind == "alias":
        return None if node.target is None else to_value(node.target)
    if node.kind == "opaque":
        return Opaque(node.text)
    if node.kind == "seq":
        return [to_value(entry.value) for entry in node.entries]
    value: dict[str, Json] = {}
    for entry in node.entries:
        if entry.merge:
            for source in merge_sources(entry):
                for key, part in to_value(source).items():
                    value.setdefault(key, part)
    for entry in node.entries:
        if not entry.merge:
            value[str(key_of(entry))] = to_value(entry.value)
    return value


def walk(node: Node, path: FieldPath = ()) -> Iterator[tuple[Node, FieldPath]]:
    """All nodes below and with ``node``, keys apart, in order of the text, each with its path."""
    stack = [(node, path)]
    while stack:
        current, where = stack.pop()
        yield current, where
        for number in range(len(current.entries) - 1, -1, -1):
            entry = current.entries[number]
            step: str | int = number if current.kind == "seq" else "<<" if entry.merge else str(key_of(entry))
            stack.append((entry.value, (*where, step)))
