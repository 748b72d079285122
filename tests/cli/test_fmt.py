"""``fmt``: canonical order and style for fragments, and for nothing else."""

from __future__ import annotations

from registry_reconciler.files.tree import DEEPEST_FOLDER
from tests.support import Box

LOOSE = """\
protect: [route/api.*]
module_type:
-   id: http_api   # the one
    description:   An API.
- id: cron
"""
FORMED = """\
module_type:
  - id: cron
  - id: http_api   # the one
    description: An API.
protect: [route/api.*]
"""


def test_fragments_are_formatted_and_then_stay_as_they_are(box: Box) -> None:
    box.write("desired/all.yaml", LOOSE)
    ran = box.run("fmt", "--format", "json")
    assert (ran.exit, ran.json["written"]) == (0, ["desired/all.yaml"])
    assert box.read("desired/all.yaml") == FORMED
    assert box.run("fmt", "--format", "json").json["changed"] == []


def test_check_writes_nothing_and_exits_2(box: Box) -> None:
    box.write("desired/all.yaml", LOOSE)
    before = box.files()
    ran = box.run("fmt", "--check", "--format", "json")
    assert (ran.exit, ran.json["changed"]) == (2, ["desired/all.yaml"])
    assert ran.json["next"] == [["registry", "fmt"]]
    assert box.files() == before
    box.write("desired/all.yaml", FORMED)
    assert box.run("fmt", "--check").exit == 0


def test_diff_shows_what_would_change(box: Box) -> None:
    box.write("desired/all.yaml", LOOSE)
    before = box.files()
    ran = box.run("fmt", "--diff")
    assert ran.exit == 0
    assert "-    description:   An API." in ran.out
    assert "+    description: An API." in ran.out
    assert box.files() == before


def test_files_and_folders_can_be_named(box: Box) -> None:
    box.write("desired/a/x.yaml", LOOSE)
    box.write("desired/b.yaml", LOOSE.replace("cron", "timer"))
    assert box.run("fmt", "desired/a", "--format", "json").json["written"] == ["desired/a/x.yaml"]
    assert box.run("fmt", "desired/b.yaml", "--format", "json").json["written"] == ["desired/b.yaml"]
    assert box.run("fmt", "modules/routes/api.yaml").exit == 64


def test_a_fragment_that_cannot_be_read_stops_all(box: Box) -> None:
    box.write("desired/all.yaml", LOOSE)
    box.write("desired/bad.yaml", "a: [\n")
    before = box.files()
    ran = box.run("fmt", "--format", "json")
    assert ran.exit == 3
    assert [one["path"] for one in ran.json["refused"]] == ["desired/bad.yaml"]
    assert box.files() == before


def test_a_folder_that_cannot_be_listed_stops_all(box: Box) -> None:
    box.write("desired" + "/deep" * DEEPEST_FOLDER + "/a.yaml", LOOSE)
    ran = box.run("fmt", "--check", "--format", "json")
    assert (ran.exit, ran.json["refused"]) == (3, [{"path": "desired", "message": "it cannot be listed"}])


def test_formatting_is_no_change_to_what_is_applied(applied: Box) -> None:
    text = applied.read("desired/all.yaml").replace("    module_id", "    module_id ").replace("  - ", "- ")
    applied.write("desired/all.yaml", text.replace("\n    ", "\n  "))
    assert applied.run("fmt").exit == 0
    assert applied.run("plan", "--detailed-exitcode").exit == 0
