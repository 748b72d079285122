"""The types that a layout speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from registry_reconciler.kinds import Kind
from registry_reconciler.model import FieldPath, Json
from registry_reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Container:
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


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry's node as it stands in a container.

    Attributes:
        path: steps from the container to the node.
        value: the node's value (for layout ``map`` without the key).
        placed: fields that the place gives, by selector text (the key of a map).
    """

    path: FieldPath
    value: Json
    placed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LayoutRow:
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
