"""A registry that comes back at a place where its kind had it before: no plan reads it, and each says so."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.merge.helper import FRAGMENT, KIND, SCHEMA, applied, committed, listed, nothing_to_do
from tests.support import SCHEMAS, Box

LIST = "layout: list, file: t.yaml, at: t"
A_FILE_EACH = "layout: file, file: 'f/{id}.yaml'"


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """a and b are managed; the commit `old` has them in t.yaml, which HEAD has elsewhere."""
    box = Box.started(tmp_path / "work", capsys, {KIND: SCHEMA})
    applied(box, "made", listed(a=1, b=2))
    box.git("tag", "old")
    return box


def moved(box: Box, now: str = LIST.replace("t.yaml", "u.yaml"), was: str = LIST) -> None:
    box.replace(KIND, was, now)
    applied(box, "elsewhere")
    assert said(box) == []


def said(box: Box) -> list[dict[str, Any]]:
    """What plans say of old places; nothing is to be done."""
    plan = box.run("plan", "--format", "json").json
    assert (plan["exit"], plan["changes"]) == (0, [])
    return [one for one in plan["problems"] if one["code"] == "KND006"]


@pytest.mark.parametrize(
    ("was", "now", "back"),
    [
        (LIST, LIST.replace("t.yaml", "u.yaml"), ["t.yaml"]),
        (LIST, A_FILE_EACH, ["t.yaml"]),
        (A_FILE_EACH, LIST, ["f/a.yaml", "f/b.yaml"]),
        (LIST.replace("list", "map"), LIST.replace("t.yaml", "u.yaml"), ["t.yaml"]),
        (LIST.replace("t.yaml", "t.json"), LIST.replace("t.yaml", "'u/{id}.yaml'"), ["t.json"]),
        (LIST.replace("t.yaml", "t.conf") + ", format: toml", LIST, ["t.conf"]),
        (
            A_FILE_EACH.replace("yaml", "md"),
            A_FILE_EACH.replace("f/{id}.yaml", "g/{id}.md"),
            ["f/a.md", "f/b.md"],
        ),
    ],
)
def test_what_came_back_is_said_and_the_advice_removes_it(
    box: Box, was: str, now: str, back: list[str]
) -> None:
    if was != LIST:
        moved(box, was)
        box.git("tag", "-f", "old")
    moved(box, now, was)
    box.git("checkout", "-q", "old", "--", *back)
    (problem,) = said(box)
    assert "2 entries (t/a, t/b) of the kind 't' stand in" in problem["message"]
    assert "Only there" not in problem["message"]
    assert problem["location"]["path"] == back[0]
    _, _, command = problem["fix"]["description"].partition(": ")
    assert shlex.split(command) == ["rm", *back]
    subprocess.run(shlex.split(command), cwd=box.root, check=True)
    nothing_to_do(box)
    assert said(box) == []


def test_entries_that_came_back_into_another_list_of_the_file(box: Box) -> None:
    moved(box, LIST.replace("at: t", "at: more.t"))
    box.write("t.yaml", box.read("t.yaml").replace("t: []\n", listed(b=2, q=7)))
    (problem,) = said(box)
    assert "2 entries (t/b, t/q) of the kind 't' stand in t.yaml" in problem["message"]
    assert "Only there: 1 entry (t/q)." in problem["message"]
    assert problem["location"]["line"] == 2
    assert "Move what is of use to 't.yaml' under 'more.t'" in problem["fix"]["description"]


def test_an_entry_that_a_side_changed_at_the_old_place_is_named(box: Box) -> None:
    moved(box)
    box.write("t.yaml", listed(a=1, b=3))
    (problem,) = said(box)
    assert "Not as at the new place: 1 entry (t/b)." in problem["message"]
    assert "rm t.yaml" not in problem["fix"]["description"]


def test_what_stands_beside_the_entries_is_not_removed(box: Box) -> None:
    moved(box)
    box.write("t.yaml", listed(a=1, b=2) + "version: 7\n")
    (problem,) = said(box)
    assert problem["fix"]["description"] == "Take the entries out of t.yaml by hand."
    box.write("t.yaml", "t: []\nversion: 7\n")
    assert said(box) == []


def test_all_places_that_a_kind_had_are_looked_at(box: Box) -> None:
    moved(box)
    moved(box, LIST.replace("t.yaml", "v.yaml").replace("at: t", "at: w"), LIST.replace("t.yaml", "u.yaml"))
    box.git("checkout", "-q", "old", "--", "t.yaml")
    box.git("checkout", "-q", "HEAD~1", "--", "u.yaml")
    assert [problem["location"]["path"] for problem in said(box)] == ["t.yaml", "u.yaml"]


def test_a_place_that_the_kind_has_again_is_none(box: Box) -> None:
    moved(box)
    moved(box, LIST, LIST.replace("t.yaml", "u.yaml"))
    nothing_to_do(box)


def test_the_place_that_an_earlier_program_remembered(box: Box) -> None:
    """It left the name of the last file alone."""
    moved(box)
    for path in (box.root / ".system/registry/state/places").glob("*.former"):
        path.unlink()
    box.git("checkout", "-q", "old", "--", "t.yaml")
    assert len(said(box)) == 1


def test_a_place_that_the_kind_had_twice_is_said_once(box: Box) -> None:
    at_u = LIST.replace("t.yaml", "u.yaml")
    moved(box)
    moved(box, LIST, at_u)
    box.replace(KIND, LIST, LIST.replace("t.yaml", "v.yaml"))
    box.write("v.yaml", box.read("t.yaml"))
    assert len(said(box)) == 1


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ('file "t.yaml"', 'file "/etc/passwd"'),
        ('file "t.yaml"', 'file "./t.yaml"'),
        ('key "id"', 'key "["'),
    ],
)
def test_a_place_that_no_kind_may_have_is_not_looked_at(box: Box, line: str, instead: str) -> None:
    """Anybody can write such a file, and the advice is to remove what stands there."""
    moved(box)
    moved(box, LIST.replace("t.yaml", "v.yaml"), LIST.replace("t.yaml", "u.yaml"))
    folder = box.root / ".system/registry/state/places"
    (path,) = (path for path in folder.glob("*.former") if 'file "t.yaml"' in path.read_text())
    assert line in path.read_text()
    path.write_text(path.read_text().replace(line, instead))
    box.git("checkout", "-q", "old", "--", "t.yaml")
    assert said(box) == []


@pytest.mark.parametrize("file", ["t.yaml", "'*.yaml'"])
def test_a_place_of_another_kind_is_none(box: Box, file: str) -> None:
    moved(box)
    box.write(
        f"{SCHEMAS}/u.schema.yaml",
        SCHEMA.replace("kind: t", "kind: u").replace("file: t.yaml", f"file: {file}"),
    )
    box.git("checkout", "-q", "old", "--", "t.yaml")
    assert said(box) == []
    box.write("t.yaml", f"<<<<<<< ours\n{box.read('t.yaml')}=======\n>>>>>>> theirs\n")
    plan = box.run("plan", "--format", "json").json
    assert [one["code"] for one in plan["problems"] if "t.yaml" in one["location"]["path"]] == ["YML010"]


@pytest.mark.parametrize("output", ["{at: t, each: t, item: {id: '{{ key }}'}}", "{value: 't: [{id: a}]'}"])
def test_what_an_output_makes_there_is_none(box: Box, output: str) -> None:
    moved(box)
    if "at:" in output:
        box.write("t.yaml", "t: []\n")
    box.write(".system/registry/outputs.yaml", f"outputs:\n- {{id: o, file: t.yaml, {output[1:]}\n")
    assert box.run("apply", "--yes").exit == 0
    assert "id: a" in box.read("t.yaml")
    assert said(box) == []


def test_a_kind_whose_truth_is_live_by_now_is_not_asked(box: Box) -> None:
    moved(box)
    box.replace(KIND, "key: id", "key: id, truth: live")
    box.write(FRAGMENT, "")
    box.git("checkout", "-q", "old", "--", "t.yaml")
    assert said(box) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<<<<<<< ours\nt: []\n=======\nt: 1\n>>>>>>> theirs\n", "git left a conflict marker"),
        ("t: [\n", "cannot be read: "),
    ],
)
def test_a_file_that_cannot_be_read_is_said(box: Box, text: str, why: str) -> None:
    moved(box)
    box.write("t.yaml", text)
    (problem,) = said(box)
    assert why in problem["message"]
    assert problem["fix"]["description"].endswith("remove it: rm t.yaml")


def test_a_file_that_a_sparse_checkout_hides_is_said(box: Box) -> None:
    moved(box)
    box.git("checkout", "-q", "old", "--", "t.yaml")
    committed(box, "back")
    box.git("sparse-checkout", "set", "--no-cone", "/*", "!/t.yaml")
    (problem,) = said(box)
    assert "a sparse checkout hides it" in problem["message"]


def test_a_kind_that_never_moved_costs_no_look(box: Box) -> None:
    inputs = box.run("plan", "--format", "json").json["inputs"]
    assert [path for path in inputs if path.startswith(".system/registry/state/places/")] == [
        ".system/registry/state/places/t.place"
    ]


def test_both_sides_know_what_came_back_after_a_merge(box: Box) -> None:
    """One branch moves the registry; the other adds to it, and whoever merges keeps the file."""
    box.git("checkout", "-q", "-b", "other")
    applied(box, "added", listed(a=1, b=2, c=3))
    box.git("checkout", "-q", "main")
    moved(box, A_FILE_EACH)
    with pytest.raises(subprocess.CalledProcessError):
        box.git("merge", "-q", "other")
    box.git("add", "t.yaml")
    assert box.run("resolve").exit == 0
    plan = box.run("plan", "--format", "json").json
    assert ([change["address"] for change in plan["changes"]], plan["drift"]) == (["t/c"], [])
    (problem,) = [one for one in plan["problems"] if one["code"] == "KND006"]
    assert "Only there: 1 entry (t/c)." in problem["message"]
    applied(box, "merged")
    assert said(box)[0]["fix"]["description"].endswith("rm t.yaml")
