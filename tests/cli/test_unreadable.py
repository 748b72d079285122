"""A file that cannot be read blocks what touches it or could collide with it, and what was not checked is said."""

from __future__ import annotations

import os

import pytest

from registry_reconciler.files.names import Room
from registry_reconciler.files.tree import DiskTree
from tests.support import ROUTES, SCHEMAS, Box

TYPES = "modules/overview/type_registry.yaml"
BROKEN = "types:\n  - id: http_api\n    id: again\n"
ROUTE = (
    "  - id: api.{0}\n    scope: api\n    topic: {0}\n    module_id: payments.api\n    when_to_use: Now.\n"
)


def test_another_file_is_written_and_the_broken_one_is_said(applied: Box) -> None:
    applied.write(TYPES, BROKEN)
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    ran = applied.run("apply", "--yes")
    assert ran.exit == 0, ran.out
    assert "YML003" in ran.out
    assert "topic: faults" in applied.read(ROUTES)
    assert "(blocks only what touches it)" in ran.out
    assert applied.run("check").exit == 3


def test_what_was_not_checked_is_said(applied: Box) -> None:
    applied.write(TYPES, BROKEN)
    applied.replace("desired/all.yaml", "module_type: http_api", "module_type: htp_api")
    found = applied.run("plan", "--format", "json").json["problems"]
    (one,) = [problem for problem in found if problem["code"] == "LIV007"]
    assert "1 reference was not checked" in one["message"]
    assert "'htp_api' in module_instance/payments.api" in one["message"]
    assert TYPES in one["message"]
    assert not one["blocking"]


def test_a_change_of_what_it_may_hold_blocks(applied: Box) -> None:
    applied.write(TYPES, BROKEN)
    applied.replace("desired/all.yaml", "description: An API.", "description: Another.")
    ran = applied.run("apply", "--yes")
    assert ran.exit == 3
    applied.replace("desired/all.yaml", "description: Another.", "description: An API.")
    applied.replace("desired/all.yaml", "module_type:\n", "module_type:\n  - {id: grpc}\n")
    assert applied.run("apply", "--yes").exit == 3
    applied.replace("desired/all.yaml", "  - {id: grpc}\n", "")
    assert applied.run("apply", "--yes").exit == 0


def test_what_a_plan_is_not_asked_for_is_not_touched(applied: Box) -> None:
    applied.write(TYPES, BROKEN)
    applied.replace("desired/all.yaml", "module_type:\n", "module_type:\n  - {id: grpc}\n")
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    assert applied.run("apply", "--yes").exit == 3
    assert applied.run("apply", "--yes", "--target", "module_type/*").exit == 3
    assert applied.run("apply", "--yes", "--target", "route/*").exit == 0
    assert "topic: faults" in applied.read(ROUTES)
    assert applied.run("plan", "--exclude", "module_type/*").exit == 0


def test_a_removal_of_what_it_may_hold_blocks(applied: Box) -> None:
    applied.write(TYPES, BROKEN)
    applied.replace("desired/all.yaml", "  - id: http_api\n    description: An API.\n", "  []\n")
    assert applied.run("apply", "--yes").exit == 3


def test_a_fragment_that_cannot_be_read_blocks_only_what_it_names(applied: Box) -> None:
    applied.write("desired/other.yaml", "route:\n  - id: api.new\n    id: twice\n")
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    ran = applied.run("apply", "--yes")
    assert ran.exit == 0, ran.out
    text = applied.read("desired/all.yaml")
    applied.write("desired/all.yaml", text + ROUTE.format("new"))
    assert applied.run("apply", "--yes").exit == 3
    applied.write("desired/all.yaml", text + ROUTE.format("free"))
    assert applied.run("apply", "--yes").exit == 0


def test_a_fragment_that_cannot_be_read_may_protect(applied: Box) -> None:
    applied.write("desired/other.yaml", "protect: [route/*]\nprotect: []\n")
    text = applied.read("desired/all.yaml")
    applied.write("desired/all.yaml", text[: text.index("route:")])
    assert applied.run("apply", "--yes").exit == 3
    applied.write("desired/other.yaml", "x-a: 1\nx-a: 2\n")
    assert applied.run("apply", "--yes").exit == 0


def test_nobody_is_told_to_remove_a_fragment_and_no_path_is_said_twice(applied: Box) -> None:
    applied.write("desired/other.yaml/in_it", "a folder that is named like a fragment\n")
    ran = applied.run("plan", "--format", "json")
    (found,) = (problem for problem in ran.json["problems"] if problem["code"] == "LIV001")
    assert found["fix"]["description"] == "Make it readable, or put a regular file in its place."
    assert " ".join(applied.run("drift").out.split()).count("desired/other.yaml") == 1


def test_a_folder_that_takes_no_file_is_to_be_opened_and_no_other_name_found(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root, who may be running this, every folder takes files.
    monkeypatch.setattr(DiskTree, "room", lambda *_: Room(writable=False))
    found = box.run("plan", "--format", "json").json["problems"]
    fixes = {problem["fix"]["description"] for problem in found if problem["code"] == "WRT004"}
    assert fixes == {"Make the folder writable for yourself, then plan again."}


def test_a_read_only_file_that_the_plan_would_write_blocks_and_others_do_not(
    applied: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    before = applied.files()
    closed = {TYPES}
    asked = os.access
    # As root, who may be running this, every file can be written.
    monkeypatch.setattr(
        os,
        "access",
        lambda path, mode, **how: not str(path).endswith(tuple(closed)) and asked(path, mode, **how),
    )
    assert applied.run("plan").exit == 0
    closed = {ROUTES}
    for command in (("plan",), ("plan",), ("apply", "--yes")):
        ran = applied.run(*command)
        words = " ".join(ran.out.split())
        assert (ran.exit, "WRT004" in words) == (3, True), words
        assert f"{ROUTES!r} may not be replaced: its mode" in words
        assert "Make the file and its folder writable for yourself, then plan again." in words
    assert applied.files() == before
    closed = {"/nowhere"}
    assert applied.run("apply", "--yes").exit == 0


def test_adopt_says_what_it_did_not_see(applied: Box) -> None:
    applied.write(TYPES, BROKEN)
    ran = applied.run("adopt", "--all")
    assert "Nothing to adopt" in ran.out
    assert f"warning: cannot be read, so the answer is incomplete: {TYPES}:3:5:" in ran.err


def test_a_folder_where_the_only_file_of_a_kind_would_be_is_to_be_moved_away(box: Box) -> None:
    box.write(
        f"{SCHEMAS}/thing.schema.yaml", "x-registry: {kind: thing, file: t.yaml, key: id, layout: list}\n"
    )
    box.write("desired/t.yaml", "thing: [{id: a}]\n")
    box.write("t.yaml/x", "")
    problems = box.run("plan", "--format", "json").json["problems"]
    (fix,) = [problem["fix"]["description"] for problem in problems if problem["code"] == "WRT004"]
    assert fix.startswith("Move away what is there, or name another file")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_new_schema_says_once_why_a_file_cannot_be_read(box: Box) -> None:
    os.symlink("nowhere", box.root / "t.yaml")
    ran = box.run("schema", "new", "thing", "--from", "t.yaml")
    assert "t.yaml cannot be read: it is a symbolic link that leads nowhere" in ran.err
    assert ran.err.count("cannot be read") == 1
