"""Layout ``pairs``: a mapping from key to a scalar or list (``main.c: Ada``), which ``value`` gives a field's name."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.layouts.base import LayoutRow, NoRoom, RawEntry
from registry_reconciler.layouts.map_layout import key_field, slot
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    name = key_field(kind)
    for key, value in container.items():
        yield RawEntry((key,), _fields(kind, value), ((name, key),))


def _value_field(kind: Kind) -> str:
    return kind.value or "value"


def _fields(kind: Kind, node: Json) -> Json:
    return {} if node is None else {_value_field(kind): node}


def _node(kind: Kind, fields: dict[str, Json]) -> Json:
    for name in fields:
        if name != _value_field(kind):
            raise NoRoom(name, f"its key and {_value_field(kind)}")
    return fields.get(_value_field(kind))


PAIRS = LayoutRow(
    name="pairs",
    meaning="a mapping from the key to a text, number or list, which is the field that `value` names.",
    title="pairs",
    container_type=dict,
    depth=1,
    entries=_entries,
    slot=slot,
    placed_fields=lambda kind: (key_field(kind),),
    inside=lambda kind, steps: None,
    fields=_fields,
    node=_node,
    written_by=_value_field,
)
