"""Blank lines and a last line end may be a part of the block scalar above: what goes there leaves what it says."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, Update
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.row import YAML

TEXT = " set in\nrest\n"
CASES: dict[str, tuple[str, list[Edit]]] = {
    "what becomes one, and what goes behind it": (
        "- {a: 1}\n- b\n   ",
        [Update(0, (0,), TEXT), Remove(0, (1,))],
    ),
    "the same further inside": (
        "- k: {a: 1}\n- b\n      \n",
        [Update(0, (0, "k"), "t\n"), Remove(0, (1,))],
    ),
    "comments between what goes": (
        "a: q\nb: q\n\n  # in\nc: q\nd: 1\n",
        [Update(0, ("a",), "t\n"), Remove(0, ("b",)), Remove(0, ("c",))],
    ),
    "what comes where all goes": (
        "- {a: 1}\n      \n- b\n",
        [Insert(0, (), "t\n", index=0), Remove(0, (0,)), Remove(0, (1,))],
    ),
    "a line of blanks of its own": ("a: |\n  t\n      \nb: q\n", [Remove(0, ("b",))]),
    "blanks that the one before it takes along": (
        "a: >\n  t\n      \nb: q\n    # in\n",
        [Update(0, ("a",), TEXT), Remove(0, ("b",))],
    ),
    "a last line end that it asks for": ("- |+\n  t", [Update(0, (0,), "t\n")]),
    "the same beside other edits": ("a: 1\nb: |+\n  t", [Remove(0, ("a",)), Update(0, ("b",), "t\n")]),
    "a last line end that it does not ask for": ("a: 1\nb: |+\n  t", [Remove(0, ("a",))]),
    "a last line that would be blanks": ("a: |-\n  t\n      \nb: q", [Remove(0, ("b",))]),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", CASES)
def test_what_goes_behind_a_block_scalar_leaves_what_it_says(name: str, newline: str) -> None:
    text, edits = CASES[name]
    data = text.replace("\n", newline).encode()
    made = YAML.read(YAML.splice(data, edits))
    assert not made.faults
    assert list(made.documents) == projected(YAML.read(data).documents, edits)
