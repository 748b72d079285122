"""Layout ``named``: a list of mappings with one key each (``- Name: {…}``); the key stands outside of the entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from registry_reconciler.layouts.base import LayoutRow, RawEntry, Slot
from registry_reconciler.layouts.map_layout import key_field, key_of
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    name = key_field(kind)
    for index, item in enumerate(container):
        if isinstance(item, dict) and len(item) == 1:
            ((key, body),) = item.items()
            yield RawEntry((index, key), _fields(kind, body), ((name, key),))
        else:
            yield RawEntry((index,), None)


def _fields(kind: Kind, node: Json) -> Json:
    """``- Name:`` and, where ``value`` names a field for it, ``- Name: text`` are entries too."""
    if node is None:
        return {}
    return {kind.value: node} if kind.value and not isinstance(node, dict) else node


def _node(kind: Kind, fields: dict[str, Json]) -> Json:
    if kind.value and set(fields) == {kind.value} and not isinstance(fields[kind.value], dict):
        return fields[kind.value]
    return fields


def _slot(kind: Kind, value: Mapping[str, Json]) -> Slot:
    return Slot(name=key_of(kind, value))


NAMED = LayoutRow(
    name="named",
    meaning="a sequence of mappings with one key each (`- Name: {…}`), which is the field that `key` names.",
    title="a list of named items",
    container_type=list,
    depth=2,
    inner=1,
    entries=_entries,
    slot=_slot,
    placed_fields=lambda kind: (key_field(kind),),
    inside=lambda kind, steps: None,
    fields=_fields,
    node=_node,
)
