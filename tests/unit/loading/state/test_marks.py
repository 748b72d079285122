"""What stands between the records of a state file: where the fragment has something between their entries."""

from __future__ import annotations

from functools import partial

import pytest

from registry_reconciler.loading.state import Applied, Record
from registry_reconciler.loading.state.files import parse_file, render_file
from registry_reconciler.merging.state import merge_state
from registry_reconciler.planning.fragment_breaks import breaks_of
from registry_reconciler.planning.state_shares import Stood, shares, stood_together


def records(*names: str) -> list[Record]:
    return [Record(f"t/{name}", Applied("abcdef", "v=x\n.\n.\n")) for name in names]


def addresses(*names: str) -> list[str]:
    return [f"t/{name}" for name in names]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("t:\n- id: a\n- id: b\n", [0, 0, 0]),
        ("# head\nt:\n# first\n- id: a\n\n# two\n# lines\n\n# apart\n- id: b\n# end\n", [1, 2, 1]),
        (
            "t:\r\n  # of a\r\n  - id: a\r\n    # inside\r\n    v: |\r\n      # text\r\n  - id: b\r\n",
            [1, 0, 0],
        ),
        ("t:\n- id: a\nu:\n# of b\n- id: b\n", [0, 3, 0]),
        ("t:\n- id: a\n---\nt:\n- id: b\n", [0, 3, 0]),
        ("t:\n- id: a\nmoved:\n# why\n- {from: t/x, to: t/y}\nu:\n- id: b\n", [0, 2, 0]),
        ("t:\n-\n  id: a\n- tags:\n  - x\n  # c\n  - y\n  id: b\n", [0, 0, 0]),
        ("t:\n\n- id: a\n\n- id: b\n\n", [0, 1, 0]),
        ("t:\r\n- id: a\r\n\r\n \r\n- id: b\r\n", [0, 1, 0]),
        ("t:\n- id: a\n\n# of b\n\n- id: b\n", [0, 1, 0]),
        ("t:\n- id: a\n\n  v: 1\n- id: b\n", [0, 0, 0]),
        ("t: [{id: a}, {id: b}]\n", None),
        ("t:\n- id: a\n", None),
        ("", None),
    ],
)
def test_what_stands_between_the_entries_of_a_fragment(text: str, found: list[int] | None) -> None:
    assert breaks_of(text, {"t", "u"}, 2) == found


def test_marks_are_read_as_they_were_written() -> None:
    some = records("a", "b", "c")
    for marks in ({}, {0: "~"}, {1: "#~", 3: "~"}, {2: "~~", 3: "#"}):
        for protects in ((), ("t/*",)):
            data = render_file("desired/t.yaml", some, protects, marks)
            found = parse_file("p", data)
            assert (found.records, found.marks, found.protects, found.faults) == (
                tuple(some),
                marks,
                protects,
                (),
            )
            crossed = parse_file("p", data.replace(b"\n", b"\r\n"))
            assert (crossed.records, crossed.marks) == (tuple(some), marks)


def test_a_new_record_brings_the_breaks_around_it_and_old_neighbours_keep_theirs() -> None:
    stood = {"p": Stood(addresses("a", "b", "c"), {1: "#"})}
    (share,) = shares(records("a", "b", "c", "d"), stood, lambda: [0, 0, 1, 1, 0])
    assert share.marks == {1: "#", 3: "#"}


def test_a_break_stays_between_those_that_become_neighbours() -> None:
    stood = {"p": Stood(addresses("a", "b", "c"), {1: "#", 2: "#"})}
    for breaks, marks in (([0, 2, 0], {1: "##"}), ([0, 1, 0], {1: "#"}), ([0, 0, 0], {})):
        (share,) = shares(records("a", "c"), stood, partial(list, breaks))
        assert share.marks == marks
    (share,) = shares(records("a", "c"), stood)
    assert share.marks == {1: "##"}, "where the fragment cannot be told, what stood there stays"


def test_records_of_another_file_are_a_line_that_stays_as_long_as_they_do() -> None:
    stood = {"p": Stood(addresses("a", "b", "c"), {1: "~"}), "q": Stood(addresses("n"))}
    first, second = shares(records("a", "n", "b", "c"), stood)
    assert (first.marks, second.marks) == ({1: "~"}, {})
    first, second = shares(records("a", "n", "c"), stood)
    assert first.marks == {1: "~"}, "its neighbour is gone, the line stays"
    first, second = shares(records("a", "b", "c"), stood)
    assert (first.marks, second.records) == ({}, [])


def test_two_lines_stay_where_what_was_between_them_goes() -> None:
    stood = {
        "p": Stood(addresses("a", "b", "c"), {1: "~", 2: "~"}),
        "q": Stood(addresses("m")),
        "r": Stood(addresses("n")),
    }
    assert shares(records("a", "m", "n", "c"), stood)[0].marks == {1: "~~"}


def test_what_moves_in_its_fragment_leaves_its_file() -> None:
    stood = {"p": Stood(addresses("a", "b", "c"), {3: "~"}), "q": Stood(addresses("d", "e"), {0: "~"})}
    first, second = shares(records("a", "b", "d", "e", "c"), stood)
    assert [record.address for record in first.records] == addresses("a", "b")
    assert [record.address for record in second.records] == addresses("d", "e", "c")
    first, second = shares(records("b", "a", "c", "d", "e"), stood)
    assert [record.address for record in first.records] == addresses("b", "a", "c")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (
            (addresses("a", "c"), {1: "#"}),
            (addresses("a", "b", "c"), {2: "#"}),
            (addresses("a", "b", "c"), {2: "#"}),
        ),
        (
            (addresses("a", "b"), {0: "#", 1: "##", 2: "#"}),
            (addresses("x", "a", "y", "z"), {0: "#", 2: "#", 3: "#", 4: "##"}),
            (addresses("x", "a", "y", "z", "b"), {0: "#", 1: "#", 2: "#", 3: "#", 4: "##", 5: "#"}),
        ),
        ((addresses("b", "a"), {1: "#"}), (addresses("a", "b"), {1: "#"}), (addresses("b", "a"), {1: "#"})),
    ],
)
def test_the_sides_of_a_conflict_keep_what_stands_between_their_records(
    ours: tuple[list[str], dict[int, str]],
    theirs: tuple[list[str], dict[int, str]],
    expected: tuple[list[str], dict[int, str]],
) -> None:
    assert stood_together([Stood(*ours), Stood(*theirs)]) == Stood(*expected)


def test_the_merge_driver_keeps_what_stands_between_records() -> None:
    before, ours, theirs = (
        render_file("desired/t.yaml", records(*names), (), marks)
        for names, marks in (
            ("ace", {1: "#", 2: "#", 3: "#"}),
            ("abce", {1: "#", 3: "#", 4: "#"}),
            ("axe", {1: "#", 2: "##"}),
        )
    )
    path = ".system/registry/state/t-1.state"
    merged = merge_state(path, before, ours, theirs)
    expected = render_file("desired/t.yaml", records(*"abxe"), (), {1: "#", 2: "#", 3: "##"})
    assert merged == expected
