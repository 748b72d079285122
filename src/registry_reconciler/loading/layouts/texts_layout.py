"""Layout ``texts``: a list of plain texts, each of which is the key of an entry that says nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.loading.layouts.base import LayoutRow, NoRoom, RawEntry
from registry_reconciler.loading.layouts.map_layout import placed_by_key
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    for index, item in enumerate(container):
        yield RawEntry((index,), _fields(kind, item))


def _fields(kind: Kind, node: Json) -> Json:
    scalar = isinstance(node, str | int | float) and not isinstance(node, bool)
    return {placed_by_key(kind): node} if scalar else None


def _node(kind: Kind, fields: dict[str, Json]) -> Json:
    key = placed_by_key(kind)
    for name in fields:
        if name != key:
            raise NoRoom(name, f"its {key}")
    return fields.get(key)


TEXTS = LayoutRow(
    "texts",
    list,
    "list",
    _entries,
    lambda kind: "",
    lambda kind, steps: None,
    fields=_fields,
    node=_node,
    written_by=placed_by_key,
)
