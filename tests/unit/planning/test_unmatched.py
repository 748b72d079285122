"""A line of ``protect`` or ``override`` that is about no entry holds nothing, and that is said."""

from __future__ import annotations

import pytest

from registry_reconciler.model.entry import Json
from registry_reconciler.planning import unmatched
from tests.support import Files, applied, plan_of, thing_kind, with_fragment

THINGS: list[Json] = [{"id": "pay.capture"}, {"id": "pay.refund"}]


def messages(files: Files, **directives: Json) -> list[str]:
    """What is said of lines that are about nothing, with the line of each."""
    found = plan_of(with_fragment(files, {"thing": THINGS, **directives})).problems
    return [problem.message for problem in found if problem.code == "FRG012"]


@pytest.mark.parametrize("name", ["protect", "override"])
@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("thing/pay.captur", "thing/pay.capture"),
        ("thing/refund", "thing/pay.refund"),
        ("thing/pya.*", "thing/pay.*"),
        ("thing/pay.rfe*", "thing/pay.ref*"),
        ("thing/quite-another", ""),
        ("other*/x", ""),
        ("thing/[ab]?", ""),
    ],
)
def test_what_nothing_has_is_said_with_what_may_be_meant(name: str, line: str, hint: str) -> None:
    (message,) = messages(thing_kind(), **{name: ["thing/pay.capture", line]})
    assert line in message
    assert ("Did you mean" in message, f"Did you mean '{hint}'?" in message) == (bool(hint), bool(hint))


def test_a_misspelt_line_is_a_warning_at_its_place_that_blocks_nothing() -> None:
    plan = plan_of(with_fragment(thing_kind(), {"thing": THINGS, "protect": ["thing/pay.captur"]}))
    (problem,) = plan.problems
    assert (problem.severity.value, problem.place.path, plan.applicable) == ("warning", ("protect", 0), True)


def test_what_is_declared_remembered_or_registered_is_known() -> None:
    lines: list[Json] = ["thing/pay.*", "thing/*", "*", "*/pay.refund", "thing/a", "thing/b*"]
    before = applied(with_fragment(thing_kind(), {"thing": [*THINGS, {"id": "a"}]}))
    before["t.yaml"] = (before["t.yaml"] or b"").replace(b"- id: a\n", b"- id: b1\n")
    assert messages(before, protect=lines, override=lines) == []


def test_a_move_makes_the_old_name_one_that_nothing_has() -> None:
    before = applied(with_fragment(thing_kind(), {"thing": [{"id": "pay.captures"}]}))
    moved: list[Json] = [{"from": "thing/pay.captures", "to": "thing/pay.capture"}]
    files = with_fragment(before, {"thing": THINGS, "moved": moved, "protect": ["thing/pay.captures"]})
    assert "FRG012" not in {problem.code for problem in plan_of(files).problems}
    codes = [problem.code for problem in plan_of(applied(files)).problems]
    assert codes == ["FRG012"]


def test_nothing_is_said_where_the_entry_may_stand_in_what_cannot_be_read() -> None:
    lines: list[Json] = ["thing/gone", "thin*/gone"]
    hidden = {**thing_kind(), "t.yaml": b"- id: [\n"}
    assert messages(hidden, protect=lines) == []
    assert messages({**thing_kind(), "desired/b.yaml": b"thing: [\n"}, protect=lines) == []
    assert len(messages(thing_kind(), protect=lines)) == 2


def test_of_many_lines_all_are_said_and_of_the_first_what_may_be_meant() -> None:
    lines: list[Json] = [f"thing/pay.captur{number}" for number in range(30)]
    said = messages(thing_kind(), protect=lines)
    assert len(said) == 30
    assert ["Did you mean" in message for message in said] == [True] * 20 + [False] * 10


def test_of_globs_that_would_take_too_long_to_be_looked_for_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[Json] = ["thing/*x", "thing/*y", "thing/*z", "thing/a*", "thing/gone"]
    monkeypatch.setattr(unmatched, "_MOST_HELD", 5)
    about = [message.split("'")[1] for message in messages(thing_kind(), protect=lines)]
    assert about == ["thing/*x", "thing/*y", "thing/a*", "thing/gone"]


def test_a_misspelt_line_of_allow_says_what_may_be_meant() -> None:
    wanted = ("thing/pay.capture", "thing/pay.captur", "thing/pya.*")
    lines: list[Json] = [{"address": address, "code": "REF001", "reason": "x"} for address in wanted]
    found = plan_of(with_fragment(thing_kind(), {"thing": THINGS, "allow": lines})).problems
    assert [problem.message for problem in found if problem.code == "FRG006"] == [
        "thing/pay.capture has no problem REF001 that could be allowed.",
        "there is no entry 'thing/pay.captur', so this line of 'allow' accepts nothing. "
        "Did you mean 'thing/pay.capture'?",
        "no entry fits 'thing/pya.*', so this line of 'allow' accepts nothing. Did you mean 'thing/pay.*'?",
    ]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    ("address", "near"), [("thing/pay.refnud", "thing/pay.refund"), ("thing/other", ""), ("thing/pay.v2", "")]
)
def test_a_line_of_removed_is_said_where_an_entry_is_near(keep: bool, address: str, near: str) -> None:
    removed: list[Json] = [{"address": address, "keep": keep}]
    said = messages({**thing_kind(), "desired/b.yaml": b"thing:\n- id: pay.v1\n"}, removed=removed)
    expected = (
        f"there is no entry {address!r}, so this line of 'removed' removes nothing. Did you mean '{near}'?"
    )
    assert said == ([expected] if near else [])


@pytest.mark.parametrize("keep", [True, False])
def test_a_line_of_removed_that_was_carried_out_is_spent(keep: bool) -> None:
    before = applied(with_fragment(thing_kind(), {"thing": [*THINGS, {"id": "pay.refunds"}]}))
    removed: list[Json] = [{"address": "thing/pay.refunds", "keep": keep}]
    files = applied(with_fragment(before, {"thing": THINGS, "removed": removed}))
    files["t.yaml"] = (files["t.yaml"] or b"").replace(b"- id: pay.refunds\n", b"")
    assert messages(files, removed=removed) == []
