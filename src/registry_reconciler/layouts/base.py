"""The types that a layout speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

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


def _as_it_is(_kind: Kind, value: Json) -> Json:
    return value


def _nothing(_kind: Kind) -> str:
    return ""


class Slot(Struct, frozen=True):
    """Where inside a container an entry stands.

    Attributes:
        holder: steps from the container to the list or mapping that the entry stands in directly; mostly none.
        key: its key in that mapping; ``None`` where it is a list.
        name: in a list: the only key of the item, under which the entry stands; ``None``: the item is the entry.
    """

    holder: FieldPath = ()
    key: str | None = None
    name: str | None = None

    @property
    def label(self) -> str | None:
        """The key that stands outside of the entry, in a mapping or in an item of its own."""
        return self.key if self.name is None else self.name

    def item(self, node: Json) -> Json:
        """What is put into the holder for what stands at the node of the entry."""
        return node if self.name is None else {self.name: node}

    @property
    def first(self) -> FieldPath:
        """The steps from an empty container to the first entry in it."""
        inside: FieldPath = () if self.name is None else (self.name,)
        return (*self.holder, 0 if self.key is None else self.key, *inside)

    def around(self, path: FieldPath) -> FieldPath:
        """The steps to this slot's holder, from wherever ``path``, which leads to an entry of the container, begins."""
        return (*path[: len(path) - len(self.first)], *self.holder)


class LayoutRow(Struct, frozen=True):
    """One layout: which entries stand in a container, where another one goes, and what that asks of the text.

    Attributes:
        name: as in ``x-registry``.
        meaning: what it says of a container, for the published schema of ``x-registry``: one sentence.
        title: the same in two words, for messages: "a list".
        container_type: ``list`` or ``dict``: what a container must be; anything else is a problem.
        depth: how many steps lead from a container to each of its entries.
        entries: the raw entries of a container that has the right type.
        slot: where the entry with a value stands in its container; ``None``: the container is the entry.
        placed_fields: the fields that the steps from the container say instead of the text.
        inside: steps that begin in a container → the same from one of its entries; ``None`` where they lead into none.
        one_a_file: a file holds one entry, and comes and goes with it.
        inner: steps to an entry from the item or pair that comes and goes with it.
        documents: each document of a file is an entry, and comes and goes by itself: for formats with several.
        fields: what stands at an entry's node → its fields; anything but a mapping is no entry.
        node: the inverse: the fields that the text says → what stands at the node. Raises :class:`NoRoom`.
        written_by: the field whose text in a fragment is the whole text of the node, or "".
        may_stay_unread: items that are known to be what they were need not be read.
    """

    name: str
    meaning: str
    title: str
    container_type: type
    depth: int
    entries: Callable[[Kind, Json], Iterator[RawEntry]]
    slot: Callable[[Kind, Mapping[str, Json]], Slot | None]
    placed_fields: Callable[[Kind], tuple[str, ...]]
    inside: Callable[[Kind, Steps], Steps | None]
    one_a_file: bool = False
    may_stay_unread: bool = False
    inner: int = 0
    documents: bool = False
    fields: Callable[[Kind, Json], Json] = _as_it_is
    node: Callable[[Kind, dict[str, Json]], Json] = _as_it_is
    written_by: Callable[[Kind], str] = _nothing

    def item_path(self, path: FieldPath) -> FieldPath:
        """The steps to the item or pair that comes and goes with the entry that ``path`` leads to."""
        return path[: len(path) - self.inner] if self.inner else path

    @property
    def reads_by_the_kind(self) -> bool:
        """Whether what stands at a node is not the entry's fields as they are."""
        return self.fields is not _as_it_is

    @property
    def container_words(self) -> str:
        """What a container must be, for people."""
        return "a list" if self.container_type is list else "a mapping"
