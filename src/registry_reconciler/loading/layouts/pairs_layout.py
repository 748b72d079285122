"""Layout ``pairs``: a mapping from key to a scalar or list (``main.c: Ada``), which ``value`` gives a field's name."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.loading.layouts.base import LayoutRow, NoRoom, RawEntry
from registry_reconciler.loading.layouts.map_layout import placed_by_key
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    name = placed_by_key(kind)
    for key, value in container.items():
        yield RawEntry((key,), _fields(kind, value), ((name, key),))


def _fields(kind: Kind, node: Json) -> Json:
    return {} if node is None else {kind.value: node}


def _node(kind: Kind, fields: dict[str, Json]) -> Json:
    for name in fields:
        if name != kind.value:
            raise NoRoom(name, f"its key and {kind.value}")
    return fields.get(kind.value)


PAIRS = LayoutRow(
    "pairs",
    dict,
    "map",
    _entries,
    placed_by_key,
    lambda kind, steps: None,
    fields=_fields,
    node=_node,
    written_by=lambda kind: kind.value,
)
