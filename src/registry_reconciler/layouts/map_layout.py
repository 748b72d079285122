"""Layout ``map``: a mapping from key to entry. The key stands outside of the entry's own text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from registry_reconciler.layouts.base import LayoutRow, RawEntry, Slot, Steps
from registry_reconciler.model.entry import Json
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.kind import Kind


def key_field(kind: Kind) -> str:
    """The key field that the mapping's key is: the last one that no placeholder of the place gives."""
    holders = set(kind.placeholders)
    open_fields = [selector.text for selector in kind.key if selector.text not in holders]
    return open_fields[-1] if open_fields else kind.key[-1].text


def key_of(kind: Kind, value: Mapping[str, Json]) -> str:
    """The key that stands outside of an entry's own text."""
    return str(Selector.parse(key_field(kind)).get(value))


def slot(kind: Kind, value: Mapping[str, Json]) -> Slot:
    """At its key in the mapping."""
    return Slot(key=key_of(kind, value))


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    name = key_field(kind)
    for key, value in container.items():
        # "key:" without a value is an entry of which nothing but the key is said.
        yield RawEntry((key,), {} if value is None else value, ((name, key),))


def _inside(kind: Kind, steps: Steps) -> Steps | None:
    """The first step is over the keys of the mapping, or one of them."""
    if not steps or steps[0].kind not in ("any", "placeholder", "name"):
        return None
    return steps[1:] or None


MAP = LayoutRow(
    name="map",
    meaning="it is a mapping, whose keys are the field that `key` names.",
    title="a mapping",
    container_type=dict,
    depth=1,
    entries=_entries,
    slot=slot,
    placed_fields=lambda kind: (key_field(kind),),
    inside=_inside,
)
