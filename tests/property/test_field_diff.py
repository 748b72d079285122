"""Laws of the differences that a plan shows: they lead from the one value to the other, and are few."""

from __future__ import annotations

from collections.abc import Callable

from deepdiff import DeepDiff
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.model.entry import Json, same
from registry_reconciler.planning.field_diff import applied, diff_values

scalars = st.sampled_from(["a", "b", "c", "d", "", None, 1, 2, True])
floats_too = st.sampled_from(["a", "", None, 1, True, 1.0, 0, False, 0.0])


def trees(leaves: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)
        ),
        max_leaves=20,
    )


@st.composite
def edited(draw: st.DrawFn) -> tuple[Json, Json]:
    """A value, and the same with a few edits: what people compare."""
    before = draw(trees(scalars))
    return before, draw(edit(before))


def edit(value: Json) -> st.SearchStrategy[Json]:
    if isinstance(value, list):
        return st.one_of(
            st.just(value),
            st.permutations(value).map(list),
            *(edit(old).map(_put(value, k, k + 1)) for k, old in enumerate(value)),
            *(scalars.map(_put(value, k, k)) for k in range(len(value) + 1)),
            *(st.just([*value[:k], *value[k + 1 :]]) for k in range(len(value))),
        )
    if isinstance(value, dict) and value:
        return st.one_of(
            *(edit(old).map(_set(value, name)) for name, old in value.items()),
            *(st.just({k: v for k, v in value.items() if k != name}) for name in value),
        )
    return scalars


def _put(value: list[Json], start: int, end: int) -> Callable[[Json], Json]:
    return lambda new: [*value[:start], new, *value[end:]]


def _set(value: dict[str, Json], name: str) -> Callable[[Json], Json]:
    return lambda new: {**value, name: new}


pairs = edited() | st.tuples(trees(scalars), trees(scalars))


@settings(max_examples=500, deadline=None)
@given(pairs | st.tuples(trees(floats_too), trees(floats_too)))
def test_what_is_shown_applied_to_the_old_value_gives_the_new(pair: tuple[Json, Json]) -> None:
    before, after = pair
    fields = diff_values(before, after)
    assert same(applied(before, fields), after)
    for one in fields:
        assert not same(one.before, one.after)


@settings(max_examples=500, deadline=None)
@given(pairs)
def test_no_more_changes_are_shown_than_deepdiff_finds(pair: tuple[Json, Json]) -> None:
    before, after = pair
    # It takes 1 and true for equal, which they are nowhere here.
    tree = DeepDiff(_spelled(before), _spelled(after), threshold_to_diff_deeper=0, view="tree")
    assert len(diff_values(before, after)) <= sum(len(found) for found in tree.values())


def _spelled(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _spelled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_spelled(inner) for inner in value]
    return f"!{value}" if isinstance(value, bool) else value


def shown(before: Json, after: Json) -> list[tuple[object, ...]]:
    return [(one.path, one.action) for one in diff_values(before, after)]


def test_items_that_moved_by_one_are_one_that_came_and_one_that_went() -> None:
    assert shown(list("abcd"), list("xabc")) == [((0,), "create"), ((3,), "delete")]
    assert shown(list("abcz"), list("zabc")) == [((0,), "create"), ((3,), "delete")]
    assert shown([{"i": k} for k in "abcd"], [{"i": k} for k in "xabc"]) == [
        ((0,), "create"),
        ((3,), "delete"),
    ]


def test_two_items_that_changed_places_are_two_updates() -> None:
    assert shown(["a", "b"], ["b", "a"]) == [((0,), "update"), ((1,), "update")]


def test_an_item_that_goes_does_not_make_the_next_one_look_changed() -> None:
    before = [{"id": "a", "v": 1, "w": 1}, {"id": "b", "v": 2, "w": 2}, {"id": "c", "v": 3, "w": 3}]
    after = [{"id": "b", "v": 9, "w": 2}, {"id": "c", "v": 3, "w": 3}]
    assert shown(before, after) == [((0, "v"), "update"), ((0,), "delete")]
