"""Laws of comparing two lists."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.base import sequences
from registry_reconciler.base.sequences import common, common_length, equal_lines, unequal

LISTS = st.lists(st.sampled_from("abcdef"), max_size=30)
LONG = st.lists(st.sampled_from([f"{number}" for number in range(40)]), min_size=150, max_size=400)


def longest(left: list[str], right: list[str]) -> int:
    """How many pairs there can be, by the table that everybody knows."""
    row = [0] * (len(right) + 1)
    for one in left:
        last, row = row, [0] * (len(right) + 1)
        for index, other in enumerate(right):
            row[index + 1] = last[index] + 1 if one == other else max(last[index + 1], row[index])
    return row[-1]


def holds(left: list[str], right: list[str]) -> None:
    pairs = common(left, right)
    assert all(left[one] == right[other] for one, other in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


@given(LISTS, LISTS)
def test_pairs_are_equal_items_that_rise(left: list[str], right: list[str]) -> None:
    holds(left, right)


@given(LONG, LONG)
def test_pairs_of_long_lists_too(left: list[str], right: list[str]) -> None:
    holds(left, right)


@given(LISTS, LISTS)
def test_edits_find_the_most_pairs(left: list[str], right: list[str]) -> None:
    pairs = sequences._by_edits(left, right)
    assert pairs is not None
    assert len(pairs) == longest(left, right)
    assert all(left[one] == right[other] for one, other in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


@given(st.permutations(range(30)), st.permutations(range(30)))
def test_order_finds_the_most_pairs_where_nothing_repeats(left: list[int], right: list[int]) -> None:
    one, other = [str(k) for k in left], [str(k) for k in right]
    assert len(sequences._by_order(one, other)) == longest(one, other)


@given(LISTS, LISTS)
def test_what_is_unequal_is_all_but_the_pairs(left: list[str], right: list[str]) -> None:
    between = list(unequal(left, right))
    pairs = common(left, right)
    assert sum(high - low for low, high, _, _ in between) == len(left) - len(pairs)
    assert sum(high - low for _, _, low, high in between) == len(right) - len(pairs)
    assert all(low < high or new_low < new_high for low, high, new_low, new_high in between)


@given(LONG, st.integers(0, 149), st.integers(0, 149))
def test_a_long_list_with_two_items_gone_keeps_the_rest(left: list[str], first: int, second: int) -> None:
    right = [one for index, one in enumerate(left) if index not in (first, second)]
    assert len(common(left, right)) == len(right)


@pytest.mark.parametrize("size", [300, 5000])
def test_a_long_list_reversed_keeps_one_item(size: int) -> None:
    left = [str(number) for number in range(size)]
    assert len(common(left, left[::-1])) == 1


def test_repeated_items_that_others_come_between_all_stay() -> None:
    left, right = ["a"] * 1000, ["b", "a"] * 1000
    assert len(common(left, right)) == 1000


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(("a\n", "b\n", "\n", "a", "ab")), max_size=8), st.data())
def test_the_lines_that_two_texts_begin_and_end_with_are_all_of_them(
    pieces: list[str], data: st.DataObject
) -> None:
    before = "".join(pieces)
    start = data.draw(st.integers(0, len(before)))
    stop = data.draw(st.integers(start, len(before)))
    after = before[:start] + data.draw(st.sampled_from(("", "a", "b\n", "\n", "ab\na"))) + before[stop:]
    head, tail = equal_lines(before, after)
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    most = min(len(old), len(new))
    first = next((n for n in range(most) if old[n] != new[n] or not old[n].endswith("\n")), most)
    last = next((n for n in range(most - first) if old[-1 - n] != new[-1 - n]), most - first)
    assert (head, tail) == (len("".join(old[:first])), len("".join(old[len(old) - last :])))


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_equal_beginnings_are_found_to_the_byte_however_long_they_are(size: int, at: int) -> None:
    text = b"." * size
    other = text[:at] + b"!" + text[at + 1 :] if at < size else text
    assert common_length(size, lambda start, stop: text[start:stop] == other[start:stop]) == min(at, size)
