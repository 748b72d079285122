"""``baseline``: an old repository can start, and only new problems block."""

from __future__ import annotations

from registry_reconciler.model.config import BASELINE_PATH
from tests.support import Box


def route(number: int, module: str = "gone", when: str = "Now.") -> str:
    rest = f"topic: t{number}, module_id: {module}, when_to_use: {when}"
    return f"  - {{id: old.r{number:02}, scope: old, {rest}}}\n"


def old_repository(box: Box, count: int) -> None:
    """Managed routes of which each refers to a module that is not there."""
    entries = "".join(route(number) for number in range(count))
    box.write("modules/routes/old.yaml", f"routes:\n{entries}")
    box.write("desired/old.yaml", f"route:\n{entries}")


def test_fifty_old_problems_then_one_new_and_one_fixed(applied: Box) -> None:
    old_repository(applied, 50)
    assert applied.run("plan").exit == 3
    ran = applied.run("baseline", "--format", "json")
    assert ran.exit == 0
    assert len([one for one in ran.json["new"] if one["code"] == "REF001"]) == 50
    assert ran.json["written"] == [BASELINE_PATH]
    clean = applied.run("plan", "--format", "json")
    assert (clean.exit, clean.json["summary"]["error"]) == (0, 0)
    assert clean.json["summary"]["suppressed"] >= 50
    assert applied.run("apply", "--yes").exit == 0

    fragment = applied.read("desired/old.yaml")
    applied.write("desired/old.yaml", fragment + route(50))
    blocked = applied.run("plan", "--format", "json")
    assert blocked.exit == 3
    assert [one["address"] for one in blocked.json["problems"] if one["blocking"]] == ["route/old.r50"]

    applied.write("desired/old.yaml", fragment.replace(route(0), route(0, "payments.api")))
    assert applied.run("apply", "--yes").exit == 0
    fixed = applied.run("baseline", "--format", "json")
    assert [one["address"] for one in fixed.json["fixed"] if one["code"] == "REF001"] == ["route/old.r00"]
    assert "route/old.r00" not in applied.read(BASELINE_PATH)
    assert applied.run("baseline", "--format", "json").json["written"] == []


def test_structural_problems_are_never_accepted(applied: Box) -> None:
    applied.write("desired/bad.yaml", "module_type:\n  - id: x\n    inbound: 3\n")
    ran = applied.run("baseline", "--format", "json")
    assert [one["code"] for one in ran.json["structural"]] == ["SCH001"]
    assert "SCH001" not in applied.read(BASELINE_PATH)
    assert applied.run("plan").exit == 3


def test_drift_is_not_something_to_live_with(applied: Box) -> None:
    applied.replace("modules/routes/api.yaml", "topic: errors", "topic: faults")
    assert applied.run("baseline").exit == 0
    assert "STA001" not in applied.read(BASELINE_PATH)


def test_a_dry_run_writes_nothing(applied: Box) -> None:
    old_repository(applied, 2)
    before = applied.files()
    assert "would accept" in applied.run("baseline", "--dry-run").out
    assert applied.files() == before
