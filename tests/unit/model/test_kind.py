"""What the file pattern and the steps of a kind mean."""

from __future__ import annotations

import pytest

from registry_reconciler.model.kind import FilePattern, KindError, parse_at


def test_a_file_pattern_binds_and_fills_its_placeholders() -> None:
    pattern = FilePattern.parse("registries/{area}/{id}-v*.yaml")
    assert pattern.match("registries/pay/x-v2.yaml") == {"area": "pay", "id": "x"}
    assert pattern.match("registries/pay/deep/x-v2.yaml") is None
    assert pattern.open
    assert FilePattern.parse("a/{id}/{id}.yaml").match("a/x/y.yaml") is None
    assert FilePattern.parse("a/{id}.yaml").fill({"id": "x"}) == "a/x.yaml"


@pytest.mark.parametrize("text", ["a..b", "[x=y]", "a[x]", "{", "a.*x"])
def test_steps_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(KindError):
        parse_at(text)


def test_a_place_with_too_many_ways_to_read_it_is_refused() -> None:
    for text in ("{a}{b}{c}{d}.yaml", "*{a}*{b}.yaml", "**/{a}/**/{b}/**/c.yaml"):
        with pytest.raises(KindError, match="too many"):
            FilePattern.parse(text)
    assert FilePattern.parse("**/{a}-{b}/**/*.yaml").match("x/1-2/y.yaml") == {"a": "1", "b": "2"}
