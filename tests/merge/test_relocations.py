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
from tests.growth.counting import growth
from tests.merge.helper import committed, nothing_to_do
from tests.support import Box

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
    files = {PLACE: SCHEMA, "t.yaml": TEXT, "desired/t.yaml": FRAGMENT}
    box = Box.started(tmp_path / "work", capsys, files)
    assert box.run("apply", "--yes").exit == 0
    box.commit("before")
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
    assert box.read("u.yaml") == f"t:\n{body}"
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
    # A list in a file of its own stands where it stood, and nothing else is a list.
    assert ("\n- id" in text) is (path == "z/t.yaml")


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


def test_what_was_let_go_goes_nowhere(box: Box) -> None:
    """Of a kind that nobody manages any more, nothing is carried, and where it stood forbids no other place."""
    assert box.run("rm", "--keep", "t/a", "t/z", "--apply", "--yes").exit == 0
    box.replace(PLACE, "t.yaml", "u.yaml")
    box.write("u.yaml", "t:\n- id: b\n")
    plan = box.run("plan", "--format", "json").json
    assert (plan["exit"], plan["changes"]) == (0, [])
    assert box.run("adopt", "t/b").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert (box.read("t.yaml"), box.read("u.yaml")) == (TEXT, "t:\n- id: b\n")
    after = box.run("plan", "--detailed-exitcode", "--format", "json").json
    assert after["exit"] == 0
    for found in (plan["problems"], after["problems"]):
        (message,) = (problem["message"] for problem in found if problem["code"] == "KND006")
        assert message.startswith("1 entry (t/m) of the kind 't' stands in t.yaml")  # nobody let it go


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
        # One entry was managed: of a kind that nobody manages nothing is carried.
        ".system/registry/state/t.state": (
            b'registry state 4\n< "desired/t.yaml"\n\n@ "t/gone" ZOk62b/J\n.\nid\n =X9R8tn45\n.\n.\n'
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


def remade(box: Box, schema: str, path: str, text: bytes, change: tuple[str, str]) -> dict[str, Any]:
    """The plan after a kind was applied in one form and its schema was changed."""
    (box.root / "t.yaml").unlink()
    box.write("desired/t.yaml", "")
    box.write(PLACE, schema)
    (box.root / path).parent.mkdir(parents=True, exist_ok=True)
    (box.root / path).write_bytes(text)
    assert box.run("apply", "--yes", "--allow-mass-delete").exit in (0, 3)
    assert box.run("adopt", "t/*").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert (box.root / path).read_bytes() == text
    box.replace(PLACE, *change)
    return box.run("plan", "--format", "json").json


def fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    return Box.started(tmp_path / "fresh", capsys, {"t.yaml": ""})


LIST = "x-registry: {kind: t, layout: map, file: t.FORM, at: t, key: id}\ntype: object\n"


@pytest.mark.parametrize(
    ("schema", "path", "text", "change", "why"),
    [
        (
            LIST.replace("t.FORM", "t.conf").replace("key: id", "key: id, format: yaml"),
            "t.conf",
            b"# head\nt:\n  a: {v: 1}\n",
            ("format: yaml", "format: json"),
            "the comment 'head' would be lost",
        ),
        (
            "x-registry: {kind: t, layout: list, file: 'a/{team}.yaml', at: t, key: id, exclude: ['b/x.yaml']}\n"
            "type: object\n",
            "a/x.yaml",
            b"t:\n- {id: a}\n",
            ("a/{team}", "b/{team}"),
            "b/x.yaml",
        ),
    ],
    ids=["comments that JSON has not", "excluded"],
)
def test_what_would_be_lost_blocks(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    schema: str,
    path: str,
    text: bytes,
    change: tuple[str, str],
    why: str,
) -> None:
    box = fresh(tmp_path, capsys)
    plan = remade(box, schema, path, text, change)
    assert plan["exit"] == 3
    assert any(why in one["message"] for one in plan["problems"] if one["code"] == "KND005"), plan["problems"]
    assert box.run("apply", "--yes").exit == 3
    assert (box.root / path).read_bytes() == text


def test_a_block_comment_stays_where_it_stood_and_a_comment_of_an_entry_goes_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = fresh(tmp_path, capsys)
    text = b'/* block\n   note */\n{"t": {"a": {"v": 1}, "b": {"v": 2}//tight\n}}\n'
    plan = remade(box, LIST.replace("FORM", "jsonc"), "t.jsonc", text, ("t.jsonc", "t.yaml"))
    assert plan["exit"] == 0
    assert "KND006" in [problem["code"] for problem in plan["problems"]]
    assert box.run("apply", "--yes").exit == 0
    assert "/* block\n   note */" in box.read("t.jsonc")
    assert "#tight" in box.read("t.yaml")


def test_text_that_looks_like_a_comment_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = fresh(tmp_path, capsys)
    text = b't:\n  a: {v: "use // here, #1"}\n  b: "# none"\n'
    plan = remade(
        box,
        LIST.replace("FORM", "yaml"),
        "t.yaml",
        text.replace(b'  b: "# none"\n', b""),
        ("t.yaml", "t.json"),
    )
    assert plan["exit"] == 0, plan["problems"]
    assert box.run("apply", "--yes").exit == 0
    assert json.loads(box.read("t.json")) == {"t": {"a": {"v": "use // here, #1"}}}


@pytest.mark.parametrize(
    "text", [b"\xef\xbb\xbf# head\n\nt:\n  a: {v: 1}\n", b"# head\r\nt:\r\n  a: {v: 1}\r\n"]
)
def test_a_text_made_anew_keeps_its_head_its_mark_and_its_line_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes
) -> None:
    box = fresh(tmp_path, capsys)
    plan = remade(box, LIST.replace("FORM", "yaml"), "t.yaml", text, ("layout: map", "layout: list"))
    assert plan["exit"] == 0, plan["problems"]
    assert box.run("apply", "--yes").exit == 0
    made = (box.root / "t.yaml").read_bytes()
    assert made.startswith(text[: text.index(b"\n")])
    assert made.count(b"\r\n") == (made.count(b"\n") if b"\r\n" in text else 0)


def test_items_that_no_step_leads_into_keep_what_they_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The containers of an inner kind are put back item by item; others with such a field are the outer kind's own."""
    box = fresh(tmp_path, capsys)
    (box.root / "t.yaml").unlink()
    box.write(PLACE, "x-registry: {kind: t, layout: map, file: t.yaml, at: t, key: id}\ntype: object\n")
    box.write(
        PLACE.replace("/t.", "/u."),
        "x-registry: {kind: u, layout: list, file: t.yaml, at: 't.{id}.plugins[name={plugin}].skills',\n"
        "  key: [id, plugin, skill]}\ntype: object\n",
    )
    text = (
        "t:\n  a:\n    v: 1\n    plugins:\n    - name: p\n      skills: [{skill: one}]\n"
        "    - title: nameless\n      skills: [two]\n    - title: other\n      skills: [three]\n    - plain\n"
    )
    box.write("t.yaml", text)
    assert box.run("adopt", "t/a").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert box.read("t.yaml") == text
    (fragment,) = [path for path in (box.root / "desired").glob("*.yaml") if "v: 1" in path.read_text()]
    fragment.write_text(fragment.read_text().replace("v: 1", "v: 2").replace("title: other", "title: others"))
    ran = box.run("apply", "--yes")
    assert ran.exit == 0, ran.out
    assert box.read("t.yaml") == text.replace("v: 1", "v: 2").replace("title: other", "title: others")
