"""The types that a layout speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind, Step

Steps = tuple[Step, ...]


class Container(Struct, frozen=True):
    """A node that holds entries.

    Attributes:
        document: index in the file.
        path: steps from the document's root.
        bound: placeholders that the path of the file and the steps gave.
        value: the node's value; ``None`` for a null container.
    """

    document: int
    path: FieldPath
    bound: dict[str, str]
    value: Json


class RawEntry(Struct, frozen=True):
    """An entry's node as it stands in a container.

    Attributes:
        path: steps from the container to the node.
        value: the node's value (for layout ``map`` without the key).
        placed: fields that the place gives, by selector text (the key of a map).
    """

    path: FieldPath
    value: Json
    placed: tuple[tuple[str, str], ...] = ()


class NoRoom(Exception):
    """A layout has no place for a field."""

    def __init__(self, name: str, holds: str) -> None:
        super().__init__(name)
        self.name = name
        self.holds = holds


def _as_it_is(kind: Kind, value: Json) -> Json:
    return value


def _item_is_node(node: Json, key: str) -> Json:
    return node


def _nothing(kind: Kind) -> str:
    return ""


class LayoutRow(Struct, frozen=True):
    """One layout.

    Attributes:
        name: as in ``x-registry``.
        container_type: ``list`` or ``dict``: what a container must be; anything else is a problem.
        container_kind: the same word for the splicer, ``list`` or ``map``.
        entries: the raw entries of a container that has the right type.
        placed_field: the field that the place carries instead of the text, or "".
        inside: steps that begin in a container → the same from one of its entries; ``None`` where they lead into none.
        one_a_file: a file holds one entry, and comes and goes with it.
        documents: each document of a file is an entry, and comes and goes by itself.
        depth: steps from a container to the node of an entry; the first of them is the item that comes and goes.
        fields: what stands at an entry's node → its fields; anything but a mapping is no entry.
        node: the inverse: the fields that the text says → what stands at the node. Raises :class:`NoRoom`.
        item: what stands at the node, and the key → what is put into the container.
        written_by: the field whose text in a fragment is the whole text of the node, or "".
        may_stay_unread: items that are known to be what they were need not be read.
    """

    name: str
    container_type: type
    container_kind: Literal["list", "map"]
    entries: Callable[[Kind, Json], Iterator[RawEntry]]
    placed_field: Callable[[Kind], str]
    inside: Callable[[Kind, Steps], Steps | None]
    one_a_file: bool = False
    may_stay_unread: bool = False
    documents: bool = False
    depth: int = 1
    fields: Callable[[Kind, Json], Json] = _as_it_is
    node: Callable[[Kind, dict[str, Json]], Json] = _as_it_is
    item: Callable[[Json, str], Json] = _item_is_node
    written_by: Callable[[Kind], str] = _nothing

    def item_path(self, path: FieldPath) -> FieldPath:
        """The steps to the item that comes and goes with an entry, from the steps to its node."""
        return path[: len(path) - self.depth + 1] if self.depth > 1 else path

    @property
    def container_words(self) -> str:
        """What a container must be, for people."""
        return "a list" if self.container_kind == "list" else "a mapping"
