"""Two branches that add, change, rename and delete neighbours, merged by real git, in both orders.

Each branch applies what its fragments say and commits fragments, registries and state together.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Box

SCHEMA = """\
x-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id}
type: object
"""
KEYS = tuple(f"{letter}{number}" for letter in "abcd" for number in (1, 2, 3, 4))
FRAGMENT = "desired/{}.yaml"


def entry(key: str, text: str = "as it was", indent: str = "  ") -> str:
    return f"{indent}# About {key}.\n{indent}- id: {key}\n{indent}  text: {text}\n{indent}  size: 1\n"


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """A committed workspace with 16 things of 4 fragments, in one registry file, all applied."""
    box = Box.started(tmp_path / "work", capsys, {".system/registry/schemas/thing.schema.yaml": SCHEMA})
    for letter in "abcd":
        box.write(FRAGMENT.format(letter), "thing:\n" + "".join(entry(k) for k in KEYS if k[0] == letter))
    assert box.run("apply", "--yes").exit == 0
    box.commit("base")
    return box


def branch(box: Box, name: str, edit: Callable[[Box], None]) -> None:
    """A branch off ``main`` in which an edit of fragments is applied and committed."""
    box.git("checkout", "-q", "-b", name, "main")
    edit(box)
    ran = box.run("apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    box.git("add", "-A")
    box.git("commit", "-qm", name)


def merge(box: Box, order: tuple[str, str]) -> bool:
    """Merge the second branch into the first; whether git could do it alone."""
    box.git("checkout", "-q", order[0])
    try:
        box.git("merge", "-q", "--no-edit", order[1])
    except subprocess.CalledProcessError:
        return False
    return True


def resolve(box: Box, keep: Callable[[str], str]) -> None:
    """As the fix of YML010 says: resolve desired/ by hand, take one side of the registry, then ``registry resolve``."""
    for file in sorted((box.root / "desired").rglob("*.yaml")):
        file.write_text(keep(file.read_text()))
    box.git("checkout", "-q", "--ours", "--", "things.yaml")
    assert box.run("resolve").exit == 0
    assert box.run("drift").exit == 0


def settled(box: Box) -> dict[str, str]:
    """The things by id after an apply that leaves nothing to do."""
    ran = box.run("apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    again = box.run("plan", "--detailed-exitcode")
    assert again.exit == 0, again.out
    rows = box.read("things.yaml").splitlines()
    ids = [row.split(": ")[1] for row in rows if row.lstrip().startswith("- id:")]
    texts = [row.split(": ")[1] for row in rows if row.lstrip().startswith("text:")]
    assert len(ids) == len(set(ids))
    for key in ids:
        if key in KEYS:
            assert rows.count(f"  # About {key}.") == 1
    return dict(zip(ids, texts, strict=True))


def left(box: Box) -> None:
    """Add a0, change a2, rename b2, delete b4."""
    box.write("desired/a.yaml", "thing:\n" + entry("a0", "new") + box.read("desired/a.yaml")[7:])
    box.replace("desired/a.yaml", entry("a2"), entry("a2", "left"))
    box.replace("desired/b.yaml", "id: b2", "id: b2x")
    box.write("desired/b.yaml", box.read("desired/b.yaml") + "moved:\n  - {from: thing/b2, to: thing/b2x}\n")
    box.replace("desired/b.yaml", entry("b4"), "")


def right(box: Box) -> None:
    """Add c5, change c2, rename d2, delete d4."""
    box.write("desired/c.yaml", box.read("desired/c.yaml") + entry("c5", "new"))
    box.replace("desired/c.yaml", entry("c2"), entry("c2", "right"))
    box.replace("desired/d.yaml", "id: d2", "id: d2x")
    box.write("desired/d.yaml", box.read("desired/d.yaml") + "moved:\n  - {from: thing/d2, to: thing/d2x}\n")
    box.replace("desired/d.yaml", entry("d4"), "")


def expected() -> dict[str, str]:
    found = {key: "as it was" for key in KEYS if key not in ("b2", "b4", "d2", "d4")}
    return {
        **found,
        "a0": "new",
        "a2": "left",
        "b2x": "as it was",
        "c2": "right",
        "c5": "new",
        "d2x": "as it was",
    }


ORDERS = [("left", "right"), ("right", "left")]


@pytest.mark.parametrize("order", ORDERS)
def test_edits_apart_merge_by_themselves(box: Box, order: tuple[str, str]) -> None:
    branch(box, "left", left)
    branch(box, "right", right)
    assert merge(box, order)
    assert box.run("plan").exit == 0
    assert settled(box) == expected()


def neighbours_left(box: Box) -> None:
    """All four edits within one fragment, beside those of the other branch."""
    box.write("desired/a.yaml", box.read("desired/a.yaml") + entry("a5", "left"))
    box.replace("desired/a.yaml", entry("a1"), entry("a1", "left"))
    box.replace("desired/b.yaml", entry("b1"), "")
    box.replace("desired/b.yaml", "id: b3", "id: b3x")
    box.write("desired/moves.yaml", "moved:\n  - {from: thing/b3, to: thing/b3x}\n")


def neighbours_right(box: Box) -> None:
    box.write("desired/a.yaml", box.read("desired/a.yaml") + entry("a6", "right"))
    box.replace("desired/a.yaml", entry("a2"), entry("a2", "right"))
    box.replace("desired/b.yaml", entry("b2"), "")
    box.replace("desired/b.yaml", "id: b4", "id: b4x")
    box.write("desired/moves2.yaml", "moved:\n  - {from: thing/b4, to: thing/b4x}\n")


@pytest.mark.parametrize("order", ORDERS)
def test_edits_of_neighbours_conflict_and_the_problem_says_how_to_go_on(
    box: Box, order: tuple[str, str]
) -> None:
    branch(box, "left", neighbours_left)
    branch(box, "right", neighbours_right)
    assert not merge(box, order)
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 3
    marks = [one for one in ran.json["problems"] if one["code"] == "YML010"]
    places = {one["location"]["path"] for one in marks}
    assert "things.yaml" in places
    for one in marks:
        if one["location"]["path"].startswith(".system/"):
            assert one["fix"]["description"].endswith(": registry resolve")
            continue
        row = box.read(one["location"]["path"]).splitlines()[one["location"]["line"] - 1]
        assert row.startswith(("<<<<<<<", "=======", ">>>>>>>"))
        for word in ("by hand", "one side", "--ours", "registry resolve"):
            assert word in one["fix"]["description"]
    assert box.run("apply", "--yes").exit == 3

    resolve(box, _resolved)
    found = settled(box)
    gone = {"b1", "b2", "b3", "b4"}
    assert found == {
        **{key: "as it was" for key in KEYS if key not in gone},
        "a1": "left",
        "a2": "right",
        "a5": "left",
        "a6": "right",
        "b3x": "as it was",
        "b4x": "as it was",
    }


def _resolved(text: str) -> str:
    """What a person would do: both edits, each entry once."""
    if "<<<<<<<" not in text:
        return text
    if "a1" in text:
        keys = {
            "a1": "left",
            "a2": "right",
            "a3": "as it was",
            "a4": "as it was",
            "a5": "left",
            "a6": "right",
        }
        return "thing:\n" + "".join(entry(key, value) for key, value in keys.items())
    pieces = [entry("b3").replace("id: b3", "id: b3x"), entry("b4").replace("id: b4", "id: b4x")]
    return "thing:\n" + "".join(pieces)


@pytest.mark.parametrize("order", ORDERS)
def test_the_same_edit_on_both_sides_is_one_edit(box: Box, order: tuple[str, str]) -> None:
    def same(box: Box) -> None:
        box.replace("desired/a.yaml", entry("a2"), entry("a2", "agreed"))
        box.replace("desired/b.yaml", entry("b1"), "")

    branch(box, "left", same)
    branch(box, "right", same)
    assert merge(box, order)
    found = settled(box)
    assert found["a2"] == "agreed"
    assert "b1" not in found


@pytest.mark.parametrize("order", ORDERS)
def test_a_change_here_and_a_deletion_there_are_settled_in_the_fragment(
    box: Box, order: tuple[str, str]
) -> None:
    branch(box, "left", lambda box: box.replace("desired/a.yaml", entry("a2"), entry("a2", "kept")))
    branch(box, "right", lambda box: box.replace("desired/a.yaml", entry("a2"), ""))
    assert not merge(box, order)
    keys = {"a1": "as it was", "a2": "kept", "a3": "as it was", "a4": "as it was"}
    whole = "thing:\n" + "".join(entry(key, value) for key, value in keys.items())
    resolve(box, lambda text: whole if "<<<<<<<" in text else text)
    assert settled(box)["a2"] == "kept"


def test_a_conflict_in_the_fragment_alone_is_a_problem_there(box: Box) -> None:
    box.write("desired/a.yaml", "<<<<<<< HEAD\nthing: []\n=======\nthing: []\n>>>>>>> other\n")
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 3
    (one,) = [one for one in ran.json["problems"] if one["blocking"]]
    assert (one["code"], one["location"]) == ("YML010", {"path": "desired/a.yaml", "line": 1, "column": 1})
    assert ran.json["summary"]["delete"] == 0


def test_the_first_entry_goes_where_both_sides_renamed_the_fragment(box: Box) -> None:
    """As after a cherry-pick of the rename: git slides the deletion of the first record up to the changed name."""

    def renamed(box: Box) -> None:
        box.git("mv", "desired/a.yaml", "desired/z.yaml")

    def emptied(box: Box) -> None:
        renamed(box)
        box.replace("desired/z.yaml", entry("a1"), "")

    branch(box, "left", renamed)
    branch(box, "right", emptied)
    assert merge(box, ("left", "right")), box.git("diff", "--name-only", "--diff-filter=U")
    assert settled(box).keys() == set(KEYS) - {"a1"}
