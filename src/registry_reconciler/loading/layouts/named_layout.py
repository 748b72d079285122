"""Layout ``named``: a list of mappings with one key each (``- Name: {…}``); the key stands outside of the entry."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.loading.layouts.base import LayoutRow, RawEntry
from registry_reconciler.loading.layouts.map_layout import placed_by_key
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    name = placed_by_key(kind)
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


NAMED = LayoutRow(
    "named",
    list,
    "list",
    _entries,
    placed_by_key,
    lambda kind, steps: None,
    depth=2,
    fields=_fields,
    node=_node,
    item=lambda node, key: {key: node},
)
