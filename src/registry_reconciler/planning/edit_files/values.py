"""Values without some of their parts."""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import Slot
from registry_reconciler.model.change import Change
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind


def slot_of(kind: Kind, change: Change) -> Slot:
    """Where in its container a changed entry is to stand; only layouts with one entry a file have no such place."""
    slot = LAYOUTS[kind.layout].slot(kind, change.after or {})
    assert slot is not None
    return slot


def cut(value: Json, paths: Sequence[FieldPath]) -> Json:
    """A value in which null stands in some places, all taken at once: each list is copied once."""
    if not all(paths):
        return None
    deeper: dict[str | int, list[FieldPath]] = {}
    for path in paths:
        deeper.setdefault(path[0], []).append(path[1:])
    if isinstance(value, dict) and deeper:
        return {name: cut(item, deeper[name]) if name in deeper else item for name, item in value.items()}
    if isinstance(value, list) and deeper:
        return [cut(item, deeper[at]) if at in deeper else item for at, item in enumerate(value)]
    return value


def skeleton(value: Json) -> Json:
    """A value without its empty parts: an absent container, a null one and an emptied one are the same."""
    if isinstance(value, dict):
        kept = {name: inner for name, item in value.items() if (inner := skeleton(item)) is not None}
        return kept or None
    if isinstance(value, list):
        kept_items = [inner for item in value if (inner := skeleton(item)) is not None]
        return kept_items or None
    return value
