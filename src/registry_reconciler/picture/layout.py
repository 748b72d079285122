"""Where the nodes of a picture stand: in layers from left to right, laid out by grandalf.

A layout depends on the sizes of the nodes and on the arrows alone, by their numbers. Of a catalogue's thousands of
small pictures most have one of a few shapes, so each shape is laid out once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from registry_reconciler.errors import MissingExtra

HEIGHT = 40
"""The height of every node."""

_GAP = 18
LAYER_GAP = 90
"""From layer to layer, where arrows have no words beside them."""

Point = tuple[float, float]


@lru_cache(maxsize=4_096)
def layout(
    widths: tuple[int, ...], arrows: tuple[tuple[int, int], ...], gap: int = LAYER_GAP
) -> tuple[tuple[Point, ...], tuple[tuple[Point, ...], ...]]:
    """The middle of each node, and the points between the ends of each arrow; none is below zero.

    Raises:
        MissingExtra: grandalf is not installed.
    """
    try:
        from grandalf.graphs import Graph
    except ModuleNotFoundError as error:
        raise MissingExtra("site", "a picture of a graph") from error

    make_vertex, make_edge = _numbered()
    vertices = [make_vertex(number) for number in range(len(widths))]
    for vertex, width in zip(vertices, widths, strict=True):
        vertex.view = _LayoutNode(width)
    # In a circle one arrow has to run backwards: it is laid out the other way round.
    ways = _without_circles(len(widths), arrows)
    lines = {
        ends: make_edge(number, vertices[ends[0]], vertices[ends[1]])
        for number, ends in enumerate(dict.fromkeys(ways))
        if ends[0] != ends[1]
    }
    for line in lines.values():
        line.view = _Line()
    bottom = 0.0
    for component in Graph(vertices, list(lines.values())).C:
        _lay_out(component, gap)
        bottom = _shift(
            [vertex.view for vertex in component.sV], [line.view for line in component.sE], bottom
        )
    return (
        tuple(_turned(vertex.view.xy) for vertex in vertices),
        tuple(() if way[0] == way[1] else tuple(map(_turned, lines[way].view.points[1:-1])) for way in ways),
    )


def _without_circles(count: int, arrows: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """The arrows, those turned round that lead back to where a walk came from."""
    links: list[list[int]] = [[] for _ in range(count)]
    for source, target in arrows:
        links[source].append(target)
    on_the_way, done = set[int](), set[int]()
    back = set[tuple[int, int]]()
    for start in range(count):
        walk = [(start, iter(links[start]))] if start not in done else []
        on_the_way.update([start] if walk else [])
        while walk:
            node, rest = walk[-1]
            following = next(rest, None)
            if following is None:
                on_the_way.discard(node)
                done.add(node)
                walk.pop()
            elif following in on_the_way:
                back.add((node, following))
            elif following not in done:
                on_the_way.add(following)
                walk.append((following, iter(links[following])))
    return [(target, source) if (source, target) in back else (source, target) for source, target in arrows]


@cache
def _numbered() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Vertices and edges that know their number.

    grandalf puts them into sets. By their place in memory, they would come out of these in another order each time, and
    the same graph would have another picture.
    """
    from grandalf.graphs import Edge, Vertex

    class NumberedVertex(Vertex):  # type: ignore[misc]
        def __init__(self, number: int) -> None:
            super().__init__(number)
            self.number = number

        def __hash__(self) -> int:
            return self.number

    class NumberedEdge(Edge):  # type: ignore[misc]
        def __init__(self, number: int, source: Any, target: Any) -> None:
            self.number = number
            super().__init__(source, target)

        def __hash__(self) -> int:
            return self.number

    return NumberedVertex, NumberedEdge


class _LayoutNode:
    """A node as grandalf sees it: it works from top to bottom, so width and height are exchanged."""

    def __init__(self, width: int) -> None:
        self.w, self.h = HEIGHT, width
        self.xy: Point = (0.0, 0.0)


class _Line:
    """An arrow as grandalf sees it: it is told its points, ends included."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    def setpath(self, points: list[Point]) -> None:
        """See the class."""
        self.points = [tuple(point) for point in points]  # type: ignore[misc]


def _lay_out(component: Any, gap: int) -> None:
    from grandalf.layouts import SugiyamaLayout
    from grandalf.routing import route_with_lines

    laid_out = SugiyamaLayout(component)
    laid_out.xspace, laid_out.yspace = _GAP, gap
    laid_out.route_edge = route_with_lines
    laid_out.init_all(optimize=len(component.sV) < _OPTIMISED)
    laid_out.draw(2 if len(component.sV) <= _OPTIMISED else 1)


_OPTIMISED = 20
"""Up to so many nodes the layers are made as short as can be, and the rows are looked at twice."""


def _shift(nodes: list[_LayoutNode], lines: list[_Line], bottom: float) -> float:
    """Put a part of the picture below those before it; how far it reaches."""
    left = min([node.xy[0] - node.w / 2 for node in nodes] + [x for line in lines for x, _ in line.points])
    top = min([node.xy[1] - node.h / 2 for node in nodes] + [y for line in lines for _, y in line.points])
    move = bottom - left
    for node in nodes:
        node.xy = (node.xy[0] + move, node.xy[1] - top)
    for line in lines:
        line.points = [(x + move, y - top) for x, y in line.points]
    reach = [node.xy[0] + node.w / 2 for node in nodes] + [x for line in lines for x, _ in line.points]
    return max(reach) + _GAP * 2


def _turned(point: Point) -> Point:
    return round(point[1], 1), round(point[0], 1)
