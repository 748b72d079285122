"""Who depends on what: directly, through others, and never more names than a plan can carry."""

from __future__ import annotations

from registry_reconciler.planning.impact import MOST_DEPENDENTS, Effort, Impact, Referrers, dependents


def found_from(
    graph: Referrers, start: str, most: int = MOST_DEPENDENTS, effort: Effort | None = None
) -> Impact:
    """What depends on one address."""
    return dependents([(graph, start)], start, most, effort or Effort())


def test_dependents_are_followed_through_others() -> None:
    graph = {"a": ["b"], "b": ["c"], "c": ["a"]}
    assert found_from(graph, "a") == Impact(("b", "c"), 2)
    assert found_from(graph, "nobody") == Impact()


def test_of_too_many_dependents_the_nearest_are_named() -> None:
    graph = {"a": ["b", "c"], "b": ["d"], "c": ["e"]}
    assert found_from(graph, "a", 2) == Impact(("b", "c"), 4)
    assert found_from(graph, "a", 3) == Impact(("b", "c", "d"), 4)


def test_a_large_circle_costs_no_more_than_what_is_named() -> None:
    size = 20_000
    graph = {str(number): [str((number + 1) % size)] for number in range(size)}
    found = found_from(graph, "0", 50, Effort(50_000, 50_000))
    assert (len(found.named), found.total, found.counted) == (50, size - 1, True)


def test_what_was_not_counted_is_said() -> None:
    graph = {str(number): [str(number + 1)] for number in range(100)}
    effort = Effort(20)
    found = found_from(graph, "0", 5, effort)
    assert not found.counted
    assert 5 < found.total < 100
    assert found_from(graph, "50", 5, effort) == Impact(("51",), 1, counted=False)


def test_the_effort_grows_with_the_changes_and_no_change_takes_all_of_it() -> None:
    graph = {str(number): [str(number + 1)] for number in range(10_000)}
    few, many = Effort.for_changes(1), Effort.for_changes(5_000)
    assert found_from(graph, "9000", 5, few) == Impact(("9001", "9002", "9003", "9004", "9005"), 1000)
    assert many.left == 100 * 5_000
    for start in range(3):
        found = found_from(graph, str(start), 5, many)
        assert not found.counted
        assert 10 < found.total < 200
    assert many.left > 100 * 4_990
