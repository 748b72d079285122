"""What refers to what, as it would be after apply: edges between addresses, all or around one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from registry_reconciler.model.entry import show_path
from registry_reconciler.planning.impact import references_of
from registry_reconciler.rules.entry_set import EntrySet


class Edge(Struct, frozen=True, order=True):
    """``source`` refers to ``target`` in its field ``field``.

    Attributes:
        dangling: nothing here has that address.
        in_fleet: another repository of the fleet may have it.
    """

    source: str
    target: str
    field: str
    dangling: bool = False
    in_fleet: bool = False


def edges(entry_set: EntrySet) -> tuple[Edge, ...]:
    """Every reference, in order; one that leads nowhere keeps the text that stands there as its target."""
    return tuple(sorted(set(_edges(entry_set))))


def _edges(entry_set: EntrySet) -> Iterator[Edge]:
    for item in entry_set.items.values():
        for path, text, target, in_fleet in references_of(entry_set, item):
            name = target.address if target is not None else text
            yield Edge(item.address, name, show_path(path), target is None, target is None and in_fleet)


def around(found: Iterable[Edge], address: str) -> tuple[Edge, ...]:
    """The edges on every way to and from an address."""
    everything = tuple(found)
    upstream = _reach(everything, address, forwards=False)
    downstream = _reach(everything, address, forwards=True)
    return tuple(edge for edge in everything if edge.source in downstream or edge.target in upstream)


def _reach(found: Iterable[Edge], start: str, *, forwards: bool) -> set[str]:
    links: dict[str, list[str]] = {}
    for edge in found:
        source, target = (edge.source, edge.target) if forwards else (edge.target, edge.source)
        links.setdefault(source, []).append(target)
    seen, waiting = {start}, [start]
    while waiting:
        for target in links.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen
