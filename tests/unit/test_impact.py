"""Who depends on what: directly, through others, and never more names than a plan can carry."""

from __future__ import annotations

from registry_reconciler.planning.impact import dependents


def test_dependents_are_followed_through_others() -> None:
    graph = {"a": ["b"], "b": ["c"], "c": ["a"]}
    assert dependents(graph, "a") == ("b", "c")
    assert dependents(graph, "nobody") == ()


def test_of_too_many_dependents_the_nearest_are_named() -> None:
    graph = {"a": ["b", "c"], "b": ["d"], "c": ["e"]}
    assert dependents(graph, "a", 2) == ("b", "c")
    assert dependents(graph, "a", 3) == ("b", "c", "d")


def test_a_large_circle_costs_no_more_than_what_is_named() -> None:
    size = 20_000
    graph = {str(number): [str((number + 1) % size)] for number in range(size)}
    assert len(dependents(graph, "0", 50)) == 50
