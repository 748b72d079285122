"""Keys are handed on, and an entry on the way was edited by hand: what is said of that, and what is advised, done."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.merge.helper import KIND
from tests.support import Box

SHAPES = {
    "list": "{kind: t, layout: list, file: r.yaml, at: t, key: id}",
    "map": "{kind: t, layout: map, file: r.yaml, at: t, key: id}",
    "file": "{kind: t, layout: file, file: 'h/{id}.yaml', key: id}",
    "front matter": "{kind: t, layout: file, file: 'h/{id}.md', key: id}",
    "other files": "{kind: t, layout: list, file: 'g/{group}.yaml', at: t, key: id}",
    "json": "{kind: t, layout: list, file: r.json, at: t, key: id}",
    "jsonc map": "{kind: t, layout: map, file: r.jsonc, at: t, key: id}",
    "toml": "{kind: t, layout: list, file: r.toml, at: t, key: id}",
}
MOVES = {
    "swap": {"a": "b", "b": "a"},
    "shift": {"a": "b", "b": "d"},
    "through": {"a": "b", "b": "c", "c": "d"},
}
EDITED = {"swap": "a", "shift": "b", "through": "c"}
ADVICE = re.compile(r"registry ((?:drift --accept|drift --revert|plan --overwrite) t/\w+)")


def declared(moves: Mapping[str, str]) -> str:
    """Three entries by the names that they have after some moves."""
    names = sorted((moves.get(name, name), number) for number, name in enumerate("abc"))
    entries = "".join(f"  - {{id: {name}, group: g{n % 2}, v: old{n}}}\n" for name, n in names)
    lines = "".join(f"  - {{from: t/{old}, to: t/{new}}}\n" for old, new in moves.items())
    return f"t:\n{entries}" + (f"moved:\n{lines}" if moves else "")


def registries(box: Box) -> dict[Path, str]:
    return {
        path: path.read_text() for path in box.root.rglob("*") if path.parent.name in "hg" or path.stem == "r"
    }


def in_the_way(box: Box, shape: str, moves: str) -> tuple[str, str]:
    """An entry was edited, and all names are handed on; its name afterwards, and its value before."""
    box.write(KIND, f"x-registry: {SHAPES[shape]}\ntype: object\n")
    box.write("desired/t.yaml", declared({}))
    assert box.run("apply", "--yes").exit == 0
    number = "abc".index(EDITED[moves])
    for path, text in registries(box).items():
        path.write_text(text.replace(f"old{number}", f"new{number}"))
    box.write("desired/t.yaml", declared(MOVES[moves]))
    return f"t/{MOVES[moves][EDITED[moves]]}", f"old{number}"


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    return Box.started(tmp_path / "work", capsys, {})


CASES = [
    *((shape, moves, "drift --accept") for shape in SHAPES for moves in ("swap", "shift")),
    *(("list", moves, way) for moves in MOVES for way in ("drift --revert", "plan --overwrite")),
    ("list", "through", "drift --accept"),
]


@pytest.mark.parametrize(("shape", "moves", "way"), CASES)
def test_the_entry_that_was_edited_is_named_and_what_is_advised_settles_it(
    box: Box, shape: str, moves: str, way: str
) -> None:
    name, before = in_the_way(box, shape, moves)
    ran = box.run("apply", "--yes", "--format", "json", "--no-color")
    assert ran.exit == 3
    problems = ran.json["problems"]
    assert {problem["code"] for problem in problems} == {"FRG003", "STA001"}
    refused = [problem for problem in problems if problem["code"] == "FRG003"]
    assert len(refused) == (2 if moves == "through" else 1)
    for problem in refused:
        assert f"{name}, was edited by hand and stays in " in problem["message"].replace(
            " which is to be", ""
        )
        assert problem["related"][0]["location"]["line"]
        assert set(ADVICE.findall(problem["fix"]["description"])) == {
            f"drift --accept {name}",
            f"drift --revert {name}",
            f"plan --overwrite {name}",
        }
    words = shlex.split(f"{way} {name}")
    if words[0] == "plan":
        assert box.run(*words).exit == 0
        words = ["apply", "--yes", *words[1:]]
    assert box.run(*words).exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert box.run("plan", "--detailed-exitcode").exit == 0
    assert box.run("drift").exit == 0
    kept = before if way != "drift --accept" else before.replace("old", "new")
    everywhere = "".join(registries(box).values())
    assert sorted(re.findall(r"(?:old|new)\d", everywhere)) == sorted(
        {"old0", "old1", "old2"} - {before} | {kept}
    )
    found = box.run("show", name, "--format", "json")
    assert kept in found.out


def test_an_edit_of_what_is_to_be_renamed_is_taken_over_under_the_new_name(box: Box) -> None:
    box.write(KIND, f"x-registry: {SHAPES['list']}\ntype: object\n")
    box.write("desired/t.yaml", declared({}))
    assert box.run("apply", "--yes").exit == 0
    box.replace("r.yaml", "old0", "new0")
    box.write("desired/t.yaml", declared({"a": "d"}))
    assert box.run("drift", "--accept", "t/d").exit == 0
    assert box.read("desired/t.yaml") == declared({"a": "d"}).replace("old0", "new0")
    assert box.run("apply", "--yes").exit == 0
    assert box.run("plan", "--detailed-exitcode").exit == 0
    assert "id: a" not in box.read("r.yaml")


def test_the_name_of_what_was_removed_by_hand_is_handed_on(box: Box) -> None:
    box.write(KIND, f"x-registry: {SHAPES['file']}\ntype: object\n")
    box.write("desired/t.yaml", declared({}))
    assert box.run("apply", "--yes").exit == 0
    (box.root / "h/a.yaml").unlink()
    box.write("desired/t.yaml", declared(MOVES["swap"]))
    assert box.run("drift", "--accept", "t/b").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert box.run("plan", "--detailed-exitcode").exit == 0
    assert {path.name: "old1" in text for path, text in registries(box).items()} == {
        "a.yaml": True,
        "c.yaml": False,
    }


def test_what_was_let_go_and_takes_another_name_is_no_edit_by_hand(box: Box) -> None:
    box.write(KIND, f"x-registry: {SHAPES['list']}\ntype: object\n")
    box.write("desired/t.yaml", declared({}))
    assert box.run("apply", "--yes").exit == 0
    box.write(
        "desired/t.yaml", "t:\n  - {id: b, group: g1, v: old1}\nremoved: [{address: t/a, keep: true}, t/c]\n"
    )
    assert box.run("apply", "--yes").exit == 0
    box.write("desired/t.yaml", declared(MOVES["shift"]).replace("old0", "other"))
    ran = box.run("plan", "--format", "json")
    assert ran.json["drift"] == []
    assert [(problem["code"], problem["address"]) for problem in ran.json["problems"]] == [("STA003", "t/b")]
