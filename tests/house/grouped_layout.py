"""Layout ``grouped``, made up by a test: a mapping of lists. Its keys are the first field of the entries' key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from registry_reconciler.layouts.base import LayoutRow, RawEntry, Slot, Steps
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    name = kind.key[0].text
    for group, items in container.items():
        for index, value in enumerate(items if isinstance(items, list) else ()):
            yield RawEntry((group, index), value, ((name, group),))


def _slot(kind: Kind, value: Mapping[str, Json]) -> Slot:
    return Slot(holder=(str(kind.key[0].get(value)),))


def _inside(kind: Kind, steps: Steps) -> Steps | None:
    return None


GROUPED = LayoutRow(
    name="grouped",
    meaning="the container is a mapping of sequences of entries; its keys are the first field of `key`.",
    title="a mapping of lists",
    container_type=dict,
    depth=2,
    entries=_entries,
    slot=_slot,
    placed_fields=lambda kind: (kind.key[0].text,),
    inside=_inside,
)
