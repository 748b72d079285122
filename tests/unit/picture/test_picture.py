"""Pictures of references: one choice of nodes, drawn alike in each format, in layers, and harmless."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from random import Random
from xml.dom.minidom import parseString

import pytest

from registry_reconciler.picture import References, dot, mermaid, of_kinds, page, svg, whole
from registry_reconciler.picture.layout import HEIGHT, layout
from registry_reconciler.queries.graph import Edge

CHAIN = tuple(Edge(f"a/{number}", f"a/{number + 1}", "next") for number in range(9))
HOSTILE = '"><script>alert(1)</script>]; \u202e'


def test_a_neighbourhood_goes_two_steps_both_ways_and_counts_the_rest() -> None:
    assert References(CHAIN).around("a/4").nodes == ("a/4", "a/5", "a/6", "a/3", "a/2")
    assert len(References(CHAIN).around("a/4", None).nodes) == 10
    star = [Edge(f"a/{number:03}", "a/hub", "to") for number in range(300)]
    picture = References(star).around("a/hub")
    assert (len(picture.nodes), picture.left_out) == (200, 101)
    assert References(star).around("a/007").nodes == ("a/007", "a/hub")


def test_the_same_nodes_and_arrows_are_in_each_format() -> None:
    edges = [
        *CHAIN,
        Edge("a/4", "b/gone", "other", True),
        Edge("a/4", "a/4", "self"),
        Edge("a/5", "a/3", "back"),
    ]
    picture = References(edges).around("a/4")
    texts = {
        "dot": dot(picture),
        "mermaid": mermaid(picture),
        "svg": svg(picture),
        "html": page(picture, "t"),
    }
    for name, text in texts.items():
        for node in picture.nodes:
            assert node in text, name
        for label in ("next", "other", "self", "back"):
            assert label in text, name
    assert texts["dot"].count(" -> ") == texts["mermaid"].count("|") / 2 == len(picture.arrows)
    assert texts["svg"].count('class="tip"') == len(picture.arrows)
    assert "penwidth=3" in texts["dot"]
    assert "stroke-width:3px" in texts["mermaid"]
    assert 'class="node subject"' in texts["svg"]


def test_it_is_laid_out_in_layers_and_nothing_overlaps() -> None:
    arrows = tuple((number // 3, number) for number in range(1, 200))
    places, _ = layout((96,) * 200, arrows)
    for source, target in arrows:
        assert places[source][0] < places[target][0]
    spots = sorted(places)
    for (x, y), (next_x, next_y) in pairwise(spots):
        assert next_x > x or next_y - y >= HEIGHT
    assert min(x for x, _ in places) >= 0
    assert layout((96,) * 200, arrows)[0] == places


def test_circles_and_parts_that_do_not_hang_together_are_laid_out() -> None:
    places, _ = layout((96,) * 7, ((0, 1), (1, 2), (2, 0), (3, 3), (4, 5), (5, 4)))
    assert len(set(places)) == 7


def test_any_graph_is_laid_out() -> None:
    # Circles that grandalf alone cannot rank, and random ones.
    circle = ((4, 9), (4, 7), (9, 8), (1, 4), (1, 5), (1, 6), (8, 0), (2, 7), (0, 1), (0, 2), (0, 3))
    chance = Random(7)
    graphs = [(10, circle)] + [
        (count, tuple((chance.randrange(count), chance.randrange(count)) for _ in range(count * 3 // 2)))
        for count in [2, 3, 5, 8, 12, 20, 30] * 4
    ]
    for count, arrows in graphs:
        places, ways = layout((96,) * count, tuple(dict.fromkeys(arrows)))
        assert len(set(places)) == count
        assert len(ways) == len(set(arrows))


@pytest.mark.parametrize("where", ["source", "target", "field"])
def test_hostile_names_are_inert(where: str) -> None:
    names = {"source": "a/x", "target": "a/y", "field": "f"}
    names[where] = f"a/{HOSTILE}"
    picture = whole([Edge(names["source"], names["target"], names["field"])])
    text = str(svg(picture, lambda address: f"x/{address}"))
    assert parseString(text).getElementsByTagName("script") == []
    assert re.findall(r"<script>.{9}", page(picture, HOSTILE)) == ['<script>"use stri']
    assert "\u202e" not in text + page(picture, HOSTILE) + dot(picture) + mermaid(picture)


def test_kinds_are_drawn_among_each_other() -> None:
    picture = of_kinds(
        [Edge("a/1", "b/1", "x[0]"), Edge("a/2", "b/2", "x[1]"), Edge("a/1", "q", "y", True)], "abc"
    )
    assert picture.nodes == ("a", "b", "c")
    assert [(arrow.source, arrow.target, arrow.fields) for arrow in picture.arrows] == [("a", "b", ("x[]",))]
    assert re.search(r'aria-label="Graph what refers to what: 3 nodes, 1 arrows"', str(svg(picture)))


def test_a_graph_has_the_same_picture_in_every_process() -> None:
    """grandalf puts nodes and arrows into sets; by their place in memory they came out in any order."""
    code = (
        "import random; from registry_reconciler.picture.layout import layout; r = random.Random(7)\n"
        "for n in range(5, 40, 5):\n"
        "    ways = dict.fromkeys((r.randrange(n), r.randrange(n)) for _ in range(2 * n))\n"
        "    print(layout((100,) * n, tuple(ways)))\n"
    )
    run = [sys.executable, "-c", code]
    first, *others = (subprocess.run(run, check=True, capture_output=True).stdout for _ in range(3))
    assert first
    assert others == [first, first]


def test_what_another_repository_may_have_is_not_drawn_as_missing() -> None:
    elsewhere = Edge("t/a", "t/b", "uses", dangling=True, in_fleet=True)
    nowhere = Edge("t/a", "t/c", "uses", dangling=True)
    picture = whole((elsewhere, nowhere))
    assert picture.nothing == {"t/c"}
    assert [(arrow.target, arrow.nothing) for arrow in picture.arrows] == [("t/b", False), ("t/c", True)]
