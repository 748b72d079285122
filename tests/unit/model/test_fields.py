"""Field selectors, and parts of a value that are set or taken away."""

from __future__ import annotations

import pytest

from registry_reconciler.model.fields import Selector, with_value, without


def test_selectors_find_every_part_with_its_path() -> None:
    value = {"docs": [{"path": "a"}, {"path": "b"}, {}], "m": {"x": {"k": 1}, "y": {"k": 2}}, "a.b": 3}
    assert list(Selector.parse("docs[].path").find(value)) == [
        (("docs", 0, "path"), "a"),
        (("docs", 1, "path"), "b"),
    ]
    assert list(Selector.parse("m[].k").find(value)) == [(("m", "x", "k"), 1), (("m", "y", "k"), 2)]
    assert list(Selector.parse('"a.b"').find(value)) == [(("a.b",), 3)]
    assert list(Selector.parse("nothing.here").find(value)) == []


@pytest.mark.parametrize("text", ["", "a.", ".a", "a[", "a[0]", 'a"b'])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Selector.parse(text)


def test_parts_are_set_and_taken_away_without_touching_the_rest() -> None:
    value = {"a": {"b": 1, "c": 2}}
    assert without(value, ("a", "b")) == {"a": {"c": 2}}
    assert without(value, ("x",)) is value
    assert with_value(value, ("a", "d", "e"), 3) == {"a": {"b": 1, "c": 2, "d": {"e": 3}}}
    assert value == {"a": {"b": 1, "c": 2}}
