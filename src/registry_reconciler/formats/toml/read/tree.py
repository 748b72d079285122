"""What the statements of a TOML text say together: one tree of tables and values, each part with its statements.

A table of TOML need not stand in one place: headers in any order, dotted keys and inline tables add to it. So a part
of the tree knows which statements say it, and a value which span it has.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from registry_reconciler.formats.nodes import Document, Member, Node, UncomposableText
from registry_reconciler.formats.toml.read.statements import KeyPart, Pair, Statement, Value, statements
from registry_reconciler.model.entry import FieldPath, Json


class TomlItem:
    """A part of the tree.

    Attributes:
        kind: ``scalar``, ``array`` (in one piece), ``table``, or ``items`` (an array of tables).
        home: of a table: ``root``, ``header``, ``implied`` (by headers below it), ``dotted`` (by keys with dots),
            or ``inline``.
        value: the text in one piece that says it, where there is one.
        children: of a table. ``items``: of both kinds of array.
        numbers: of the statements that say it and what is in it.
        header: its own header, or -1.
        pair: the statement (or pair of an inline table) that leads to it, with how many parts of its key do.
        key: the last of these parts.
    """

    __slots__ = ("children", "header", "home", "items", "key", "kind", "numbers", "pair", "parts", "value")

    def __init__(self, kind: str, home: str = "") -> None:
        self.kind = kind
        self.home = home
        self.value: Value | None = None
        self.children: dict[str, TomlItem] = {}
        self.items: list[TomlItem] = []
        self.numbers: list[int] = []
        self.header = -1
        self.pair: Statement | Pair | None = None
        self.parts = 0
        self.key: KeyPart | None = None

    @property
    def in_one_piece(self) -> bool:
        """Whether one span of text says it all."""
        return self.value is not None

    def parts_in(self) -> list[tuple[str | int, TomlItem]]:
        """What is in it, with the steps that lead there."""
        if self.kind == "table":
            return list(self.children.items())
        return list(enumerate(self.items))


class TomlTree:
    """A text with its statements and what they say. ``section`` has the header that each statement is below."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.statements = statements(text)
        self.root = TomlItem("table", "root")
        self.section: list[int] = []
        self._build()

    def _build(self) -> None:
        current, trail = self.root, [self.root]
        header = -1
        for number, statement in enumerate(self.statements):
            if statement.kind != "pair":
                header = number
                current, trail = self._open(number, statement)
            else:
                self._pair(number, statement, current, trail)
            self.section.append(header)

    def _open(self, number: int, statement: Statement) -> tuple[TomlItem, list[TomlItem]]:
        """The table that a header opens, with everything that it lies in."""
        table = self.root
        trail = [table]
        last = len(statement.keys) - 1
        for depth, key in enumerate(statement.keys):
            child = table.children.get(key.name)
            if child is None:
                child = TomlItem(
                    "items" if depth == last and statement.kind == "item" else "table", "implied"
                )
                child.pair, child.parts, child.key = statement, depth + 1, key
                table.children[key.name] = child
            trail.append(child)
            if child.kind == "items":
                if depth == last:
                    entry = TomlItem("table", "header")
                    entry.pair, entry.parts, entry.key = statement, depth + 1, key
                    child.items.append(entry)
                child = child.items[-1]
                trail.append(child)
            elif child.kind != "table":
                raise UncomposableText(f"{key.name} is no table")
            table = child
        table.header = number
        table.home = "header"
        table.pair, table.parts, table.key = statement, last + 1, statement.keys[-1]
        for part in trail:
            part.numbers.append(number)
        return table, trail

    def _pair(self, number: int, statement: Statement, current: TomlItem, trail: list[TomlItem]) -> None:
        assert statement.value is not None
        for part in (*trail, *place_pair(current, statement, statement.value, "dotted")):
            part.numbers.append(number)

    def find(self, path: FieldPath) -> TomlItem | None:
        """What is at a path."""
        item: TomlItem | None = self.root
        for step in path:
            if item is None:
                return None
            item = child_of(item, step)
        return item


def child_of(item: TomlItem, step: str | int) -> TomlItem | None:
    """What one step leads to."""
    if isinstance(step, str):
        return item.children.get(step) if item.kind == "table" else None
    return item.items[step] if item.kind in ("array", "items") and 0 <= step < len(item.items) else None


def place_pair(table: TomlItem, pair: Statement | Pair, value: Value, home: str) -> list[TomlItem]:
    """Put a value where its key says; gives the tables on the way and the value."""
    trail: list[TomlItem] = []
    for depth, key in enumerate(pair.keys[:-1]):
        child = table.children.get(key.name)
        if child is None:
            child = TomlItem("table", home)
            child.pair, child.parts, child.key = pair, depth + 1, key
            table.children[key.name] = child
        elif child.kind != "table":
            raise UncomposableText(f"{key.name} is no table")
        trail.append(child)
        table = child
    last = pair.keys[-1]
    if last.name in table.children:
        raise UncomposableText(f"{last.name} is there twice")
    item = table.children[last.name] = item_of(value)
    item.pair, item.parts, item.key = pair, len(pair.keys), last
    return [*trail, item]


def item_of(value: Value) -> TomlItem:
    """A value in one piece as a part of the tree."""
    if value.kind == "array":
        item = TomlItem("array")
        item.items = [item_of(part) for part in value.items]
    elif value.kind == "inline":
        item = TomlItem("table", "inline")
        for pair in value.pairs:
            place_pair(item, pair, pair.value, "inline")
    else:
        item = TomlItem("scalar")
    item.value = value
    return item


def to_json(item: TomlItem) -> Json:
    """What a part says."""
    if item.kind == "table":
        return {name: to_json(child) for name, child in item.children.items()}
    if item.kind == "scalar":
        return item.value.plain if item.value else None
    return [to_json(child) for child in item.items]


def typed(item: TomlItem) -> Json:
    """As :func:`to_json`, with the kind beside every scalar that JSON does not tell from another."""
    if item.kind == "table":
        return {name: typed(child) for name, child in item.children.items()}
    if item.kind == "scalar" and item.value is not None:
        plain, kind = item.value.plain, item.value.kind
        return plain if kind == "string" or not isinstance(plain, str) else Typed(kind, plain)
    return [typed(child) for child in item.items]


class Typed:
    """A scalar that is not a string for TOML, and is one in JSON."""

    __slots__ = ("kind", "plain")

    def __init__(self, kind: str, plain: str) -> None:
        self.kind = kind
        self.plain = plain


@functools.lru_cache(maxsize=4)
def tree_of(text: str) -> TomlTree:
    """The tree of a text; of the last few texts it is known. Nobody may change it.

    Raises:
        UncomposableText: it is not TOML.
    """
    return TomlTree(text)


def compose(text: str) -> list[Document]:
    """The tree as nodes that know where they stand.

    Raises:
        UncomposableText: it is not TOML.
    """
    document = Document(0, False)
    document.root = _node(tree_of(text).root, text)
    document.root.start = document.root.props_end = document.root.body = 0
    document.root.end = document.end = len(text)
    return [document]


def _node(item: TomlItem, text: str) -> Node:
    kind = {"scalar": "scalar", "table": "map"}.get(item.kind, "seq")
    value = item.value
    if value is None:
        start = item.pair.start if isinstance(item.pair, Statement) else item.key.start if item.key else 0
        node = Node(kind, start, start, start, False)
    else:
        node = Node(kind, value.start, value.start, value.end, True)
    if value is not None and item.kind == "scalar":
        # A text is one whatever its quotes are; all else says what it is without any.
        node.style = '"' if isinstance(value.plain, str) else ""
        node.text = value.plain if isinstance(value.plain, str) else _as_plain(value)
    for _, child in item.parts_in():
        node.entries.append(_member(item, child, text))
    return node


def _as_plain(value: Value) -> str:
    return ("true" if value.plain else "false") if isinstance(value.plain, bool) else repr(value.plain)


def _member(parent: TomlItem, child: TomlItem, text: str) -> Member:
    inner = _node(child, text)
    if parent.kind != "table" or child.key is None:
        return Member(None, inner, inner.start, -1)
    key = Node("scalar", child.key.start, child.key.start, child.key.end, True)
    key.style, key.text = '"', child.key.name
    return Member(key, inner, child.key.start, child.key.end)


def offset_of(tree: TomlTree, path: FieldPath, *, on_key: bool) -> int:
    """Where a part stands, or the nearest that is there."""
    item = tree.root
    whole = True
    for step in path:
        child = child_of(item, step)
        if child is None:
            whole = False
            break
        item = child
    if item.value is not None and not (
        on_key and whole and item.key is not None and isinstance(path[-1], str)
    ):
        return item.value.start
    if item.kind == "items" and item.items:
        item = item.items[0]
    if isinstance(item.pair, Statement) and item.pair.kind != "pair":
        return item.pair.start
    return item.key.start if item.key is not None else 0


def walk(item: TomlItem, path: FieldPath = ()) -> Iterator[tuple[TomlItem, FieldPath]]:
    """All parts, each with its path."""
    yield item, path
    for step, child in item.parts_in():
        yield from walk(child, (*path, step))
