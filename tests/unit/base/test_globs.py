"""Globs over paths and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.base.globs import Glob, matches_address


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
