"""What edits of values give: two that contradict each other are refused, whatever their order."""

from __future__ import annotations

from itertools import permutations

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, RenameKey, SpliceError, Update
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.edit.splice import splice
from registry_reconciler.model.entry import Json

BEFORE: list[Json] = [{"a": {"x": 1}, "b": 2}]
OTHERS: list[Edit] = [Update(0, ("a",), {"x": 6}), Update(0, ("a", "x"), 7), Insert(0, ("a",), 8, key="y")]
PAIRS: list[tuple[Edit, Edit]] = [
    *((edit, other) for edit in (Update(0, ("a",), {"x": 5}), Remove(0, ("a",))) for other in OTHERS),
    (RenameKey(0, ("b",), "c"), RenameKey(0, ("b",), "d")),
]


@pytest.mark.parametrize("pair", PAIRS)
def test_two_edits_that_contradict_each_other_are_refused(pair: tuple[Edit, Edit]) -> None:
    for edits in permutations(pair):
        with pytest.raises(SpliceError, match="contradict each other"):
            projected(BEFORE, edits)


def test_an_edit_that_is_asked_for_twice_is_made_once() -> None:
    twice: list[Edit] = [Update(0, ("b",), 3), RenameKey(0, ("a",), "c"), Update(0, ("b",), 3)]
    assert projected(BEFORE, [*twice, *twice]) == [{"c": {"x": 1}, "b": 3}]


def test_yaml_writes_once_what_is_asked_for_twice_and_refuses_what_differs() -> None:
    twice: list[Edit] = [Update(0, ("a",), {"y": 1}), Update(0, ("a",), {"y": 1})]
    assert splice(b"a: {x: 1}\n", twice) == b'a: {"y": 1}\n'
    with pytest.raises(SpliceError, match="two edits of a contradict each other"):
        splice(b"a: {x: 1}\n", [*twice, Update(0, ("a",), {})])
