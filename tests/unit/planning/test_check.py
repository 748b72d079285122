"""Rules over the entries as they are and as they would be: introduced, there before, fixed."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.workspace import load
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import PlanOptions
from tests.support import Files, plan_of, planning_of, thing_kind, with_fragment

KIND = thing_kind("references: [{field: needs, kind: thing}]")
LIVE = b"- id: a\n  needs: nobody\n"


def found(files: Files, options: PlanOptions | None = None) -> list[tuple[str, str, str]]:
    """Address, code and status of each problem that a rule or a schema has."""
    return [(one.address, one.code, one.status.value) for one in plan_of(files, options).problems]


@pytest.mark.parametrize(
    ("live", "declared", "expected"),
    [
        (b"", [{"id": "a", "needs": "nobody"}], [("thing/a", "REF001", "introduced")]),
        (LIVE, [{"id": "a", "needs": "nobody"}], [("thing/a", "REF001", "pre_existing")]),
        (LIVE, [{"id": "nobody"}], [("thing/a", "REF001", "fixed")]),
        (LIVE, [{"id": "a", "needs": "nobody"}, {"id": "nobody"}], [("thing/a", "REF001", "fixed")]),
        (b"- id: nobody\n", [{"id": "a", "needs": "nobody"}, {"id": "nobody"}], []),
    ],
    ids=["new", "there before", "mended by another", "mended beside", "never"],
)
def test_a_problem_has_the_status_that_the_plan_gives_it(
    live: bytes, declared: list[Json], expected: list[tuple[str, str, str]]
) -> None:
    assert found(with_fragment({**KIND, "t.yaml": live}, {"thing": declared})) == expected


def test_where_nothing_changes_one_entry_set_is_both() -> None:
    planning = planning_of({**KIND, "t.yaml": LIVE})
    assert planning.entry_sets.before is planning.entry_sets.after
    assert [one.status.value for one in planning.plan.problems] == ["pre_existing"]


def test_a_plan_that_does_not_check_leaves_the_rules_out_and_keeps_the_schema() -> None:
    files = {**KIND, "t.yaml": b""}
    path = ".system/registry/schemas/thing.schema.yaml"
    files[path] = (files[path] or b"") + b"properties: {v: {type: integer}}\n"
    files = with_fragment(files, {"thing": [{"id": "a", "needs": "nobody", "v": "x"}]})
    assert found(files) == [("thing/a", "REF001", "introduced"), ("thing/a", "SCH001", "introduced")]
    assert found(files, PlanOptions(no_check=True)) == [("thing/a", "SCH001", "introduced")]


def test_a_declared_entry_is_mended_in_its_fragment_and_another_one_where_it_stands() -> None:
    files = with_fragment(
        {**KIND, "t.yaml": b"- id: b\n  needs: x\n"}, {"thing": [{"id": "a", "needs": "x"}]}
    )
    places = {one.address: one.place.file for one in plan_of(files).problems}
    assert places == {"thing/a": "desired/all.yaml", "thing/b": "t.yaml"}


def test_a_live_field_is_judged_with_the_entry() -> None:
    kind = thing_kind("live_fields: [stars]")
    path = ".system/registry/schemas/thing.schema.yaml"
    kind[path] = (kind[path] or b"") + b"properties: {stars: {type: integer}}\n"
    files = {**kind, "t.yaml": b"- id: a\n  stars: many\n  v: 1\n"}
    assert found(with_fragment(files, {"thing": [{"id": "a", "v": 2}]})) == [
        ("thing/a", "SCH001", "pre_existing"),
        ("thing/a", "STA003", "introduced"),
    ]
    assert load(MemoryTree(files)).live.entries["thing/a"].value == {"id": "a", "v": 1}
