"""The table of what a plan says: desired, remembered and live, row by row."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from registry_reconciler.model.change import Action, Reason
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import Plan, PlanOptions
from tests.support import Files, applied, kind_file, plan_of, thing_kind, with_fragment

OTHERS = tuple({"id": f"k{number}"} for number in range(12))
"""Things that stay, so that one deletion is no deletion in mass."""


def registry(v: int | None) -> bytes:
    """The registry with the thing ``a`` as it is given, or without it."""
    first = "" if v is None else f"- id: a\n  v: {v}\n"
    return (first + "".join(f"- id: {other['id']}\n" for other in OTHERS)).encode()


def workspace(desired: int | None, remembered: int | None, live: int | None, settings: str = "") -> Files:
    """A workspace in which fragment, state and registry have the thing ``a`` with these values, or not."""
    declared: list[Json] = [*OTHERS]
    files = applied(
        with_fragment(
            thing_kind(),
            {"thing": [*declared, *([] if remembered is None else [{"id": "a", "v": remembered}])]},
        )
    )
    files["t.yaml"] = registry(live)
    if settings:
        files[".system/registry/config.yaml"] = settings.encode()
    return with_fragment(
        files, {"thing": [*([] if desired is None else [{"id": "a", "v": desired}]), *declared]}
    )


def shown(plan: Plan) -> list[tuple[Action, Reason]]:
    return [(change.action, change.reason) for change in plan.changes]


def codes(plan: Plan) -> list[str]:
    return [problem.code for problem in plan.problems]


class Row(NamedTuple):
    """One row: what the three sides say, and what the plan does and reports."""

    desired: int | None
    remembered: int | None
    live: int | None
    change: tuple[Action, Reason] | None
    problem: str | None = None
    drifted: bool = False


ROWS = {
    "new": Row(1, None, None, (Action.CREATE, Reason.NOT_IN_REGISTRY)),
    "there already": Row(1, None, 1, (Action.ADOPT, Reason.ADOPTED)),
    "there already, and differs": Row(1, None, 2, None, "STA003"),
    "the same everywhere": Row(1, 1, 1, None),
    "the fragment changed": Row(2, 1, 1, (Action.UPDATE, Reason.DESIRED_CHANGED)),
    "edited by hand": Row(1, 1, 2, None, "STA001", True),
    "both changed to the same": Row(2, 1, 2, None),
    "both changed": Row(2, 1, 3, None, "STA002", True),
    "removed by hand": Row(1, 1, None, None, "STA001", True),
    "removed by hand, and the fragment changed": Row(2, 1, None, None, "STA002", True),
    "no longer declared": Row(None, 1, 1, (Action.DELETE, Reason.NOT_IN_FRAGMENTS)),
    "no longer declared, and edited by hand": Row(None, 1, 2, None, "STA002", True),
    "gone everywhere": Row(None, 1, None, None),
    "nobody's": Row(None, None, 1, None),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_row_of_the_table(row: Row) -> None:
    plan = plan_of(workspace(row.desired, row.remembered, row.live))
    assert shown(plan) == ([row.change] if row.change else [])
    assert codes(plan) == ([row.problem] if row.problem else [])
    assert [drift.address for drift in plan.drift] == (["thing/a"] if row.drifted else [])
    assert plan.unmanaged == (row.desired is row.remembered is None)


@pytest.mark.parametrize(
    ("drift", "change", "severity"),
    [
        ("undo", (Action.UPDATE, Reason.LIVE_CHANGED), "warning"),
        ("report", None, "warning"),
        ("block", None, "error"),
    ],
)
def test_the_settings_say_what_becomes_of_an_edit_by_hand(
    drift: str, change: tuple[Action, Reason] | None, severity: str
) -> None:
    plan = plan_of(workspace(1, 1, 2, f"drift: {drift}\n"))
    assert shown(plan) == ([change] if change else [])
    assert [(problem.code, problem.severity.value) for problem in plan.problems] == [("STA001", severity)]


@pytest.mark.parametrize(
    ("name", "options", "change"),
    [
        ("there already, and differs", PlanOptions(adopt=("thing/a",)), (Action.ADOPT, Reason.ADOPTED)),
        ("both changed", PlanOptions(overwrite=("thing/a",)), (Action.UPDATE, Reason.BOTH_CHANGED)),
        (
            "removed by hand, and the fragment changed",
            PlanOptions(overwrite=("thing/a",)),
            (Action.CREATE, Reason.BOTH_CHANGED),
        ),
        (
            "no longer declared, and edited by hand",
            PlanOptions(overwrite=("thing/a",)),
            (Action.DELETE, Reason.BOTH_CHANGED),
        ),
    ],
)
def test_a_conflict_is_decided_by_who_asks_for_it(
    name: str, options: PlanOptions, change: tuple[Action, Reason]
) -> None:
    plan = plan_of(workspace(*ROWS[name][:3]), options)
    assert shown(plan) == [change]
    assert plan.applicable


def test_an_option_for_another_address_decides_nothing() -> None:
    plan = plan_of(workspace(*ROWS["both changed"][:3]), PlanOptions(overwrite=("thing/k1",)))
    assert shown(plan) == []
    assert codes(plan) == ["STA002"]


def test_an_entry_that_says_what_it_may_not_is_not_planned() -> None:
    files = {**thing_kind("live_fields: [stars]"), "t.yaml": b"- id: a\n  stars: 5\n"}
    found = plan_of(with_fragment(files, {"thing": [{"id": "a", "size": 1, "stars": 6}]}))
    assert [one.code for one in found.problems] == ["FRG007"]
    assert found.files == ()


def test_most_entries_of_a_kind_are_not_deleted_unless_it_is_meant() -> None:
    files = with_fragment(workspace(1, 1, 1), {"thing": [{"id": "a", "v": 1}]})
    stopped = plan_of(files)
    assert [problem.code for problem in stopped.blocking] == ["BRK001"]
    meant = plan_of(files, PlanOptions(allow_mass_delete=True))
    assert meant.applicable
    assert len(meant.changes) == len(OTHERS)


def test_a_protected_entry_is_not_deleted_in_the_apply_that_lifts_the_protection() -> None:
    both: list[Json] = [{"id": "a", "v": 1}, *OTHERS]
    protected = applied(with_fragment(workspace(1, 1, 1), {"thing": both, "protect": ["thing/a"]}))
    without = plan_of(with_fragment(protected, {"thing": [*OTHERS]}))
    assert [problem.code for problem in without.blocking] == ["STA005"]
    lifted = applied(with_fragment(protected, {"thing": both}))
    assert shown(plan_of(with_fragment(lifted, {"thing": [*OTHERS]}))) == [
        (Action.DELETE, Reason.NOT_IN_FRAGMENTS)
    ]


@pytest.mark.parametrize("by_hand", [False, True])
def test_where_nothing_but_a_secret_differs_the_fragment_says(by_hand: bool) -> None:
    spec = "layout: list, file: t.yaml, key: id"
    files = kind_file("thing", spec, "properties: {id: {}, v: {}, pin: {type: integer, x-secret: true}}")
    files = applied(with_fragment(files, {"thing": [{"id": "a", "v": 1, "pin": 1111}]}))
    if by_hand:
        files["t.yaml"] = (files["t.yaml"] or b"").replace(b"1111", b"2222")
    else:
        files = with_fragment(files, {"thing": [{"id": "a", "v": 1, "pin": 2222}]})
    plan = plan_of(files)
    assert shown(plan) == [(Action.UPDATE, Reason.SECRET_DIFFERS)]
    assert not plan.drift
    wanted = b"1111" if by_hand else b"2222"
    assert wanted in (applied(files)["t.yaml"] or b"")


def test_a_secret_beside_an_edit_by_hand_is_that_edit() -> None:
    files = kind_file(
        "thing", "layout: list, file: t.yaml, key: id", "properties: {pin: {x-secret: true}, v: {}, id: {}}"
    )
    files = applied(with_fragment(files, {"thing": [{"id": "a", "v": 1, "pin": 1111}]}))
    files["t.yaml"] = (files["t.yaml"] or b"").replace(b"1111", b"2222").replace(b"v: 1", b"v: 2")
    plan = plan_of(files)
    assert shown(plan) == []
    assert codes(plan) == ["STA001"]


def test_a_field_without_a_name_is_shown_as_one_and_many_are_counted() -> None:
    files: Files = {**thing_kind(), "t.yaml": b'[{id: a, "": 1}]\n'}
    (found,) = plan_of(with_fragment(files, {"thing": [{"id": "a"}]})).problems
    assert found.message.endswith('and differs in "".')
    many: dict[str, Json] = {"id": "a", **{f"f{number}": 1 for number in range(30)}}
    (found,) = plan_of(with_fragment(files, {"thing": [many]})).problems
    assert "f18 and 19 more." in found.message


@pytest.mark.parametrize(("wanted", "code"), [(1, "STA001"), (2, "STA002")])
def test_the_new_key_of_a_rename_that_waits_is_no_part_of_an_edit_by_hand(wanted: int, code: str) -> None:
    before = applied(with_fragment(thing_kind(), {"thing": [{"id": "a", "v": 1}]}))
    before["t.yaml"] = (before["t.yaml"] or b"").replace(b"v: 1", b"v: 3")
    moved: list[Json] = [{"from": "thing/a", "to": "thing/b"}]
    plan = plan_of(with_fragment(before, {"thing": [{"id": "b", "v": wanted}], "moved": moved}))
    (drift,) = plan.drift
    assert [(field.path, field.before, field.after) for field in drift.fields] == [(("v",), wanted, 3)]
    (problem,) = plan.problems
    assert problem.code == code
    assert problem.message.startswith("thing/b (still called thing/a) is not what was last applied")
