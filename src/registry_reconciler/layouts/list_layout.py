"""Layout ``list``: a sequence of mappings."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.formats.unread import Unread
from registry_reconciler.layouts.base import LayoutRow, RawEntry, Slot, Steps
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind

_SLOT = Slot()


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    for index, value in enumerate(container):
        if type(value) is not Unread:
            yield RawEntry((index,), value)


def _inside(kind: Kind, steps: Steps) -> Steps | None:
    """The items of the list are told apart by the step of the inner kind: ``plugins[name={plugin}]``."""
    first = steps[0] if steps else None
    if first is None or first.kind != "item" or not kind.at or kind.at[-1].kind != "name":
        return None
    return (steps[1:] or None) if first.name == kind.at[-1].name else None


LIST = LayoutRow(
    name="list",
    meaning="the container is a sequence of entries.",
    title="a list",
    container_type=list,
    depth=1,
    entries=_entries,
    slot=lambda kind, value: _SLOT,
    placed_fields=lambda kind: (),
    inside=_inside,
    may_stay_unread=True,
)
