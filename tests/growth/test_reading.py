"""Texts that are composed to be judged strictly take about twice as many steps when there is twice as much of them."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.yaml.read.document import read_yaml
from tests.growth.counting import steps

ITEMS = {
    "an open line": "- a: |\n    Text\n    of lines.\n  b: [x, y]\nplain",
    "block scalars that keep": "- a: |+\n    Text\n\n  b: >+\n    Text\n\n",
    "blanks before a block": "- a: |\n   \n    Text.\n",
    "directives in texts": "- a: |\n    Text\n  b: 'x\n    %y'\n",
    "faults": "- [-, -]\n",
    "brackets": "- [{a: [b, {c: d}]}, 'x',\n   y]\n",
}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_reading_strictly_grows_with_the_text(item: str) -> None:
    head, _, _tail = item.partition("plain")

    def text(size: int) -> bytes:
        return (head * size).encode() + (b"- word\n  more\n" if "plain" in item else b"- |+\n  x\n\n")

    small, large = text(300), text(600)
    read_yaml(large)
    assert steps(lambda: read_yaml(large)) < 2.5 * steps(lambda: read_yaml(small))


def test_a_part_of_an_iterable_is_not_searched_for_each_line() -> None:
    """What stands inside one step of Python counts too: no step may look at all of the text."""
    text = b"- a: |+\n    Text\n\n" * 20_000 + b"- word\n  more\n"
    assert read_yaml(text).readable
