"""The tree of a checked CEL expression, from the bytes that the library gives.

The library checks and runs expressions, and gives their tree as a ``CheckedExpr`` of protocol buffers only. That is
decoded here as far as it is needed to tell which fields an expression reads, without a dependency on protobuf.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

_Fields = dict[int, list[Any]]

Fields = frozenset[str] | None
"""Names of fields; ``None``: any."""


class SyntaxNode(Struct, frozen=True):
    """One node.

    Attributes:
        what: ``const``, ``ident``, ``select``, ``call``, ``list``, ``map`` or ``comprehension``.
        name: of the identifier, the field or the function.
        value: of a constant.
        parts: operands: of a call its target, if it has one, and its arguments; of a comprehension the range, the
            start of the result, the condition, the step and the result; of a map its keys and values in turn.
        test_only: ``has(...)``: the field need not be there.
        names: of a comprehension: the item, the result.
        offset: where it stands in the expression, in characters; -1: not known.
    """

    what: str
    name: str = ""
    value: Any = None
    parts: tuple[SyntaxNode, ...] = ()
    test_only: bool = False
    names: tuple[str, str] = ("", "")
    offset: int = -1


def walk(node: SyntaxNode) -> Iterator[SyntaxNode]:
    """A node and all below it."""
    yield node
    for part in node.parts:
        yield from walk(part)


def walk_names(
    node: SyntaxNode, bound: frozenset[str] = frozenset()
) -> Iterator[tuple[SyntaxNode, frozenset[str]]]:
    """A node and all below it, each with the names that macros around it have given to items."""
    yield node, bound
    if node.what != "comprehension":
        for part in node.parts:
            yield from walk_names(part, bound)
        return
    inside = bound | set(node.names)
    for at, part in enumerate(node.parts):
        yield from walk_names(part, bound if at < 2 else inside)


def fields_read(trees: Iterable[SyntaxNode], variable: str) -> Fields:
    """The fields of a variable that expressions can ask for; ``None``: any, since they handle it as a whole."""
    found: set[str] = set()
    for tree in trees:
        waiting = [tree]
        while waiting:
            node = waiting.pop()
            if node.what == "ident" and node.name == variable:
                return None
            if node.what == "select" and node.parts[0].what == "ident" and node.parts[0].name == variable:
                found.add(node.name)
            else:
                waiting += node.parts
    return frozenset(found)


_LISTS = frozenset({"entries", "referrers"})
_LOOK_UPS = _LISTS | {"ref"}


def fields_looked_up(trees: Iterable[SyntaxNode]) -> dict[str, Fields]:
    """By kind, the fields that expressions can ask of the entries that they look up, also to find them by.

    What is not plainly a field of an entry counts as all of it.
    """
    found: dict[str, Fields] = {}
    waiting: list[tuple[SyntaxNode, Fields]] = [(tree, None) for tree in trees]
    while waiting:
        node, asked = waiting.pop()
        first = node.parts[0] if node.parts else None
        rest: Iterable[SyntaxNode] = node.parts
        if node.what == "call" and node.name in _LOOK_UPS and first is not None:
            asked = united(asked, _searched_by(node))
            found[first.value] = united(found.get(first.value, frozenset()), asked)
        elif first is not None and node.what == "select":
            waiting.append((first, frozenset({node.name})))
            continue
        elif first is not None and first.what == "call" and first.name in _LISTS:
            of_items: Fields = None
            if node.what == "comprehension":
                of_items = fields_read(node.parts[2:4], node.names[0])
            elif node.what == "call" and node.name == "size":
                of_items = frozenset()
            elif node.what == "call" and node.name == "_[_]":
                of_items = asked
            waiting.append((first, of_items))
            rest = node.parts[1:]
        waiting += ((part, None) for part in rest)
    return found


def united(left: Fields, right: Fields) -> Fields:
    """The fields of both."""
    return None if left is None or right is None else left | right


def _searched_by(call: SyntaxNode) -> Fields:
    """The field that ``entries(kind, field, value)`` has an index by."""
    if call.name != "entries" or len(call.parts) < 3:
        return frozenset()
    field = call.parts[1].value
    return frozenset({field.split(".")[0].removesuffix("[]")}) if isinstance(field, str) else None


def tree_of(serialized: bytes) -> SyntaxNode:
    """The tree of an expression that was compiled with checks on."""
    checked = _fields(_fields(serialized)[2][0])
    info = _fields(checked[5][0]) if 5 in checked else {}
    positions = {}
    for entry in info.get(4, ()):
        pair = _fields(entry)
        positions[pair.get(1, [0])[0]] = pair.get(2, [0])[0]
    return _node(checked[4][0], positions)


def _node(data: bytes, positions: dict[int, int]) -> SyntaxNode:
    fields = _fields(data)
    offset = positions.get(fields.get(2, [0])[0], -1)

    def below(raw: bytes) -> SyntaxNode:
        return _node(raw, positions)

    if 3 in fields:
        return SyntaxNode("const", value=_constant(fields[3][0]), offset=offset)
    if 4 in fields:
        return SyntaxNode("ident", _text(_fields(fields[4][0]), 1), offset=offset)
    if 5 in fields:
        inner = _fields(fields[5][0])
        test = bool(inner.get(3, [0])[0])
        return SyntaxNode(
            "select", _text(inner, 2), parts=(below(inner[1][0]),), test_only=test, offset=offset
        )
    if 6 in fields:
        inner = _fields(fields[6][0])
        parts = (*inner.get(1, ()), *inner.get(3, ()))
        return SyntaxNode("call", _text(inner, 2), parts=tuple(map(below, parts)), offset=offset)
    if 7 in fields:
        inner = _fields(fields[7][0])
        return SyntaxNode("list", parts=tuple(map(below, inner.get(1, ()))), offset=offset)
    if 8 in fields:
        entries = [_fields(field) for field in _fields(fields[8][0]).get(2, ())]
        raw = [entry[number][0] for entry in entries for number in (3, 4) if number in entry]
        return SyntaxNode("map", parts=tuple(map(below, raw)), offset=offset)
    inner = _fields(fields[9][0])
    return SyntaxNode(
        "comprehension",
        parts=tuple(below(inner[number][0]) for number in (2, 4, 5, 6, 7)),
        names=(_text(inner, 1), _text(inner, 3)),
        offset=offset,
    )


def _constant(data: bytes) -> Any:
    fields = _fields(data)
    for number, values in fields.items():
        value = values[0]
        if number == 2:
            return bool(value)
        if number in (3, 4):
            return value - (1 << 64) if number == 3 and value >= 1 << 63 else value
        if number == 5:
            return struct.unpack("<d", value)[0]
        if number == 6:
            return value.decode("utf-8", "replace")
        if number == 7:
            return value
    return None


def _text(fields: _Fields, number: int) -> str:
    return fields[number][0].decode("utf-8", "replace") if number in fields else ""


def _fields(data: bytes) -> _Fields:
    """The fields of a message by number: whole numbers, or bytes."""
    found: _Fields = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        value: Any
        if kind == 0:
            value, at = _varint(data, at)
        else:
            size = 8 if kind == 1 else 4
            if kind == 2:
                size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
