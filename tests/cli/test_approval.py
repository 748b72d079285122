"""Approval by plan id, with two real branches: what was reviewed is applied, or nothing."""

from __future__ import annotations

from tests.support import Box

FRAGMENT = "desired/all.yaml"


def propose(box: Box) -> str:
    """A branch with a changed fragment; returns the id of the plan that was reviewed there."""
    box.git("checkout", "-qb", "work")
    box.replace(FRAGMENT, "topic: errors", "topic: faults")
    box.git("commit", "-qam", "faults")
    plan_id = box.run("plan", "--format", "json").json["plan_id"]
    box.git("checkout", "-q", "main")
    assert isinstance(plan_id, str)
    return plan_id


def test_an_unrelated_merge_leaves_the_approval_good(committed: Box) -> None:
    plan_id = propose(committed)
    committed.write("desired/other.yaml", "module_type:\n- {id: batch, description: A batch.}\n")
    assert committed.run("apply", "--yes").exit == 0
    committed.git("add", "-A")
    committed.git("commit", "-qm", "other")
    committed.git("merge", "-q", "--no-edit", "work")
    ran = committed.run("apply", "--expect", plan_id, "--format", "json")
    assert ran.exit == 0
    assert [one["address"] for one in ran.json["changes"]] == ["route/api.errors"]
    assert committed.run("plan", "--detailed-exitcode").exit == 0


def test_a_merge_that_adds_a_change_makes_it_stale(committed: Box) -> None:
    plan_id = propose(committed)
    committed.write("desired/other.yaml", "module_type:\n- {id: batch, description: A batch.}\n")
    committed.git("add", "-A")
    committed.git("commit", "-qm", "not applied")
    committed.git("merge", "-q", "--no-edit", "work")
    before = committed.files()
    ran = committed.run("apply", "--expect", plan_id, "--format", "json")
    assert ran.exit == 1
    assert ran.json["errors"][0]["code"] == "stale_plan"
    assert "module_type/batch" in ran.json["errors"][0]["entries"]
    assert committed.files() == before


def test_both_branches_applied_merge_to_nothing_left_to_do(committed: Box) -> None:
    propose(committed)
    committed.git("checkout", "-q", "work")
    assert committed.run("apply", "--yes").exit == 0
    committed.git("add", "-A")
    committed.git("commit", "-qm", "applied")
    committed.git("checkout", "-q", "main")
    committed.write("desired/other.yaml", "module_type:\n- {id: batch, description: A batch.}\n")
    assert committed.run("apply", "--yes").exit == 0
    committed.git("add", "-A")
    committed.git("commit", "-qm", "other")
    committed.git("merge", "-q", "--no-edit", "work")
    assert committed.run("plan", "--detailed-exitcode").exit == 0
    history = committed.root / ".system/registry/history"
    assert len(list(history.iterdir())) == 3


def test_a_merge_that_changes_the_reviewed_entry_makes_it_stale(committed: Box) -> None:
    plan_id = propose(committed)
    committed.replace(FRAGMENT, "when_to_use: A client gets an error.", "when_to_use: A client fails.")
    committed.git("commit", "-qam", "the same entry")
    committed.git("merge", "-q", "--no-edit", "work")
    before = committed.files()
    ran = committed.run("apply", "--expect", plan_id, "--format", "json")
    assert ran.exit == 1
    assert ran.json["errors"][0]["code"] == "stale_plan"
    assert ran.json["errors"][0]["entries"] == ["route/api.errors"]
    assert committed.files() == before


def test_an_unrelated_merge_leaves_a_saved_plan_good(committed: Box) -> None:
    committed.git("checkout", "-qb", "work")
    committed.replace(FRAGMENT, "topic: errors", "topic: faults")
    committed.git("commit", "-qam", "faults")
    assert committed.run("plan", "--out", "../reviewed.json").exit == 0
    committed.git("checkout", "-q", "main")
    committed.write("desired/other.yaml", "module_type:\n- {id: batch, description: A batch.}\n")
    assert committed.run("apply", "--yes").exit == 0
    committed.git("add", "-A")
    committed.git("commit", "-qm", "other")
    committed.git("merge", "-q", "--no-edit", "work")
    assert committed.run("apply", "../reviewed.json").exit == 0
    assert "topic: faults" in committed.read("modules/routes/api.yaml")
