"""What lies inside an entry, and what becomes of it when that entry is called otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.walk import Nesting
from registry_reconciler.model.entry import Json, Place, make_address, split_address
from registry_reconciler.model.fields import Selector, with_value
from registry_reconciler.model.kind import KEY_JOINER, Kind, Step

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded


class InnerEntry(NamedTuple):
    """An entry inside a renamed one: what it says and is called then; ``owned``: a fragment declares it."""

    address: str
    target: str
    value: dict[str, Json]
    owned: bool


class Inner:
    """The entries inside others, of kinds that nest."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.nesting = Nesting(loaded.kinds)

    def of(self, address: str, key: str) -> Iterator[InnerEntry]:
        """Everything inside an entry, as it is once the entry has another key."""
        outer = self.loaded.kinds[split_address(address)[0]]
        changed = list(_changed_parts(outer, split_address(address)[1], key))
        for kind in dict.fromkeys(kind.name for kind, _ in self.nesting.inside(outer)):
            inner = self.loaded.kinds[kind]
            for field, old, new in changed:
                name = _binding(outer, inner, field)
                if name:
                    yield from self._of_kind(address, outer, inner, (name, old, new))

    def _of_kind(
        self, address: str, outer: Kind, inner: Kind, change: tuple[str, str, str]
    ) -> Iterator[InnerEntry]:
        name, old_key, key = change
        selector = Selector.parse(name)
        desired = next(
            (entry.value for entry in self.loaded.fragments.entries if entry.address == address), {}
        )
        home = self.loaded.live.entries.get(address)
        declared = {
            entry.address: entry.value for entry in self.loaded.fragments.entries if entry.kind == inner.name
        }
        live = {
            entry.address: entry for entry in self.loaded.live.entries.values() if entry.kind == inner.name
        }
        for inside in sorted({*declared, *live}):
            value = declared.get(inside) or live[inside].value
            if str(selector.get(value)) != old_key:
                continue
            if home is not None and inside in live and not _within(live[inside].place, home.place):
                continue
            if home is None and not _same_way(outer, desired, value):
                continue
            made = with_value(value, selector.path, key)
            target = make_address(inner.name, inner.key_of(made) or "")
            yield InnerEntry(inside, target, made, inside in declared)


def _changed_parts(kind: Kind, old: str, new: str) -> Iterator[tuple[str, str, str]]:
    """The key fields that are others: field, text before and after."""
    parts = zip(
        kind.key,
        old.split(KEY_JOINER) if len(kind.key) > 1 else [old],
        new.split(KEY_JOINER) if len(kind.key) > 1 else [new],
        strict=False,
    )
    yield from ((selector.text, before, after) for selector, before, after in parts if before != after)


def _same_way(outer: Kind, desired: dict[str, Json], value: dict[str, Json]) -> bool:
    """Whether an entry lies in the same containers as far as both say so; asked where nothing is live yet."""
    for name in outer.placeholders:
        selector = Selector.parse(name)
        mine, other = selector.get(desired), selector.get(value)
        if mine is not None and other is not None and str(mine) != str(other):
            return False
    return True


def _within(place: Place, outer: Place) -> bool:
    size = len(outer.path)
    return (place.file, place.document) == (outer.file, outer.document) and place.path[:size] == outer.path


def _binding(outer: Kind, inner: Kind, key: str) -> str:
    """The placeholder of ``inner`` that says a key field of the entry of ``outer`` around it; "" where none does."""
    if LAYOUTS[outer.layout].one_a_file:
        if key in outer.file.placeholders and len(outer.file.placeholders) == len(inner.file.placeholders):
            return inner.file.placeholders[outer.file.placeholders.index(key)]
        return ""
    size = sum(map(_width, outer.at)) + LAYOUTS[outer.layout].depth
    at = 0
    for step in inner.at:
        at += _width(step)
        if at == size and step.kind == "placeholder":
            return step.name
        if at == size and step.kind == "item" and step.by == key:
            return step.binds
    return ""


def _width(step: Step) -> int:
    """How many steps of a path a step of ``at`` takes."""
    return 2 if step.kind == "item" else 1
