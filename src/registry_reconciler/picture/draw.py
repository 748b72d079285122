"""A picture as SVG, alone or in a page. Every text in it passes the environment of all pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.picture.choose import Arrow, Picture
from registry_reconciler.picture.layout import HEIGHT, Point, layout

_HERE = Path(__file__).parent
_WIDTHS = 24
"""Nodes have one of a few widths, so that many pictures have one shape."""
_LETTER = 7.4
_LONGEST = 34
_MARGIN = 12
_LABELLED = 40
"""So many arrows have their fields beside them; in a picture of more only a hint on the arrow."""


class Box(Struct, frozen=True):
    """A node as it is drawn: its middle, its size, its words, and where it leads, or ""."""

    x: float
    y: float
    width: int
    kind: str
    key: str
    address: str
    link: str
    look: str


class Way(Struct, frozen=True):
    """An arrow as it is drawn."""

    path: str
    tip: str
    hint: str
    label: str
    at: Point
    look: str
    anchor: str
    right: float
    bottom: float


def svg(picture: Picture, link: Callable[[str], str] | None = None, *, alone: bool = True) -> Any:
    """The picture as SVG.

    Args:
        link: where a node leads; "" where nowhere.
        alone: as a file of its own, with its style; else as a part of a page.

    Raises:
        MissingExtra: grandalf is not installed.
    """
    from registry_reconciler.web import file_text, inline, macros

    boxes, ways = _laid_out(picture, link or (lambda _address: ""))
    page = macros(_HERE, "picture.j2")
    style = inline(file_text("theme.css") + file_text("graph.css")) if alone else ""
    width = max((box.x + box.width / 2 for box in boxes), default=0) + _MARGIN
    width = max([width, *(way.right for way in ways)])
    height = max([box.y + HEIGHT / 2 for box in boxes] + [way.bottom for way in ways], default=0) + _MARGIN
    text = page.svg(boxes, ways, round(width), round(height), _title(picture), style, HEIGHT)
    return text if not alone else str(text).strip() + "\n"


def page(picture: Picture, title: str) -> str:
    """The picture in a page that loads nothing, with all that it shows as a list below it."""
    from registry_reconciler.web import inline, inline_policy, macros, page_style

    style = page_style()
    head = inline_policy([style], []), inline(style)
    text = macros(_HERE, "picture.j2").page(
        title, svg(picture, alone=False), picture.subject, picture.arrows, picture.left_out, *head
    )
    return str(text).lstrip()


def _title(picture: Picture) -> str:
    about = f"around {visible(picture.subject)}" if picture.subject else "what refers to what"
    return f"Graph {about}: {len(picture.nodes):,} nodes, {len(picture.arrows):,} arrows"


def _laid_out(picture: Picture, link: Callable[[str], str]) -> tuple[list[Box], list[Way]]:
    numbers = {node: number for number, node in enumerate(picture.nodes)}
    words = [_words(node) for node in picture.nodes]
    widths = tuple(map(_width, words))
    ends = tuple((numbers[arrow.source], numbers[arrow.target]) for arrow in picture.arrows)
    places, ways = layout(widths, ends)
    moved = [(x + _MARGIN, y + _MARGIN) for x, y in places]
    boxes = [
        Box(*at, width, *parts, node, link(node), _look(picture, node))
        for node, parts, width, at in zip(picture.nodes, words, widths, moved, strict=True)
    ]
    labelled = len(picture.arrows) <= _LABELLED
    drawn = [
        _way(arrow, boxes[source], boxes[target], points, labelled)
        for arrow, (source, target), points in zip(picture.arrows, ends, ways, strict=True)
    ]
    return boxes, drawn


def _look(picture: Picture, node: str) -> str:
    return "subject" if node == picture.subject else "nothing" if node in picture.nothing else "there"


def _words(node: str) -> tuple[str, str]:
    """Kind and key, short enough to be drawn."""
    kind, slash, key = node.partition("/")
    kind, key = (kind, key) if slash else ("", node)
    return _short(kind), _short(key)


def _short(text: str) -> str:
    text = visible(text)
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 + 1 :]}"


def _width(words: tuple[str, str]) -> int:
    needed = max(len(words[1]) * _LETTER, len(words[0]) * _LETTER * 0.84) + 18
    return int(-(-needed // _WIDTHS) * _WIDTHS)


def _way(arrow: Arrow, source: Box, target: Box, points: Sequence[Point], labelled: bool) -> Way:
    """A curve from side to side: the right one of what refers to the left one of what it refers to."""
    hint = f"{arrow.source} → {arrow.target}: {', '.join(arrow.fields)}"
    look = "nothing" if arrow.nothing else "there"
    label = _short(arrow.label) if labelled else ""
    if source is target:
        x, y = source.x + source.width / 2, source.y
        path = f"M{x:g} {y - 8:g}c34 -14 34 30 6 16"
        right = x + 44 + len(label) * _LETTER
        return Way(path, _tip(x, y + 8, -1), hint, label, (x + 34, y + 2), look, "start", right, 0)
    forwards = target.x > source.x
    sign = 1 if forwards else -1
    start = (source.x + sign * source.width / 2, source.y)
    end = (target.x - sign * target.width / 2, target.y)
    if source.x == target.x:
        start, end, sign = (source.x + source.width / 2, source.y), (target.x + target.width / 2, target.y), 1
    if not forwards:  # beside the way there, not on it
        start, end = (start[0], start[1] + 9), (end[0], end[1] + 9)
    between = [(x + _MARGIN, y + _MARGIN) for x, y in points]
    stops = [start, *(between if forwards else []), (end[0] - sign * 7, end[1])]
    path = f"M{start[0]:g} {start[1]:g}"
    for (x, y), (next_x, next_y) in pairwise(stops):
        reach = max(abs(next_x - x) / 2, 20)
        path += f"C{x + sign * reach:g} {y:g} {next_x - sign * reach:g} {next_y:g} {next_x:g} {next_y:g}"
    at = (stops[0][0] + (stops[1][0] - stops[0][0]) / 2, stops[0][1] + (stops[1][1] - stops[0][1]) / 2 - 4)
    bottom = max(y for _, y in stops)
    return Way(path, _tip(*end, sign), hint, label, at, look, "middle", 0, bottom)


def _tip(x: float, y: float, sign: int) -> str:
    return f"M{x:g} {y:g}l{-8 * sign:g} -4v8z"
