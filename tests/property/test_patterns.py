"""Many patterns asked at once give the answers of each asked alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.base.globs import Glob, Patterns, any_of, matches_address

TEXTS = st.text(alphabet="ab/*?[]!-z", min_size=1, max_size=7)
PATTERNS = st.lists(st.one_of(TEXTS, st.builds("{}/{}".format, TEXTS, TEXTS)), max_size=8)
ADDRESSES = st.builds("{}/{}".format, st.text("abz", min_size=1, max_size=3), st.text("abz/*[]", max_size=5))


@given(PATTERNS, ADDRESSES)
def test_patterns_mean_what_each_means(patterns: list[str], address: str) -> None:
    meant = [number for number, one in enumerate(patterns) if matches_address(one, address)]
    asked = Patterns(patterns)
    assert (address in asked) == bool(meant)
    assert asked.first(address) == min(meant, default=None)
    assert set(asked.some(address)) <= set(meant)


@given(PATTERNS, ADDRESSES)
def test_an_exact_address_is_not_read_as_a_glob(patterns: list[str], address: str) -> None:
    assert (address in Patterns(patterns, exact=patterns)) == (address in patterns)


@given(PATTERNS, ADDRESSES)
def test_any_of_some_globs(patterns: list[str], path: str) -> None:
    assert any_of(patterns)(path) == any(Glob(one).matches(path) for one in patterns)
