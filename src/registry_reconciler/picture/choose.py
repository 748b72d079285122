"""What a picture shows: an entry with those around it, everything, or the kinds among each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.queries.graph import Edge

MOST_NODES = 200
"""A picture of more nodes is not read."""

STEPS = 2
"""So far does a picture around an entry go, where nobody says otherwise."""


class Arrow(Struct, frozen=True, order=True):
    """All references from one node to another. ``nothing``: they lead nowhere."""

    source: str
    target: str
    fields: tuple[str, ...]
    nothing: bool = False

    @property
    def label(self) -> str:
        """The fields in one line."""
        shown = ", ".join(self.fields[:3])
        return f"{shown}, …" if len(self.fields) > 3 else shown


class Picture(Struct, frozen=True):
    """Nodes and arrows, in order.

    Attributes:
        subject: the node that it is about, or "".
        nothing: the nodes that are named and not there.
        left_out: how many nodes there would be besides.
    """

    nodes: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    subject: str = ""
    nothing: frozenset[str] = frozenset()
    left_out: int = 0


class References:
    """Every reference of a workspace, asked from both ends."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self.out: dict[str, list[Edge]] = {}
        self.into: dict[str, list[Edge]] = {}
        for edge in edges:
            self.out.setdefault(edge.source, []).append(edge)
            self.into.setdefault(edge.target, []).append(edge)

    def around(self, address: str, steps: int | None = STEPS, most: int = MOST_NODES) -> Picture:
        """An entry, those that it refers to and those that refer to it, so many steps far; the nearest first."""
        nodes: dict[str, None] = {address: None}
        left_out: dict[str, None] = {}
        for links, forwards in ((self.out, True), (self.into, False)):
            ring, seen, step = [address], {address}, 0
            while ring and (steps is None or step < steps):
                step += 1
                found: dict[str, None] = {}
                for name in ring:
                    for edge in links.get(name, ()):
                        found[edge.target if forwards else edge.source] = None
                ring = [name for name in found if name not in seen]
                seen.update(ring)
                for name in ring:
                    (nodes if len(nodes) < most else left_out)[name] = None
        left = len([name for name in left_out if name not in nodes])
        return self._picture(nodes, address, left)

    def _picture(self, nodes: Mapping[str, None], subject: str, left_out: int) -> Picture:
        edges = [edge for name in nodes for edge in self.out.get(name, ()) if edge.target in nodes]
        return _drawn(tuple(nodes), edges, subject, left_out)


def whole(edges: Sequence[Edge], most: int | None = None) -> Picture:
    """Everything that refers or is referred to; of more nodes than ``most`` those that come first."""
    names = sorted({name for edge in edges for name in (edge.source, edge.target)})
    kept = dict.fromkeys(names[:most])
    inside = [edge for edge in edges if edge.source in kept and edge.target in kept]
    return _drawn(tuple(kept), inside, "", len(names) - len(kept))


def of_kinds(edges: Iterable[Edge], kinds: Iterable[str]) -> Picture:
    """The kinds among each other, as their entries refer; what leads nowhere is left out.

    Kinds of other places are beside them where entries refer to those.
    """
    arrows: dict[tuple[str, str], set[str]] = {}
    for edge in edges:
        if not edge.dangling:
            ends = edge.source.partition("/")[0], edge.target.partition("/")[0]
            arrows.setdefault(ends, set()).add(_without_numbers(edge.field))
    return Picture(
        tuple(sorted({*kinds, *(end for ends in arrows for end in ends)})),
        tuple(Arrow(*ends, tuple(sorted(fields))) for ends, fields in sorted(arrows.items())),
    )


def _without_numbers(field: str) -> str:
    import re

    return re.sub(r"\[\d+\]", "[]", field)


def _drawn(nodes: tuple[str, ...], edges: Iterable[Edge], subject: str, left_out: int) -> Picture:
    arrows: dict[tuple[str, str], dict[str, None]] = {}
    dangling: set[tuple[str, str]] = set()
    nothing: set[str] = set()
    for edge in edges:
        ends = edge.source, edge.target
        arrows.setdefault(ends, {})[edge.field] = None
        if edge.dangling and not edge.in_fleet:
            dangling.add(ends)
            nothing.add(edge.target)
    return Picture(
        nodes,
        tuple(Arrow(*ends, tuple(fields), ends in dangling) for ends, fields in sorted(arrows.items())),
        subject,
        frozenset(nothing),
        left_out,
    )
