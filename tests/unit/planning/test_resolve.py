"""Directives that are done already, by an apply or by hand, are no-ops."""

from __future__ import annotations

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.yaml.edit.splice import dump
from registry_reconciler.model.change import Action
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan, written_files
from tests.support import Files, plan_of

SCHEMA = b"type: object\nx-registry: {kind: thing, layout: list, file: t.yaml, key: id}\n"


def wish(files: Files, content: dict[str, Json]) -> Files:
    return {**files, "desired/all.yaml": dump(content).encode()}


def apply(files: Files) -> Files:
    return {**files, **written_files(plan_of(files))}


def managed(*keys: str) -> Files:
    files: Files = {".system/registry/schemas/thing.schema.yaml": SCHEMA}
    return apply(wish(files, {"thing": [{"id": key} for key in keys]}))


def test_a_rename_that_was_made_by_hand_too_changes_the_state_only() -> None:
    files = managed("a", "b")
    files["t.yaml"] = b"- id: z\n- id: b\n"
    files = wish(
        files, {"thing": [{"id": "z"}, {"id": "b"}], "moved": [{"from": "thing/a", "to": "thing/z"}]}
    )
    found = plan_of(files)
    assert found.problems == ()
    assert [(one.action, one.address) for one in found.changes] == [(Action.ADOPT, "thing/z")]
    assert [one.address for one in found.heals] == ["thing/a"]
    assert plan_of(apply(files)).empty


def test_a_removal_that_kept_its_entry_says_nothing_afterwards() -> None:
    files = wish(
        managed("a", "b"), {"thing": [{"id": "b"}], "removed": [{"address": "thing/a", "keep": True}]}
    )
    after = apply(files)
    assert after["t.yaml"] == b"- id: a\n- id: b\n"
    assert plan_of(after).problems == ()
    assert plan_of(after).empty


def test_an_allowance_is_not_called_unused_by_a_plan_that_does_not_look() -> None:
    allow = [{"address": "thing/a", "code": "REF001", "reason": "known"}]
    files = wish(managed("a", "b"), {"thing": [{"id": "a"}, {"id": "b"}], "allow": allow})
    for options, codes in (
        (PlanOptions(), ["FRG006"]),
        (PlanOptions(no_check=True), []),
        (PlanOptions(target=("thing/b",)), []),
        (PlanOptions(exclude=("thing/a",)), []),
    ):
        assert [one.code for one in make_plan(MemoryTree(files), options).plan.problems] == codes


def test_an_entry_that_says_what_it_may_not_is_not_planned() -> None:
    files: Files = {
        ".system/registry/schemas/thing.schema.yaml": SCHEMA.replace(
            b"key: id", b"key: id, live_fields: [stars]"
        ),
        "t.yaml": b"- id: a\n  stars: 5\n",
    }
    found = plan_of(wish(files, {"thing": [{"id": "a", "size": 1, "stars": 6}]}))
    assert [one.code for one in found.problems] == ["FRG007"]
    assert found.files == ()
