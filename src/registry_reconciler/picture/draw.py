"""A picture as SVG, alone or in a page. Every text in it passes the environment of all pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.picture.choose import Arrow, Picture
from registry_reconciler.picture.layout import HEIGHT, LAYER_GAP, Point, layout

_HERE = Path(__file__).parent
_WIDTHS = 24
"""Nodes have one of a few widths, so that many pictures have one shape."""
_LETTER = 7.4
_LONGEST = 34
_MARGIN = 18
_SMALL = 6.1
"""The width of a letter beside an arrow."""
_WIDEST_GAP = 190
_LABELLED = 40
"""So many arrows have their fields beside them; in a picture of more only a hint on the arrow."""


class _Spot(Struct, frozen=True):
    """Where a node is drawn: its box, and where its kind and its key are written, as attributes."""

    box: Any
    kind: Any
    key: Any


class _Way(Struct, frozen=True):
    """How an arrow is drawn: its line, its tip, where its label stands, and how far a label reaches to the right."""

    line: Any
    tip: Any
    label: Any
    right: float


class _Shape(Struct, frozen=True):
    """Everything of a picture but its words."""

    spots: tuple[_Spot, ...]
    ways: tuple[_Way, ...]
    width: float
    height: float


class _DrawnNode(Struct, frozen=True):
    x: float
    y: float
    width: int


def svg(picture: Picture, link: Callable[[str], str] | None = None, *, alone: bool = True) -> Any:
    """The picture as SVG.

    Args:
        link: where a node leads; "" where nowhere.
        alone: as a file of its own, with its style; else as a part of a page.

    Raises:
        MissingExtra: grandalf is not installed.
    """
    from registry_reconciler.web import file_text, inline, macros

    numbers = {node: number for number, node in enumerate(picture.nodes)}
    words = [_words(node) for node in picture.nodes]
    labels = [_short(arrow.label) if len(picture.arrows) <= _LABELLED else "" for arrow in picture.arrows]
    shape = _shape(
        tuple(_width(*parts) for parts in words),
        tuple(bool(kind) for kind, _ in words),
        tuple((numbers[arrow.source], numbers[arrow.target]) for arrow in picture.arrows),
        _gap(
            [
                label
                for label, arrow in zip(labels, picture.arrows, strict=True)
                if arrow.source != arrow.target
            ]
        ),
    )
    reach = [
        way.right + len(label) * _SMALL for way, label in zip(shape.ways, labels, strict=True) if way.right
    ]
    text = macros(_HERE, "picture.j2").svg(
        nodes=[
            (
                node,
                link(node) if link is not None else "",
                _look(picture, node),
                *parts,
                position.box,
                position.kind,
                position.key,
            )
            for node, parts, position in zip(picture.nodes, words, shape.spots, strict=True)
        ],
        ways=[
            (_hint(arrow), "nothing" if arrow.nothing else "there", label, way.line, way.tip, way.label)
            for arrow, label, way in zip(picture.arrows, labels, shape.ways, strict=True)
        ],
        width=round(max([shape.width, *reach])),
        height=round(shape.height),
        title=_title(picture),
        style=inline(file_text("theme.css") + file_text("graph.css")) if alone else "",
    )
    return text if not alone else str(text).strip() + "\n"


def page(picture: Picture, title: str) -> str:
    """The picture in a page that loads nothing, with all that it shows as a list below it."""
    from registry_reconciler.web import file_text, inline, inline_policy, macros, page_style

    style, script = page_style(), file_text("picture.js")
    text = macros(_HERE, "picture.j2").page(
        title,
        svg(picture, alone=False),
        picture.subject,
        picture.arrows,
        picture.left_out,
        inline_policy([style], [script]),
        inline(style),
        inline(script),
    )
    return str(text).lstrip()


def _title(picture: Picture) -> str:
    about = f"around {visible(picture.subject)}" if picture.subject else "what refers to what"
    return f"Graph {about}: {len(picture.nodes):,} nodes, {len(picture.arrows):,} arrows"


def _hint(arrow: Arrow) -> str:
    return f"{arrow.source} → {arrow.target}: {', '.join(arrow.fields)}"


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


def _width(kind: str, key: str) -> int:
    needed = max(len(key) * _LETTER, len(kind) * _LETTER * 0.84) + 18
    return int(-(-needed // _WIDTHS) * _WIDTHS)


def _gap(labels: Sequence[str]) -> int:
    """Room for the longest words beside an arrow, in a few steps."""
    needed = max(map(len, labels), default=0) * _SMALL + 40
    return int(min(max(LAYER_GAP, -(-needed // _WIDTHS) * _WIDTHS), _WIDEST_GAP))


# What does not depend on words: of a catalogue's thousands of pictures most have one of a few shapes


@lru_cache(maxsize=4_096)
def _shape(
    widths: tuple[int, ...], two_lines: tuple[bool, ...], ends: tuple[tuple[int, int], ...], gap: int
) -> _Shape:
    places, between = layout(widths, ends, gap)
    nodes = [
        _DrawnNode(x + _MARGIN, y + _MARGIN, width) for (x, y), width in zip(places, widths, strict=True)
    ]
    ways, bottoms = [], []
    for (source, target), points in zip(ends, between, strict=True):
        way, bottom = _way(nodes[source], nodes[target], [(x + _MARGIN, y + _MARGIN) for x, y in points])
        ways.append(way)
        bottoms.append(bottom)
    right = max((node.x + node.width / 2 for node in nodes), default=0)
    bottom = max([node.y + HEIGHT / 2 for node in nodes] + bottoms, default=0)
    spots = tuple(map(_spot, nodes, two_lines))
    return _Shape(spots, tuple(ways), right + _MARGIN, bottom + _MARGIN)


def _spot(node: _DrawnNode, has_kind: bool) -> _Spot:
    left, top = node.x - node.width / 2, node.y - HEIGHT / 2
    return _Spot(
        _numbers(f'x="{left:g}" y="{top:g}" width="{node.width}" height="{HEIGHT}"'),
        _numbers(f'x="{node.x:g}" y="{node.y - 5:g}"'),
        _numbers(f'x="{node.x:g}" y="{node.y + (11 if has_kind else 4):g}"'),
    )


def _numbers(attributes: str) -> Any:
    """Attributes of numbers alone, to stand in a picture as they are."""
    from registry_reconciler.web import inline

    return inline(attributes)


def _way(source: _DrawnNode, target: _DrawnNode, between: Sequence[Point]) -> tuple[_Way, float]:
    """A curve from the right side of what refers to the left one of what it refers to; how low it reaches."""
    if (
        source is target
    ):  # a loop on the upper right corner, its words above the arrows that leave on the right
        x, y = source.x + source.width / 2, source.y - HEIGHT / 2
        label = _numbers(f'x="{x + 2:g}" y="{y - 4:g}" text-anchor="start"')
        line = _numbers(f'd="M{x - 32:g} {y:g}c0 -18 22 -18 22 -6"')
        return _Way(line, _numbers(f'd="M{x - 10:g} {y:g}l-4 -8h8z"'), label, x + 8), 0
    forwards = target.x > source.x
    sign = 1 if forwards else -1
    start = (source.x + sign * source.width / 2, source.y)
    end = (target.x - sign * target.width / 2, target.y)
    if source.x == target.x:
        start, end, sign = (source.x + source.width / 2, source.y), (target.x + target.width / 2, target.y), 1
    if not forwards:  # beside the way there, not on it
        start, end = (start[0], start[1] + 9), (end[0], end[1] + 9)
    stops = [start, *(between if forwards else []), (end[0] - sign * 7, end[1])]
    path = f"M{start[0]:g} {start[1]:g}"
    for (x, y), (next_x, next_y) in pairwise(stops):
        reach = max(abs(next_x - x) / 2, 20)
        path += f"C{x + sign * reach:g} {y:g} {next_x - sign * reach:g} {next_y:g} {next_x:g} {next_y:g}"
    x, y = stops[0][0] + (stops[1][0] - stops[0][0]) / 2, stops[0][1] + (stops[1][1] - stops[0][1]) / 2 - 4
    label = _numbers(f'x="{x:g}" y="{y if forwards else y + 16:g}" text-anchor="middle"')
    return _Way(_numbers(f'd="{path}"'), _tip(*end, sign), label, 0), max(y for _, y in stops)


def _tip(x: float, y: float, sign: int) -> Any:
    return _numbers(f'd="M{x:g} {y:g}l{-8 * sign:g} -4v8z"')
