"""A schema that points elsewhere: one plan carries the entries there, text and all, and leaves no copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.apply.writable import Writable
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.planning.pipeline import make_plan
from tests.cli.helper import Box
from tests.growth.counting import growth
from tests.merge.test_scenarios import committed, nothing_to_do

PLACE = ".system/registry/schemas/t.schema.yaml"
SCHEMA = "x-registry: {kind: t, layout: list, file: t.yaml, at: t, key: id}\ntype: object\n"
TEXT = """\
# Kept by hand, mostly.
t:
# All of a.
- id: a
  v: "1"   # as it always was
- {id: m, v: 2}
# And z,
# on two lines.
- id: z
  said: >-
    long and
    folded
  v: 3
"""
FRAGMENT = 't:\n- {id: a, v: "1"}\n- {id: z, said: long and folded, v: 3}\n'


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """a and z are managed, m is not."""
    box = Box(tmp_path, capsys)
    assert box.run("init", "--kinds", "none").exit == 0
    box.git("init", "-q")
    box.write(PLACE, SCHEMA)
    box.write("t.yaml", TEXT)
    box.write("desired/t.yaml", FRAGMENT)
    assert box.run("apply", "--yes").exit == 0
    committed(box, "before")
    return box


def carried(box: Box, *changes: tuple[str, str]) -> dict[str, Any]:
    """Change the schema, plan, apply; the plan. Afterwards nothing is to be done, and every entry is there once."""
    for change in changes:
        box.replace(PLACE, *change)
    plan = box.run("plan", "--format", "json").json
    assert plan["exit"] == 0, plan["problems"]
    moves = [one for one in plan["changes"] if one["action"] == "move"]
    assert [one["address"] for one in moves] == ["t/a", "t/m", "t/z"]
    ran = box.run("apply", "--expect", plan["plan_id"])
    assert ran.exit == 0, ran.out + ran.err
    nothing_to_do(box)
    shown = {one["address"]: one for one in box.run("list", "t", "--format", "json").json["entries"]}
    assert set(shown) == {"t/a", "t/m", "t/z"}
    assert box.run("plan", "--format", "json").json["summary"]["unmanaged"] == 1
    return plan


def test_a_file_with_another_name_moves_as_it_is(box: Box) -> None:
    carried(box, ("t.yaml", "other/u.yaml"))
    assert box.read("other/u.yaml") == TEXT
    assert not (box.root / "t.yaml").exists()


def test_what_stands_beside_the_entries_stays(box: Box) -> None:
    box.write("t.yaml", "version: 7   # of the program that reads this\n" + TEXT)
    plan = carried(box, ("t.yaml", "u.yaml"))
    assert box.read("t.yaml").startswith(
        "version: 7   # of the program that reads this\n# Kept by hand, mostly.\nt: []"
    )
    body = TEXT.partition("t:\n")[2]
    assert box.read("u.yaml") == "t:\n" + "".join(f"  {line}\n" for line in body.splitlines())
    (left,) = [one for one in plan["problems"] if one["code"] == "KND006"]
    assert "t.yaml" in left["message"]


def test_another_list_of_the_same_file(box: Box) -> None:
    carried(box, ("at: t,", "at: more.t,"))
    body = TEXT.partition("t:\n")[2]
    expected = "# Kept by hand, mostly.\nt: []\nmore:\n  t:\n" + "".join(
        f"  {line}\n" for line in body.splitlines()
    )
    assert box.read("t.yaml") == expected


@pytest.mark.parametrize(
    ("changes", "path", "comments"),
    [
        ([("layout: list", "layout: map")], "t.yaml", 5),
        ([("layout: list", "layout: map"), ("t.yaml", "u.yaml")], "u.yaml", 4),
        ([("layout: list, file: t.yaml, at: t", "layout: file, file: 'f/{id}.yaml'")], "f/a.yaml", 2),
        ([("t.yaml", "t.toml")], "t.toml", 4),
        ([("t.yaml", "t.yaml, format: toml")], "t.yaml", 5),
        ([("t.yaml", "'{id}/t.yaml'"), ("at: t", "at: more")], "z/t.yaml", 2),
    ],
)
def test_another_layout_or_format(box: Box, changes: list[tuple[str, str]], path: str, comments: int) -> None:
    carried(box, *changes)
    text = box.read(path)
    assert text.count("#") == comments, text
    assert "\n- id" not in text


def test_one_file_an_entry_becomes_one_list(box: Box) -> None:
    was = "layout: list, file: t.yaml, at: t"
    now = "layout: file, file: 'f/{id}.yaml'"
    carried(box, (was, now))
    carried(box, (now, was))
    assert not list((box.root / "f").glob("*"))
    head, _, body = TEXT.partition("t:\n")
    assert box.read("t.yaml") == f"{head}t:\n" + "".join(f"  {line}\n" for line in body.splitlines())


def test_an_update_comes_along_and_a_hand_edit_stays_one(box: Box) -> None:
    box.replace("t.yaml", "v: 3", "v: 30")
    box.replace("desired/t.yaml", '"1"', '"10"')
    box.replace(PLACE, "t.yaml", "u.yaml")
    plan = box.run("plan", "--format", "json").json
    assert {one["address"]: one["action"] for one in plan["changes"]} == {
        "t/a": "update",
        "t/m": "move",
        "t/z": "move",
    }
    assert [one["address"] for one in plan["drift"]] == ["t/z"]
    assert box.run("apply", "--yes").exit == 0
    assert box.read("u.yaml") == TEXT.replace('"1"', '"10"').replace("v: 3", "v: 30")
    assert not (box.root / "t.yaml").exists()
    assert box.run("drift").exit == 2


def test_entries_that_the_new_place_has_too_are_said(box: Box) -> None:
    """Somebody copied the registry: the copy counts, what only the old place has is carried."""
    box.write("u.yaml", 't:\n- id: a\n  v: "1"\n')
    box.replace(PLACE, "t.yaml", "u.yaml")
    plan = box.run("plan", "--format", "json").json
    assert {one["address"]: one["action"] for one in plan["changes"]} == {"t/m": "move", "t/z": "move"}
    (left,) = [one for one in plan["problems"] if one["code"] == "KND006"]
    assert "1 entry (t/a)" in left["message"]
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    assert [line for line in box.read("u.yaml").splitlines() if "- " in line] == [
        "- id: a",
        "- {id: m, v: 2}",
        "- id: z",
    ]
    assert box.read("t.yaml").count("- id: ") == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([("t.yaml", "t.json")], "the comment 'All of a.' would be lost"),
        ([("t.yaml", "'r/{group}.yaml'")], "its place needs the field 'group'"),
        ([("t.yaml", "'x-*.yaml'")], "its place is not determined (x-*.yaml): no place is known"),
    ],
)
def test_what_cannot_be_carried_blocks(box: Box, changes: list[tuple[str, str]], why: str) -> None:
    before = box.read("t.yaml")
    for change in changes:
        box.replace(PLACE, *change)
    plan = box.run("plan", "--format", "json").json
    assert plan["exit"] == 3
    (problem,) = [one for one in plan["problems"] if one["code"] == "KND005"]
    assert why in problem["message"]
    assert plan["drift"] == [], "nobody removed them by hand"
    assert box.run("apply", "--yes").exit == 3
    assert box.read("t.yaml") == before


def test_kinds_inside_each_other_block(box: Box) -> None:
    inner = "x-registry: {kind: u, layout: list, file: t.yaml, at: 't[id={t}].parts', key: [t, id]}\ntype: object\n"
    box.write(PLACE.replace("/t.", "/u."), inner)
    box.replace(PLACE, "t.yaml", "u.yaml")
    plan = box.run("plan", "--format", "json").json
    assert [one["code"] for one in plan["problems"] if one["severity"] == "error"] == ["KND005"]
    assert "inside each other" in next(one["message"] for one in plan["problems"] if one["code"] == "KND005")


def test_two_kinds_change_places_at_once(box: Box) -> None:
    box.write(
        PLACE.replace("/t.", "/u."),
        SCHEMA.replace("kind: t", "kind: u").replace("at: t", "at: u").replace("t.y", "u.y"),
    )
    box.write("desired/u.yaml", "u:\n- {id: b, v: 1}\n")
    assert box.run("apply", "--yes").exit == 0
    committed(box, "two kinds")
    box.replace(PLACE, "t.yaml", "u.yaml")
    box.replace(PLACE.replace("/t.", "/u."), "u.yaml", "t.yaml")
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    assert "id: b" in box.read("t.yaml")
    assert "id: a" in box.read("u.yaml")
    assert "id: a" not in box.read("t.yaml")


def test_what_an_interrupted_apply_may_take_back(box: Box) -> None:
    """Whichever of the two is remembered at that moment, both files are known."""
    box.replace(PLACE, "t.yaml", "u.yaml")
    for _ in range(2):
        writable = Writable(box.root)
        assert writable("t.yaml")
        assert writable("u.yaml")
        assert not writable("v.yaml")
        assert box.run("apply", "--yes").exit == 0
    box.replace("desired/t.yaml", '"1"', '"2"')
    assert box.run("apply", "--yes").exit == 0
    assert Writable(box.root)("t.yaml")


def test_a_change_of_place_is_reverted_as_any_other(box: Box) -> None:
    carried(box, ("t.yaml", "u.yaml"))
    committed(box, "elsewhere")
    box.git("revert", "--no-edit", "HEAD")
    nothing_to_do(box)
    assert box.read("t.yaml") == TEXT


def _workspace(count: int) -> Mapping[str, bytes]:
    files = {
        PLACE: SCHEMA.replace("t.yaml", "'r/{s}.yaml'").replace("at: t", "at: more.t").encode(),
        ".system/registry/state/places/t.place": (
            b'registry place 1\n.\nt: file "r/{s}.yaml"\n.\n.\nt: at "t"\n.\n.\nt: layout "list"\n'
        ),
    }
    for name in "ab":
        rows = "".join(f"# {number}\n- id: {name}{number:05}\n  s: {name}\n" for number in range(count))
        files[f"r/{name}.yaml"] = f"t:\n{rows}".encode()
    return files


def _plan(files: Mapping[str, bytes]) -> None:
    plan = make_plan(MemoryTree(files)).plan
    assert len(plan.changes) == sum(data.count(b"- id") for data in files.values())
    assert all(change.carried for change in plan.changes)


@pytest.mark.slow
def test_twice_as_many_entries_cost_twice_as_much() -> None:
    assert growth(_workspace, 150, _plan) <= 2.35


def test_the_history_says_what_was_carried(box: Box) -> None:
    carried(box, ("t.yaml", "u.yaml"))
    told = json.loads(box.run("log", "t/m", "--format", "json").out)
    assert "t/m" in json.dumps(told)
