"""What the parts of a file are called: which of its lists and mappings hold entries, and which entry each item is.

Three sides of a file are merged by these names, never by the order of the items. A file of which a part has no name,
or two have one, is not understood, and merged as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from registry_reconciler.formats.base import Sections, TextFormat
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.walk import Nesting, containers
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.loading.registries import entries_of, excluded
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.entry import MISSING, FieldPath, Json, Missing, canonical, get_path
from registry_reconciler.model.fields import without
from registry_reconciler.model.kind import Kind

Name = tuple[object, ...]
"""What a list or mapping of entries is called, whatever side it is looked at from."""


class NotUnderstood(Exception):
    """A file that cannot be merged by entry and field; the text says why."""


class HandedOn(NotUnderstood):
    """Nobody can tell which entries have which keys on one side, and the other side changed one of them."""

    def __init__(self, label: str) -> None:
        super().__init__(f"{label}: it may be another entry on one side, and was changed on the other")
        self.label = label


class Position(NamedTuple):
    """A place in one side: document, and steps."""

    document: int
    path: FieldPath

    def at(self, *steps: str | int) -> Position:
        """The place of a part."""
        return Position(self.document, (*self.path, *steps))


class NamedPart(Struct, frozen=True):
    """An entry, or an item of a directive.

    Attributes:
        identity: what it is called on all sides: its address; of one that a side renamed, the former one.
        label: what it is called for people.
        home: the list or mapping that it stands in.
        position: of what comes and goes with it.
        inner: steps from there to its fields.
        body: what it says, without its key.
    """

    identity: str
    label: str
    home: Name
    position: Position
    kind: Kind | None = None
    inner: FieldPath = ()
    body: Json = None


class SideParts(Struct, frozen=True):
    """The named parts of one side.

    Attributes:
        items: by identity.
        homes: the lists and mappings of entries by place, with their names.
        heads: the entries that are whole documents, or stand where no list is.
        documents: the addresses of those.
    """

    items: dict[str, NamedPart] = field(default_factory=dict)
    homes: dict[Position, Name] = field(default_factory=dict)
    heads: dict[Position, NamedPart] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)

    def inside(self, home: Name) -> list[str]:
        """The identities of what stands in a list or mapping, in order."""
        return [name for name, item in self.items.items() if item.home == home]


class FileSide(Struct, frozen=True):
    """One side of a file: its text, what it says, and the names of its parts.

    Attributes:
        sections: where the items of its long lists stand, if the reader has proven that.
    """

    data: bytes | None
    documents: tuple[Json, ...]
    shape: SideParts
    sections: Sections = ()

    def value(self, position: Position | None) -> Json | Missing:
        """What stands at a place."""
        if position is None or position.document >= len(self.documents):
            return MISSING
        return get_path(self.documents[position.document], position.path)


def fragment_shape(kinds: Mapping[str, Kind], documents: Iterable[Json]) -> SideParts:
    """The names of the parts of a fragment.

    Raises:
        NotUnderstood: it is no mapping of kinds, or an entry has no key or that of another one.
    """
    shape = SideParts()
    for number, document in enumerate(documents):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise NotUnderstood("it is no mapping of kinds")
        for name, content in document.items():
            if name not in kinds and name not in DIRECTIVES:
                continue
            position = Position(number, (name,))
            home: Name = (name, number)
            shape.homes[position] = home
            if content is not None and not isinstance(content, list):
                raise NotUnderstood(f"{name!r} is no list")
            for index, value in enumerate(content or ()):
                item = _entry if name in kinds else _directive
                _put(shape, item(kinds.get(name), name, home, position.at(index), value))
    return shape


def _entry(kind: Kind | None, name: str, home: Name, position: Position, value: Json) -> NamedPart:
    assert kind is not None
    key = kind.key_of(kind.texts.settled(value)) if isinstance(value, dict) else None
    if key is None:
        raise NotUnderstood(f"an entry of {name} has no key")
    address = f"{name}/{key}"
    return NamedPart(address, address, home, position, kind, (), _without_key(kind, value))


def _directive(_kind: Kind | None, name: str, home: Name, position: Position, value: Json) -> NamedPart:
    about = value
    if isinstance(value, dict):
        about = {word: value[word] for word in ("from", "to", "address", "code") if word in value}
    shown = about if isinstance(about, str) else " ".join(map(str, about.values())) if about else ""
    return NamedPart(f"{name} {position.document} {canonical(about)}", f"{name} {shown}", home, position)


def _put(shape: SideParts, item: NamedPart) -> None:
    if shape.items.setdefault(item.identity, item) is not item:
        raise NotUnderstood(f"{item.label} stands there twice")


def registry_shape(
    kinds: Mapping[str, Kind], path: str, data: bytes, documents: tuple[Json, ...], form: TextFormat
) -> SideParts:
    """The names of the parts of a registry file.

    Raises:
        NotUnderstood: an entry cannot be read, or stands there twice.
    """
    shape = SideParts()
    nesting = Nesting(kinds)
    for kind in kinds_of(kinds, path):
        bound = kind.file.match(path) or {}
        for container in containers(kind, documents, bound):
            position = Position(container.document, container.path)
            if LAYOUTS[kind.layout].depth and position not in shape.homes:
                shape.homes[position] = _home(kind, container.document, container.path, container.bound)
        source = SourceFile(path, data, documents, True, format=form)
        for entry, fault in entries_of(kind, source, bound, nesting.steps(kind)):
            if entry is None:
                raise NotUnderstood(fault.message if fault is not None else "an entry cannot be read")
            _place(shape, kind, entry.address, entry.place.document, entry.place.path, entry.value)
    return shape


def _home(kind: Kind, document: int, path: FieldPath, bound: Mapping[str, str]) -> Name:
    names = tuple(step for step in path if isinstance(step, str))
    return (kind.name, document, tuple(sorted(bound.items())), names)


def _place(shape: SideParts, kind: Kind, address: str, document: int, path: FieldPath, value: Json) -> None:
    row = LAYOUTS[kind.layout]
    body = _without_key(kind, value)
    if not row.depth:
        position = Position(document, path)
        item = NamedPart(address, address, (kind.name,), position, kind, (), body)
        if address in shape.documents:
            raise NotUnderstood(f"{address} stands there twice")
        shape.documents.add(address)
        shape.heads.setdefault(position, item)
        return
    holder = Position(document, path[: len(path) - row.depth])
    home = shape.homes[holder]
    (owner, *_) = home
    if owner != kind.name:
        return  # another kind has this list already
    steps = row.item_path(path)
    item = NamedPart(address, address, home, Position(document, steps), kind, path[len(steps) :], body)
    _put(shape, item)


def kinds_of(kinds: Mapping[str, Kind], path: str) -> list[Kind]:
    """The kinds that have entries in a file of that name."""
    return [kind for kind in kinds.values() if kind.file.match(path) is not None and not excluded(kind, path)]


def _without_key(kind: Kind, value: Json) -> Json:
    for selector in kind.key:
        value = without(value, selector.path)
    return value
