"""Patterns of paths and addresses, field selectors, and what a kind's file pattern and steps mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.base.globs import Glob, matches_address
from registry_reconciler.model.fields import Selector, with_value, without
from registry_reconciler.model.kind import FilePattern, KindError, parse_at


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a/*.yaml", "a/b.yaml", True),
        ("a/*.yaml", "a/b/c.yaml", False),
        ("a/**/c.yaml", "a/c.yaml", True),
        ("a/**/c.yaml", "a/b/b/c.yaml", True),
        ("a/**", "a/b/c", True),
        ("a/?.yaml", "a/bc.yaml", False),
        ("a/[bc].yaml", "a/c.yaml", True),
        ("a/[!bc].yaml", "a/c.yaml", False),
        ("a/[z-a].yaml", "a/[z-a].yaml", True),
        ("a.b", "axb", False),
        ("*", "a\nb", True),
    ],
)
def test_path_globs(pattern: str, path: str, matches: bool) -> None:
    assert Glob(pattern).matches(path) is matches


def test_a_walk_is_pruned_where_nothing_can_match() -> None:
    glob = Glob("a/*/c/*.yaml")
    assert glob.root == "a"
    assert glob.may_match_below("a/x")
    assert glob.may_match_below("a/x/c")
    assert not glob.may_match_below("a/x/d")
    assert not glob.may_match_below("b")


@pytest.mark.parametrize(
    ("pattern", "address", "matches"),
    [
        ("route/a", "route/a", True),
        ("route/*", "route/a/b", True),
        ("*", "route/a", True),
        ("rou*", "route/a", True),
        ("route/a[1]", "route/a[1]", True),  # an exact address wins over its reading as a glob
        ("route/a", "route/ab", False),
        ("hook/*", "route/a", False),
    ],
)
def test_address_globs(pattern: str, address: str, matches: bool) -> None:
    assert matches_address(pattern, address) is matches


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


def _matches(pattern: list[str], parts: list[str]) -> bool:
    """What a glob means, by trying everything."""
    if not pattern:
        return not parts
    first, rest = pattern[0], pattern[1:]
    if first == "**" and not rest:
        return bool(parts)
    if first == "**":
        return any(_matches(rest, parts[skip:]) for skip in range(len(parts)))
    return bool(parts) and _name_matches(first, parts[0]) and _matches(rest, parts[1:])


def _name_matches(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_name_matches(pattern[1:], name[skip:]) for skip in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and _name_matches(pattern[1:], name[1:])


_NAMES = st.text("ab", min_size=1, max_size=5)


@given(
    st.lists(st.text("ab*?", min_size=1, max_size=6) | st.just("**"), min_size=1, max_size=5),
    st.lists(_NAMES, min_size=1, max_size=6),
)
def test_a_glob_matches_what_trying_everything_matches(pattern: list[str], parts: list[str]) -> None:
    assert Glob("/".join(pattern)).matches("/".join(parts)) is _matches(pattern, parts)


@pytest.mark.parametrize(
    ("pattern", "text"), [("*a" * 40 + "b", "a" * 4000), ("**/" + "*/a/**/" * 20 + "b", "a/" * 1000 + "a")]
)
def test_a_glob_of_many_stars_ends(pattern: str, text: str) -> None:
    assert not Glob(pattern).matches(text)
    assert not matches_address(f"m/{pattern}", f"m/{text}")


def test_a_pattern_longer_than_any_path_matches_nothing() -> None:
    assert not Glob("a" * 5000).matches("a" * 5000)


def test_a_place_with_too_many_ways_to_read_it_is_refused() -> None:
    for text in ("{a}{b}{c}{d}.yaml", "*{a}*{b}.yaml", "**/{a}/**/{b}/**/c.yaml"):
        with pytest.raises(KindError, match="too many"):
            FilePattern.parse(text)
    assert FilePattern.parse("**/{a}-{b}/**/*.yaml").match("x/1-2/y.yaml") == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("[+--]", "+,-", "a."),
        ("[--a]", "-A_a", ",b"),
        ("[a--]", "", "a-"),  # no range: the brackets stand for themselves
        ("[?--]", "", "?-"),
        ("[a-c-]", "abc-", "d"),
        ("[---]", "-", "a,"),
        ("[!--a]", "b,", "-a/"),
        ("[a^&&~~||[]", "a^&~|[", "b]"),
    ],
)
def test_a_set_means_its_characters_and_ranges(pattern: str, fits: str, fits_not: str) -> None:
    glob = Glob(pattern)
    assert [one for one in fits if not glob.matches(one)] == []
    assert [one for one in fits_not if glob.matches(one)] == []
