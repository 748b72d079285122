"""``fix``: safe fixes in fragments; patches for the rest."""

from __future__ import annotations

from tests.support import Box

BY_NAME = """\
module_type:
  - id: cron
    name: Timer
module_instance:
  - module_id: jobs   # all of them
    module_type: "Timer"
"""


def test_a_reference_by_name_becomes_the_id_and_the_quotes_stay(applied: Box) -> None:
    applied.write("desired/jobs.yaml", BY_NAME)
    plan = applied.run("plan", "--format", "json")
    assert plan.exit == 3
    assert plan.json["next"] == [["registry", "fix"]]
    ran = applied.run("fix", "--format", "json")
    assert [one["code"] for one in ran.json["fixed"]] == ["REF002"]
    assert applied.read("desired/jobs.yaml") == BY_NAME.replace('"Timer"', '"cron"')
    assert applied.run("plan").exit == 0


def test_diff_writes_nothing(applied: Box) -> None:
    applied.write("desired/jobs.yaml", BY_NAME)
    before = applied.files()
    ran = applied.run("fix", "--diff")
    assert ran.exit == 0
    assert '-    module_type: "Timer"' in ran.out
    assert '+    module_type: "cron"' in ran.out
    assert applied.files() == before


def test_the_edits_of_a_plan_fit_the_bytes_of_the_file(applied: Box) -> None:
    applied.write("desired/jobs.yaml", BY_NAME.replace("Timer", "Zeitgäber é"))
    data = applied.files()["desired/jobs.yaml"]
    (problem,) = [one for one in applied.run("plan", "--format", "json").json["problems"] if one["blocking"]]
    (edit,) = problem["fix"]["edits"]
    assert data[edit["start"] : edit["end"]].decode() == edit["old"] == '"Zeitgäber é"'
    assert edit["new"] == '"cron"'


def test_only_the_codes_that_were_named(applied: Box) -> None:
    applied.write("desired/jobs.yaml", BY_NAME)
    assert applied.run("fix", "RTE001", "--format", "json").json["fixed"] == []
    assert applied.run("fix", "REF02").exit == 64
    assert len(applied.run("fix", "REF002", "--format", "json").json["fixed"]) == 1


def test_what_needs_a_person_is_listed_with_advice(applied: Box) -> None:
    applied.write("desired/jobs.yaml", "module_instance:\n  - module_id: jobs\n    module_type: nothing\n")
    ran = applied.run("fix", "--format", "json")
    assert ran.json["fixed"] == []
    assert "REF001" in {one["code"] for one in ran.json["manual"]}
    assert ran.json["written"] == []
