"""The types that a layout speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind


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
        step: the step to a new entry: given the kind, the logical value and the number of items there.
        placed_field: the field that the place carries instead of the text, or "".
    """

    name: str
    container_type: type
    container_kind: str
    entries: Callable[[Kind, Json], Iterator[RawEntry]]
    placed_field: Callable[[Kind], str]
