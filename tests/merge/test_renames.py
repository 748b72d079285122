"""Renames in every layout: swaps, shifts, circles, subtrees, taken back, in letters only, in rounds of history."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.merge.helper import committed, fails, nothing_to_do
from tests.support import Box

SCHEMAS = {
    "list": "x-registry: {kind: t, layout: list, file: t.yaml, at: t, key: id}\ntype: object\n",
    "map": "x-registry: {kind: t, layout: map, file: t.yaml, at: t, key: id}\ntype: object\n",
    "file": "x-registry: {kind: t, layout: file, file: 't/{id}.yaml', key: id}\ntype: object\n",
    "placed": "x-registry: {kind: t, layout: list, file: '{id}/t.yaml', at: t, key: id}\ntype: object\n",
}


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    return Box.started(tmp_path / "work", capsys)


def of_layout(box: Box, layout: str) -> None:
    box.write(".system/registry/schemas/t.schema.yaml", SCHEMAS[layout])


def says(box: Box, entries: dict[str, Any], *moves: tuple[str, str]) -> None:
    """The fragment, with a comment to each entry."""
    text = "t:\n" + "".join(f"# of {value}\n- id: {key}\n  v: {value}\n" for key, value in entries.items())
    if moves:
        text += "moved:\n" + "".join(f"- {{from: t/{old}, to: t/{new}}}\n" for old, new in moves)
    box.write("desired/t.yaml", text)


def apply(box: Box) -> dict[str, Any]:
    ran = box.run("apply", "--yes", "--format", "json")
    assert ran.exit == 0, ran.out + ran.err
    return ran.json


def plan(box: Box, *options: str) -> dict[str, Any]:
    ran = box.run("plan", "--format", "json", *options)
    assert ran.exit == 0, ran.out + ran.err
    return ran.json


def moves_of(plan: dict[str, Any]) -> set[tuple[str, str]]:
    assert all(one["action"] == "move" for one in plan["changes"]), plan["changes"]
    return {(one["from"], one["address"]) for one in plan["changes"]}


def registries(box: Box) -> dict[str, str]:
    found = {
        str(path.relative_to(box.root)): path.read_text()
        for path in sorted(box.root.rglob("t*.yaml"))
        if ".system" not in path.parts and "desired" not in path.parts
    }
    one_a_file = {
        str(path.relative_to(box.root)): path.read_text() for path in sorted(box.root.glob("t/*.yaml"))
    }
    return {**found, **one_a_file}


CHAINS: list[list[tuple[str, str]]] = [
    [("a", "b"), ("b", "a")],
    [("a", "b"), ("b", "d")],
    [("a", "b"), ("b", "c"), ("c", "a")],
    [("a", "b"), ("b", "c"), ("c", "d")],
    [("a", "b"), ("b", "a"), ("c", "d")],
]


@pytest.mark.parametrize("layout", SCHEMAS)
@pytest.mark.parametrize("moves", CHAINS, ids=lambda moves: " ".join(f"{a}{b}" for a, b in moves))
def test_moves_that_shift_or_swap_keys_are_one_move(
    box: Box, layout: str, moves: list[tuple[str, str]]
) -> None:
    of_layout(box, layout)
    before = {"a": 1, "b": 2, "c": 3}
    says(box, before)
    apply(box)
    comments = "".join(registries(box).values())
    old = committed(box, "before")
    ends = dict(moves)
    after = {ends.get(key, key): value for key, value in before.items()}
    says(box, after, *moves)
    wanted = {(f"t/{source}", f"t/{target}") for source, target in moves}
    assert moves_of(plan(box)) == wanted
    assert moves_of(plan(box, "--base", old)) == wanted
    for one in wanted:
        assert moves_of(plan(box, "--target", one[1])) >= {one}
    apply(box)
    nothing_to_do(box)
    assert moves_of(plan(box, "--base", old)) == wanted
    texts = registries(box)
    for value in (1, 2, 3):
        assert comments.count(f"# of {value}") == sum(text.count(f"# of {value}") for text in texts.values())
    if layout == "list":
        assert [line.strip() for line in texts["t.yaml"].splitlines() if "v:" in line] == [
            "v: 1",
            "v: 2",
            "v: 3",
        ]
    # Spent lines stay no-ops, whatever comes after them.
    says(box, {**after, min(after): 9}, *moves)
    assert [one["action"] for one in plan(box)["changes"]] == ["update"]
    apply(box)
    nothing_to_do(box)
    new = committed(box, "after")
    # Taken back by reverting only the fragment: the moves, the other way round.
    box.git("checkout", "-q", old, "--", "desired")
    back = plan(box)["changes"]
    assert {(one["from"], one["address"]) for one in back} == {(b, a) for a, b in wanted}
    reviewed = plan(box, "--base", new)["changes"]
    assert {(one["from"], one["address"]) for one in reviewed} == {(b, a) for a, b in wanted}
    apply(box)
    nothing_to_do(box)
    # And once more, by git's own hand.
    box.git("stash", "-q", "-u")
    box.git("checkout", "-q", new)
    nothing_to_do(box)


@pytest.mark.parametrize("layout", SCHEMAS)
def test_a_swap_taken_back_by_reverting_the_fragment_is_a_swap(box: Box, layout: str) -> None:
    of_layout(box, layout)
    says(box, {"a": 1, "b": 2})
    apply(box)
    before = registries(box)
    says(box, {"b": 1, "a": 2}, ("a", "b"), ("b", "a"))
    apply(box)
    assert registries(box) != before
    says(box, {"a": 1, "b": 2})
    assert moves_of(plan(box)) == {("t/a", "t/b"), ("t/b", "t/a")}
    apply(box)
    assert registries(box) == before
    nothing_to_do(box)


@pytest.mark.parametrize("layout", SCHEMAS)
@pytest.mark.parametrize("edited", [False, True])
def test_a_rename_taken_back_is_a_rename(box: Box, layout: str, edited: bool) -> None:
    of_layout(box, layout)
    says(box, {"a": 1, "z": 2})
    apply(box)
    before = registries(box)
    first = committed(box, "first")
    says(box, {"b": 1, "z": 2}, ("a", "b"))
    apply(box)
    # Spent, so dropped: the record knows it all the same.
    says(box, {"b": 1, "z": 2})
    assert moves_of(plan(box, "--base", first)) == {("t/a", "t/b")}
    base = committed(box, "renamed")
    says(box, {"a": 7 if edited else 1, "z": 2})
    assert moves_of(plan(box)) == {("t/b", "t/a")}
    apply(box)
    assert moves_of(plan(box, "--base", base)) == {("t/b", "t/a")}
    assert registries(box) == {
        name: text.replace("v: 1", "v: 7") if edited else text for name, text in before.items()
    }
    nothing_to_do(box)


@pytest.mark.parametrize("layout", SCHEMAS)
def test_rounds_of_renames_stay_spent(box: Box, layout: str) -> None:
    """Chains over several commits, there and back again; no line is ever dropped."""
    of_layout(box, layout)
    lines: list[tuple[str, str]] = []
    says(box, {"a": 1, "k": 0})
    apply(box)
    name = "a"
    for new in ("b", "c", "a", "d", "c"):
        if (name, new) not in lines and not any(old == name for old, _ in lines):
            lines.append((name, new))
        else:
            lines = [(old, to) for old, to in lines if old != name] + [(name, new)]
        says(box, {new: 1, "k": 0}, *lines)
        assert moves_of(plan(box)) == {(f"t/{name}", f"t/{new}")}, (new, lines)
        apply(box)
        nothing_to_do(box)
        name = new
        committed(box, new)
    for commit in box.git("rev-list", "HEAD").split():
        box.git("checkout", "-q", commit)
        nothing_to_do(box)


def test_a_new_entry_may_take_the_old_name_of_a_renamed_one(box: Box) -> None:
    of_layout(box, "list")
    says(box, {"a": 1})
    apply(box)
    says(box, {"b": 1}, ("a", "b"))
    apply(box)
    says(box, {"b": 1, "a": 5}, ("a", "b"))
    assert [(one["action"], one["address"]) for one in plan(box)["changes"]] == [("create", "t/a")]
    apply(box)
    nothing_to_do(box)


@pytest.mark.parametrize(
    ("entries", "moves", "why"),
    [
        ({"a": 1, "n": 1, "c": 3}, [("a", "n")], "still declared"),
        ({"b": 1, "c": 3}, [("a", "b")], "both are in the registries"),
        ({"n": 1}, [("a", "n"), ("b", "n")], "is moved there too"),
        ({"b": 1, "c": 2}, [("a", "b"), ("b", "c")], "both are in the registries"),
    ],
)
def test_moves_that_cannot_be_done(
    box: Box, entries: dict[str, int], moves: list[tuple[str, str]], why: str
) -> None:
    of_layout(box, "list")
    says(box, {"a": 1, "b": 2, "c": 3})
    apply(box)
    says(box, entries, *moves)
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 3
    assert any(one["code"] == "FRG003" and why in one["message"] for one in ran.json["problems"]), ran.out


@pytest.mark.parametrize("new", ["API", "Api"])
def test_a_rename_in_letters_only_is_not_stopped_by_its_own_file(box: Box, new: str) -> None:
    of_layout(box, "file")
    says(box, {"api": 1})
    apply(box)
    says(box, {new: 1}, ("api", new))
    assert moves_of(plan(box)) == {("t/api", f"t/{new}")}
    apply(box)
    assert os.listdir(box.root / "t") == [f"{new}.yaml"]
    nothing_to_do(box)
    says(box, {"api": 1})
    apply(box)
    assert os.listdir(box.root / "t") == ["api.yaml"]


def test_a_rename_in_letters_only_is_not_stopped_by_its_own_folder(box: Box) -> None:
    text = "x-registry: {kind: t, layout: file, file: 't/{id}/S.md', key: id}\ntype: object\n"
    box.write(".system/registry/schemas/t.schema.yaml", text)
    says(box, {"api": 1})
    apply(box)
    says(box, {"Api": 1}, ("api", "Api"))
    assert moves_of(plan(box)) == {("t/api", "t/Api")}
    apply(box)
    assert os.listdir(box.root / "t") == ["Api"]
    nothing_to_do(box)
    says(box, {"api": 1})
    apply(box)
    assert os.listdir(box.root / "t") == ["api"]
    nothing_to_do(box)


def test_a_folder_in_other_letters_that_has_another_file_is_still_in_the_way(box: Box) -> None:
    text = "x-registry: {kind: t, layout: file, file: 't/{id}/S.md', key: id}\ntype: object\n"
    box.write(".system/registry/schemas/t.schema.yaml", text)
    says(box, {"api": 1})
    apply(box)
    box.write("t/api/notes.txt", "mine\n")
    says(box, {"Api": 1}, ("api", "Api"))
    assert box.run("plan").exit == 3


def test_another_file_in_other_letters_is_still_in_the_way(box: Box) -> None:
    of_layout(box, "file")
    says(box, {"api": 1, "web": 1})
    apply(box)
    says(box, {"api": 1, "API": 1}, ("web", "API"))
    assert box.run("plan").exit == 3


PLUGINS = {
    "list": (
        "x-registry: {kind: plugin, layout: list, file: p.yaml, at: plugins, key: name}\ntype: object\n",
        "x-registry: {kind: skill, layout: list, file: p.yaml, at: 'plugins[name={plugin}].skills', "
        "key: [plugin, id]}\ntype: object\n",
        "plugins:\n# first\n- name: a\n  of: 1\n  skills:\n  # s1\n  - id: s1\n    v: 1\n  - id: s2\n    v: 2\n"
        "- name: b\n  of: 2\n  skills:\n  - id: s1\n    v: 3\n",
    ),
    "map": (
        "x-registry: {kind: plugin, layout: map, file: p.yaml, at: plugins, key: name}\ntype: object\n",
        "x-registry: {kind: skill, layout: map, file: p.yaml, at: 'plugins.{plugin}.skills', "
        "key: [plugin, id]}\ntype: object\n",
        "plugins:\n  # first\n  a:\n    of: 1\n    skills:\n"
        "      # s1\n      s1:\n        v: 1\n      s2:\n        v: 2\n"
        "  b:\n    of: 2\n    skills:\n      s1:\n        v: 3\n",
    ),
    "file": (
        "x-registry: {kind: plugin, layout: file, file: 'p/{name}.yaml', key: name}\ntype: object\n",
        "x-registry: {kind: skill, layout: list, file: 'p/{plugin}.yaml', at: skills, "
        "key: [plugin, id]}\ntype: object\n",
        "",
    ),
}


def plugins(box: Box, layout: str) -> None:
    outer, inner, text = PLUGINS[layout]
    box.write(".system/registry/schemas/plugin.schema.yaml", outer)
    box.write(".system/registry/schemas/skill.schema.yaml", inner)
    if text:
        box.write("p.yaml", text)
    else:
        box.write("p/a.yaml", "# first\nof: 1\nskills:\n# s1\n- id: s1\n  v: 1\n- id: s2\n  v: 2\n")
        box.write("p/b.yaml", "of: 2\nskills:\n- id: s1\n  v: 3\n")


def wanted(box: Box, names: dict[str, str], *moves: tuple[str, str], but: tuple[str, ...] = ()) -> None:
    """A fragment with the two plugins under their names now."""
    a, b = names["a"], names["b"]
    rows = [(a, "s1", 1), (a, "s2", 2), (b, "s1", 3)]
    text = f"plugin:\n- {{name: {a}, of: 1}}\n- {{name: {b}, of: 2}}\nskill:\n"
    text += "".join(
        f"- {{plugin: {plugin}, id: {key}, v: {value}}}\n"
        for plugin, key, value in rows
        if f"{plugin}/{key}" not in but
    )
    if moves:
        text += "moved:\n" + "".join(f"- {{from: plugin/{old}, to: plugin/{new}}}\n" for old, new in moves)
    box.write("desired/p.yaml", text)


@pytest.mark.parametrize("layout", PLUGINS)
@pytest.mark.parametrize("new", [{"a": "nn", "b": "b"}, {"a": "b", "b": "a"}, {"a": "b", "b": "nn"}])
def test_what_lies_inside_moves_with_its_parent(box: Box, layout: str, new: dict[str, str]) -> None:
    plugins(box, layout)
    wanted(box, {"a": "a", "b": "b"})
    apply(box)
    nothing_to_do(box)
    base = committed(box, "adopted")
    before = registries_of_plugins(box)
    moves = [(old, to) for old, to in new.items() if old != to]
    wanted(box, new, *moves)
    found = moves_of(plan(box))
    assert ("skill/a/s1", f"skill/{new['a']}/s1") in found
    assert ("skill/a/s2", f"skill/{new['a']}/s2") in found
    assert len(found) == (5 if len(moves) == 2 else 3)
    assert moves_of(plan(box, "--base", base)) == found
    assert moves_of(plan(box, "--target", f"skill/{new['a']}/s2")) == found if len(moves) == 2 else True
    apply(box)
    nothing_to_do(box)
    after = registries_of_plugins(box)
    assert (
        sorted("".join(after.values())) == sorted("".join(before.values()))
        or len(moves) == 1
        or "nn" in new.values()
    )
    assert "".join(after.values()).count("# s1") == 1
    # Taken back by reverting only the fragment.
    wanted(box, {"a": "a", "b": "b"})
    assert len(moves_of(plan(box))) == len(found)
    apply(box)
    assert registries_of_plugins(box) == before
    nothing_to_do(box)


def registries_of_plugins(box: Box) -> dict[str, str]:
    paths = [box.root / "p.yaml", *sorted(box.root.glob("p/*.yaml"))]
    return {path.name: path.read_text() for path in paths if path.exists()}


@pytest.mark.parametrize("layout", PLUGINS)
def test_what_nobody_manages_goes_along_and_what_goes_goes(box: Box, layout: str) -> None:
    """s2 is not managed in one plugin; s1 of the renamed one is dropped in the same plan."""
    plugins(box, layout)
    wanted(box, {"a": "a", "b": "b"}, but=("a/s2",))
    apply(box)
    wanted(box, {"a": "nn", "b": "b"}, ("a", "nn"), but=("nn/s1", "nn/s2"))
    found = plan(box)["changes"]
    assert [(one["action"], one["address"]) for one in found] == [
        ("move", "plugin/nn"),
        ("delete", "skill/a/s1"),
    ]
    apply(box)
    nothing_to_do(box)
    assert plan(box)["summary"]["unmanaged"] == 1
    text = "".join(registries_of_plugins(box).values())
    assert text.count("s2") == 1
    assert text.count("s1") == 1


@pytest.mark.parametrize("more", ["", "w: 2\n"], ids=["marks in both", "merged without a word"])
def test_two_new_files_that_git_takes_for_one_are_those_of_their_sides(box: Box, more: str) -> None:
    """A file that both sides renamed: git merges the two, and puts what comes of it at both places."""
    schema = "x-registry: {kind: t, layout: file, file: 't/{id}.yaml', key: id, truth: live}\ntype: object\n"
    box.write(".system/registry/schemas/t.schema.yaml", schema)
    long = "".join(f"field_{number}: some text of it\n" for number in range(20))
    # Where a file does not say its id, git finds nothing that contradicts.
    head = "" if more else "id: {}\n"
    box.write("t/a.yaml", head.format("a") + long)
    committed(box, "a")
    sides = {
        "b": head.format("b") + long.replace("_0: some", "_0: other"),
        "c": head.format("c") + long + more,
    }
    for branch, (name, text) in zip(("other", "main"), sides.items(), strict=True):
        box.git("checkout", "-q", *(["-b", "other"] if branch == "other" else ["main"]))
        box.git("rm", "-q", "t/a.yaml")
        box.write(f"t/{name}.yaml", text)
        committed(box, name)
    assert set(fails(box, "merge", "-q", "other")) >= {"t/b.yaml", "t/c.yaml"}
    ran = box.run("resolve")
    assert ran.exit == 0, ran.out + ran.err
    assert {name: box.read(f"t/{name}.yaml") for name in sides} == sides
    assert not (box.root / "t/a.yaml").exists()


def test_a_shift_here_and_an_edit_there_leave_no_edit_by_hand(box: Box) -> None:
    of_layout(box, "file")
    text = "t:\n- id: {}\n  w: {}\n  x: {}\n  y: 1\n"
    box.write("desired/a.yaml", text.format("k", 1, 1))
    box.write("desired/b.yaml", text.format("m", 5, 5))
    apply(box)
    committed(box, "base")
    box.git("checkout", "-q", "-b", "shifts")
    box.write("desired/a.yaml", text.format("n", 1, 1) + "moved:\n- {from: t/k, to: t/n}\n")
    box.write("desired/b.yaml", text.format("k", 5, 5) + "moved:\n- {from: t/m, to: t/k}\n")
    apply(box)
    committed(box, "m is k, and k is n")
    box.git("checkout", "-q", "main")
    box.write("desired/a.yaml", text.format("k", 2, 1))
    apply(box)
    committed(box, "what is to be n changes")
    assert "t/k.yaml" in fails(box, "merge", "-q", "--no-edit", "shifts")
    assert box.run("resolve").exit == 0
    drift = box.run("drift", "--format", "json")
    assert (drift.exit, drift.json["drift"]) == (0, []), "each field is as one side applied it"
    apply(box)
    assert box.read("t/k.yaml").split() == ["id:", "k", "w:", "5", "x:", "5", "y:", "1"]
    assert "w: 2" in box.read("t/n.yaml")
    nothing_to_do(box)
