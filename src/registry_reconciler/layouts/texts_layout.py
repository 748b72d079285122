"""Layout ``texts``: a list of plain texts, each of which is the key of an entry that says nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.layouts.base import LayoutRow, NoRoom, RawEntry, Slot
from registry_reconciler.layouts.map_layout import key_field
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    for index, item in enumerate(container):
        yield RawEntry((index,), _fields(kind, item))


def _fields(kind: Kind, node: Json) -> Json:
    scalar = isinstance(node, str | int | float) and not isinstance(node, bool)
    return {key_field(kind): node} if scalar else None


def _node(kind: Kind, fields: dict[str, Json]) -> Json:
    key = key_field(kind)
    for name in fields:
        if name != key:
            raise NoRoom(name, f"its {key}")
    return fields.get(key)


_SLOT = Slot()

TEXTS = LayoutRow(
    name="texts",
    meaning="a sequence of plain texts, each the key of an entry that says nothing else.",
    title="plain texts",
    container_type=list,
    depth=1,
    entries=_entries,
    slot=lambda kind, value: _SLOT,
    placed_fields=lambda kind: (),
    inside=lambda kind, steps: None,
    fields=_fields,
    node=_node,
    written_by=key_field,
)
