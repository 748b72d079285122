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

    @property
    def container_words(self) -> str:
        """What a container must be, for people."""
        return "a list" if self.container_kind == "list" else "a mapping"
