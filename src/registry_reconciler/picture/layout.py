"""Where the nodes of a picture stand: in layers from left to right, laid out by grandalf.

A layout depends on the sizes of the nodes and on the arrows alone, by their numbers. Of a catalogue's thousands of
small pictures most have one of a few shapes, so each shape is laid out once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from registry_reconciler.errors import MissingExtra

HEIGHT = 40
"""The height of every node."""

_GAP = 18
_LAYER_GAP = 90

Point = tuple[float, float]


@lru_cache(maxsize=4_096)
def layout(
    widths: tuple[int, ...], arrows: tuple[tuple[int, int], ...]
) -> tuple[tuple[Point, ...], tuple[tuple[Point, ...], ...]]:
    """The middle of each node, and the points between the ends of each arrow; none is below zero.

    Raises:
        MissingExtra: grandalf is not installed.
    """
    try:
        from grandalf.graphs import Edge, Graph, Vertex
    except ModuleNotFoundError as error:
        raise MissingExtra("site", "a picture of a graph") from error

    vertices = [Vertex(number) for number in range(len(widths))]
    for vertex, width in zip(vertices, widths, strict=True):
        vertex.view = _Node(width)
    lines = [Edge(vertices[source], vertices[target]) for source, target in arrows if source != target]
    for line in lines:
        line.view = _Line()
    bottom = 0.0
    for component in Graph(vertices, lines).C:
        _lay_out(component)
        bottom = _shift(
            [vertex.view for vertex in component.sV], [line.view for line in component.sE], bottom
        )
    ways = iter(lines)
    return (
        tuple(_turned(vertex.view.xy) for vertex in vertices),
        tuple(
            () if source == target else tuple(map(_turned, next(ways).view.points[1:-1]))
            for source, target in arrows
        ),
    )


class _Node:
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


def _lay_out(component: Any) -> None:
    from grandalf.layouts import SugiyamaLayout
    from grandalf.routing import route_with_lines

    laid_out = SugiyamaLayout(component)
    laid_out.xspace, laid_out.yspace = _GAP, _LAYER_GAP
    laid_out.route_edge = route_with_lines
    # Without roots of its own (everything in a circle) grandalf needs one named.
    first = [vertex for vertex in component.sV if not vertex.e_in()] or [next(iter(component.sV))]
    laid_out.init_all(roots=first, optimize=len(component.sV) < 1_000)
    laid_out.draw(2 if len(component.sV) <= 60 else 1)


def _shift(nodes: list[_Node], lines: list[_Line], bottom: float) -> float:
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
