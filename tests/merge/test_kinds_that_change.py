"""A schema that goes, or points elsewhere, while the state knows entries of its kind: that is said, and blocks."""

from __future__ import annotations

import pytest

from tests.merge.helper import SCHEMA, applied, committed, fails, listed, nothing_to_do
from tests.support import Box

PLACE = ".system/registry/schemas/t.schema.yaml"


@pytest.fixture
def box(box: Box) -> Box:
    """One kind with two entries, applied and committed."""
    applied(box, "all", listed(a=1, b=1))
    return box


def blocked_by(box: Box, code: str) -> str:
    """The message of the one problem with a code; nothing is written, and no change is planned."""
    before = {
        path: path.read_bytes() for path in box.root.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    plan = box.run("plan", "--format", "json").json
    assert plan["exit"] == 3
    assert plan["changes"] == []
    (problem,) = [one for one in plan["problems"] if one["code"] == code]
    assert problem["blocking"]
    assert box.run("apply", "--yes").exit == 3
    assert box.run("check").exit == 3
    after = {
        path: path.read_bytes() for path in box.root.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    assert after == before
    return str(problem["message"])


@pytest.mark.parametrize("fragments_too", [True, False])
def test_a_schema_that_is_gone_is_said(box: Box, fragments_too: bool) -> None:
    (box.root / PLACE).unlink()
    if fragments_too:
        (box.root / "desired/t.yaml").unlink()
    committed(box, "the schema goes")
    message = blocked_by(box, "KND004")
    assert "2 entries" in message
    assert "'t'" in message
    ran = box.run("drift")
    assert ran.exit == 3
    assert "2 entries (t/a, t/b) of the kind 't'" in ran.out
    assert "No drift" not in ran.out
    box.git("checkout", "HEAD~1", "--", ".")
    nothing_to_do(box)


def test_a_kind_is_let_go_as_the_advice_says(box: Box) -> None:
    box.write("desired/t.yaml", "removed:\n- {address: t/a, keep: true}\n- {address: t/b, keep: true}\n")
    assert box.run("apply", "--yes").exit == 0
    (box.root / "desired/t.yaml").unlink()
    (box.root / PLACE).unlink()
    nothing_to_do(box)
    assert "id: a" in box.read("t.yaml")


@pytest.mark.parametrize("change", [("t.yaml", "other.yaml"), ("at: t,", "at: more.t,")])
def test_a_changed_place_makes_no_second_copy(box: Box, change: tuple[str, str]) -> None:
    """What can be carried is (see test_relocations); what cannot blocks, here since a part was asked for."""
    box.replace(PLACE, *change)
    committed(box, "another place")
    plan = box.run("plan", "--target", "t/a", "--format", "json").json
    assert plan["exit"] == 3
    assert plan["changes"] == []
    (problem,) = [one for one in plan["problems"] if one["code"] == "KND005"]
    assert "2 entries" in problem["message"]
    assert "a plan of some entries does not carry the others along" in problem["message"]
    assert not (box.root / "other.yaml").exists()
    box.replace(PLACE, *change[::-1])
    nothing_to_do(box)


def test_the_registry_moves_with_its_schema(box: Box) -> None:
    box.replace(PLACE, "t.yaml", "other.yaml")
    box.git("mv", "t.yaml", "other.yaml")
    nothing_to_do(box)


def test_all_entries_are_written_anew_as_the_advice_says(box: Box) -> None:
    box.replace("t.yaml", "  - id: b", "  # Only YAML can say this.\n  - id: b")
    box.replace(PLACE, "t.yaml", "other.json")
    message = blocked_by(box, "KND005")
    assert "They stood in 't.yaml' under 't'." in message
    assert "the comment 'Only YAML can say this.' would be lost" in message
    ran = box.run("apply", "--yes", "--overwrite", "t/*")
    assert ran.exit == 0, ran.out
    nothing_to_do(box)
    assert '"id": "b"' in box.read("other.json")
    assert "id: b" in box.read("t.yaml"), "and the old place stays as it was"


def test_a_place_that_another_kind_has_now_blocks(box: Box) -> None:
    box.write(PLACE.replace("/t.", "/u."), SCHEMA.replace("kind: t", "kind: u"))
    box.replace(PLACE, "t.yaml", "other.yaml")
    assert "the kind 'u' has its entries there" in blocked_by(box, "KND005")


@pytest.mark.parametrize("folder", [False, True])
def test_a_registry_that_somebody_removed_whole_is_drift(box: Box, folder: bool) -> None:
    """As each entry by itself would be: nothing else is blocked by it, and drift settles it."""
    if folder:
        where = ".system/registry/schemas/f.schema.yaml"
        box.write(where, "x-registry: {kind: f, layout: file, file: 'f/{id}.yaml', key: id}\ntype: object\n")
        box.write("desired/f.yaml", "f:\n- id: a\n- id: b\n")
        assert box.run("apply", "--yes").exit == 0
        for path in (box.root / "f").iterdir():
            path.unlink()
    else:
        (box.root / "t.yaml").unlink()
    kind = "f" if folder else "t"
    plan = box.run("plan", "--format", "json").json
    assert [(one["code"], one["address"]) for one in plan["problems"]] == [
        ("STA001", f"{kind}/a"),
        ("STA001", f"{kind}/b"),
    ]
    assert plan["exit"] == 0
    assert box.run("drift").exit == 2
    box.write("desired/more.yaml", f"{kind}:\n- id: c\n")
    assert box.run("apply", "--yes").exit == 0, "it blocks nothing else"
    assert box.run("drift", "--revert", f"{kind}/a", f"{kind}/b").exit == 0
    nothing_to_do(box)


def test_two_branches_that_remember_places_merge(box: Box) -> None:
    """One changes the file, the other the list inside it; both by hand."""
    spread = "x-registry:\n  kind: t\n  file: t.yaml\n  layout: list\n  key: id\n  at: t\ntype: object\n"
    box.write(PLACE, spread)
    committed(box, "spread out")
    box.git("checkout", "-q", "-b", "other")
    box.replace(PLACE, "at: t", "at: more")
    box.replace("t.yaml", "t:\n", "more:\n")
    applied(box, "theirs", listed(a=1, b=2))
    box.git("checkout", "-q", "main")
    box.replace(PLACE, "t.yaml", "u.yaml")
    box.git("mv", "t.yaml", "u.yaml")
    applied(box, "ours", listed(a=2, b=1))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)


def test_entries_that_somebody_removed_by_hand_are_no_changed_place(box: Box) -> None:
    box.write("t.yaml", "t: []\n")
    plan = box.run("plan", "--format", "json").json
    assert [one["code"] for one in plan["problems"]] == ["STA001", "STA001"]
    assert plan["exit"] == 0


@pytest.mark.parametrize("side", ["--ours", "--theirs"])
def test_two_branches_bring_a_kind_elsewhere_and_people_choose(box: Box, side: str) -> None:
    """The schema and the registry conflict, and so does what is remembered of the place."""
    box.git("checkout", "-q", "-b", "other")
    for branch, path in (("other", "theirs.yaml"), ("main", "ours.yaml")):
        box.git("checkout", "-q", branch)
        box.replace(PLACE, "t.yaml", path)
        assert box.run("apply", "--yes").exit == 0
        committed(box, branch)
    assert ".system/registry/state/places/t.place" in fails(box, "merge", "-q", "other")
    box.git("checkout", side, "--", PLACE)
    box.git("add", PLACE)
    for path in ("t.yaml", "theirs.yaml", "ours.yaml"):
        box.git("rm", "-q", "--cached", "--ignore-unmatch", "--", path)
    (box.root / ("ours.yaml" if side == "--theirs" else "theirs.yaml")).unlink()
    box.git("add", "-A", "--", "*.yaml")
    ran = box.run("resolve")
    assert ran.exit == 0, ran.out + ran.err
    assert "<<<<" not in box.read(".system/registry/state/places/t.place")
    assert box.run("plan", "--format", "json").json["changes"] == []
    committed(box, "merged")
    nothing_to_do(box)


def test_what_two_branches_remember_of_a_place_and_of_an_entry_is_settled_together(box: Box) -> None:
    box.git("checkout", "-q", "-b", "other")
    for number, (branch, path) in enumerate((("other", "theirs.yaml"), ("main", "ours.yaml")), 2):
        box.git("checkout", "-q", branch)
        box.replace(PLACE, "t.yaml", path)
        box.write("desired/t.yaml", listed(a=number, b=1))
        assert box.run("apply", "--yes").exit == 0
        committed(box, branch)
    fails(box, "merge", "-q", "other")
    for path in (PLACE, "desired/t.yaml"):
        box.git("checkout", "--ours", "--", path)
    box.git("rm", "-q", "--cached", "--ignore-unmatch", "--", "t.yaml", "theirs.yaml", "ours.yaml")
    (box.root / "theirs.yaml").unlink()
    box.git("add", "-A", "--", "*.yaml")
    box.git("checkout", "HEAD", "--", "ours.yaml")
    ran = box.run("resolve")
    assert ran.exit == 0, ran.out + ran.err
    committed(box, "merged")
    nothing_to_do(box)


def test_a_place_that_the_schema_has_left_stays_known_until_the_entries_are_carried(box: Box) -> None:
    """A conflict of the state is settled before that, and says nothing of it."""
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=2, b=1))
    box.replace(PLACE, "t.yaml", "u.yaml")
    committed(box, "not applied yet")
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(a=3, b=1))
    fails(box, "merge", "-q", "other")
    box.git("checkout", "--ours", "--", "desired/t.yaml", "t.yaml")
    box.git("add", "desired/t.yaml", "t.yaml")
    ran = box.run("resolve")
    assert ran.exit == 0, ran.out + ran.err
    plan = box.run("plan", "--format", "json").json
    assert plan["drift"] == []
    assert {(change["action"], change["file"]) for change in plan["changes"]} == {("move", "u.yaml")}
    assert box.run("apply", "--yes").exit == 0
    committed(box, "carried")
    nothing_to_do(box)


@pytest.mark.parametrize("operation", ["revert", "cherry-pick"])
def test_a_place_that_was_left_and_taken_again_merges_as_the_schema_does(box: Box, operation: str) -> None:
    commits = []
    box.git("checkout", "-q", "-b", "other")
    for before, after in (("t.yaml", "u.yaml"), ("u.yaml", "t.yaml")):
        box.replace(PLACE, before, after)
        assert box.run("apply", "--yes").exit == 0
        committed(box, after)
        commits.append(box.git("rev-parse", "HEAD").strip())
    if operation == "revert":
        box.git("revert", "--no-edit", commits[0])
    else:
        box.git("checkout", "-q", "-b", "third", commits[0])
        box.git("cherry-pick", commits[1])
        box.git("revert", "--no-edit", commits[0], "HEAD")
    nothing_to_do(box)
