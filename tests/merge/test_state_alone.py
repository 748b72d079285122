"""Where only the state could conflict: what git merges all the same, and what ``registry resolve`` settles."""

from __future__ import annotations

import pytest

from registry_reconciler.planning import state_shares
from tests.merge.helper import FRAGMENT, KIND, SCHEMA, applied, committed, fails, listed, nothing_to_do
from tests.merge.test_old_form import as_older
from tests.support import Box

STATE = ".system/registry/state/"
ENTRY = "t:\n- id: a\n  # more\n{more}  # v\n  v: {v}\n  # w\n  w: 1\n"


def two_sides(box: Box, base: str, ours: str, theirs: str) -> None:
    """Two branches, each with something applied; the first one is checked out."""
    applied(box, "base", base)
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", theirs)
    box.git("checkout", "-q", "main")
    applied(box, "ours", ours)


def settled(box: Box, *words: str) -> None:
    """A git command that leaves a conflict in the state alone: reading it does no harm, and it is settled."""
    conflicts = fails(box, *words)
    assert all(path.startswith(STATE) for path in conflicts), conflicts
    assert box.run("plan", "--format", "json").json["changes"] == []
    assert box.run("resolve").exit == 0
    nothing_to_do(box)


@pytest.mark.parametrize("more", ["  more: 1\n", "  more: {x: 1}\n", "  more: [1, 2]\n"])
def test_a_field_comes_before_one_that_changes(box: Box, more: str) -> None:
    base = ENTRY.format(more="", v=1)
    two_sides(box, base, ENTRY.format(more=more, v=1), ENTRY.format(more="", v=2))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)
    box.git("revert", "--no-edit", "other")
    nothing_to_do(box)


def test_an_entry_is_changed_and_let_go_here_and_moved_there(box: Box) -> None:
    box.write("t.yaml", listed(a=1, m=1, z=1))
    applied(box, "base", listed(a=1, m=1, z=1))
    box.git("checkout", "-q", "-b", "other")
    applied(box, "changed", listed(a=1, m=2, z=1))
    applied(box, "let go", listed(a=1, z=1) + "removed:\n- {address: t/m, keep: true}\n")
    applied(box, "as it was", listed(a=1, z=1))
    box.git("checkout", "-q", "main")
    box.write("desired/u.yaml", listed(m=1))
    applied(box, "moved", listed(a=1, z=1))
    box.git("merge", "-q", "--no-edit", "other")
    ran = box.run("plan", "--format", "json")
    assert (ran.json["changes"], ran.json["drift"]) == ([], [])
    assert [problem["code"] for problem in ran.json["problems"]] == ["STA003"]
    box.write("desired/u.yaml", listed(m=2))
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    box.replace("t.yaml", "id: m\n  kept: 1\n  v: 2", "id: m\n  kept: 1\n  v: 1")
    assert box.run("drift").exit == 2, "it is managed again"


def test_a_further_file_is_made_then_the_fragment_renamed_then_the_making_reverted(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("FILLED", 120), ("FULL", 120), ("MOST", 1_000_000)):
        monkeypatch.setattr(state_shares, name, size)
    applied(box, "base", listed(a=1, c=1))
    added = applied(box, "added", listed(a=1, b=1, c=1))
    box.git("mv", FRAGMENT, "desired/u.yaml")
    assert box.run("apply", "--yes").exit == 0
    committed(box, "renamed")
    box.git("revert", "--no-edit", added)
    nothing_to_do(box)
    assert "id: b" not in box.read("t.yaml")


def test_the_name_of_a_fragment_is_taken_again(box: Box) -> None:
    """Seen from the base, git takes the new fragment for the old one changed, and the state followed the rename."""
    applied(box, "base", listed(a=1, b=1, m=1, z=1))
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=1, b=1, m=1, z=2))
    box.git("checkout", "-q", "main")
    box.git("mv", FRAGMENT, "desired/u.yaml")
    assert box.run("apply", "--yes").exit == 0
    committed(box, "renamed")
    box.write("desired/u.yaml", listed(a=1, b=1))
    applied(box, "taken again", listed(m=1, z=1))
    settled(box, "merge", "-q", "--no-edit", "other")


def test_two_branches_add_what_a_commit_left_unapplied(box: Box) -> None:
    applied(box, "base", listed(m=1, z=1))
    box.write(FRAGMENT, listed(m=1, z=1, c=1))
    committed(box, "not applied")
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs")
    applied(box, "another", listed(m=1, z=1, c=1, p=1))
    box.git("checkout", "-q", "main")
    applied(box, "ours")
    settled(box, "merge", "-q", "--no-edit", "other")


@pytest.mark.parametrize("how", ["revert", "cherry-pick"])
def test_the_commit_that_carried_over_is_settled(box: Box, how: str) -> None:
    """What it made was changed later, or is not there: no merge by lines can know it."""
    box.write("t.yaml", listed(a=1, m=1, z=1))
    as_older(box, "base", listed(a=1, m=1, z=1))
    box.git("branch", "other")
    carried = applied(box, "carried over", listed(a=2, m=1, z=1))
    later = applied(box, "later", listed(a=2, m=1, z=2))
    if how == "cherry-pick":
        box.git("checkout", "-q", "other")
    settled(box, how, "--no-edit", carried) if how == "revert" else settled(box, how, later)


def test_a_reordered_fragment_is_mended_by_whatever_is_applied_next(box: Box) -> None:
    """Else the order of the state is another one, and what two branches do apart in the fragment meets there."""
    box.write("desired/u.yaml", listed(x=1))
    applied(box, "base", listed(b=1, h=1, k=1))
    box.write(FRAGMENT, listed(b=1, k=1, h=1))
    plan = box.run("plan", "--detailed-exitcode", "--format", "json").json
    assert (plan["exit"], plan.get("heals", [])) == (0, []), "it is no reason to write"
    box.write("desired/u.yaml", listed(x=2))
    plan = box.run("plan", "--format", "json").json
    assert [heal["why"] for heal in plan["heals"]] == ["its entries stand in another order now"]
    two_sides(box, listed(b=1, k=1, h=1), ours=listed(k=1, h=1, b=2), theirs=listed(b=1, k=1, n=1, h=1))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)
    assert box.run("resolve").out.strip() == "Nothing to resolve."


@pytest.mark.parametrize("place", [0, 2, 5])
@pytest.mark.parametrize("changes", [False, True])
def test_a_record_that_is_alone_in_its_file_moves_here_and_goes_there(
    box: Box, monkeypatch: pytest.MonkeyPatch, place: int, changes: bool
) -> None:
    """Its file does not show that it moved, so it stays as it is; only what changes too conflicts with what goes."""
    for name, size in (("FILLED", 60), ("FULL", 60), ("MOST", 1_000_000)):
        monkeypatch.setattr(state_shares, name, size)
    names = ["b", "c", "d", "e", "f"]
    names.insert(place, "a")
    applied(box, "base", listed(**dict.fromkeys(names, 1)))
    box.git("checkout", "-q", "-b", "other")
    names.remove("a")
    moved = {**dict.fromkeys(names, 1), "a": 2 if changes else 1}
    if place == 5:
        moved = {"a": moved.pop("a"), **moved}
    applied(box, "theirs", listed(**{**moved, "e": 2}))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(**dict.fromkeys(names, 1)))
    if changes:
        conflicts = fails(box, "merge", "-q", "--no-edit", "other")
        assert [path for path in conflicts if not path.startswith(STATE)] in ([], ["t.yaml"]), conflicts
        return
    box.git("merge", "-q", "--no-edit", "other")
    found = box.run("plan", "--format", "json").json
    assert [(change["action"], change["address"]) for change in found["changes"]] == [("create", "t/a")]
    assert found["drift"] == []
    committed(box, "merged")
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    assert "id: a" in box.read("t.yaml")


def test_two_branches_begin_at_a_reorder_that_was_not_applied(box: Box) -> None:
    applied(box, "base", listed(b=1, h=1, k=1))
    box.write(FRAGMENT, listed(b=1, k=1, h=1))
    committed(box, "another order, and nothing to apply")
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(b=1, k=1, n=1, h=1))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(k=1, h=1, b=2))
    settled(box, "merge", "-q", "--no-edit", "other")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("b", "new", "COMMENT", "m"), ("b", "COMMENT", "renamed")),
        (("COMMENT", "m"), ("b", "COMMENT", "new", "m")),
    ],
)
def test_two_sides_of_a_comment_that_no_apply_had_seen(
    box: Box, ours: tuple[str, ...], theirs: tuple[str, ...]
) -> None:
    """The state has a line for a comment only once something beside it was applied."""

    def text(*names: str) -> str:
        entries = listed(**dict.fromkeys(("a", *names, "z"), 1))
        return entries.replace("- id: COMMENT\n  kept: 1\n  v: 1\n", "\n# a comment\n\n")

    applied(box, "base", text("b", "m"))
    box.write(FRAGMENT, text("b", "COMMENT", "m"))
    committed(box, "a comment")
    box.git("checkout", "-q", "-b", "other")
    moved = "moved:\n- {from: t/m, to: t/renamed}\n" if "renamed" in theirs else ""
    applied(box, "theirs", text(*theirs) + moved)
    applied(box, "no moves any more", text(*theirs))
    box.git("checkout", "-q", "main")
    applied(box, "ours", text(*ours))
    settled(box, "merge", "-q", "--no-edit", "other")


def test_what_one_side_moved_and_the_other_removed_by_hand_stays_found(box: Box) -> None:
    """``resolve`` of a conflict in the fragment that it came from: that file's record went, and another one has it."""
    base = listed(a=1, b=1, m=1)
    applied(box, "base", base)
    box.git("checkout", "-q", "-b", "other")
    box.write("t.yaml", listed(a=1, b=1))
    applied(box, "removed by hand, and more", listed(a=1, b=2, m=1))
    box.git("checkout", "-q", "main")
    box.write("desired/u.yaml", listed(m=1))
    applied(box, "moved, and more", listed(a=1, b=3))
    assert STATE in "".join(fails(box, "merge", "-q", "other"))
    box.git("checkout", "--ours", FRAGMENT, "t.yaml")
    box.write("t.yaml", listed(a=1, b=3))
    box.git("add", FRAGMENT, "t.yaml")
    assert box.run("resolve").exit == 0
    ran = box.run("plan", "--format", "json")
    assert ran.json["changes"] == []
    assert [drift["address"] for drift in ran.json["drift"]] == ["t/m"]


def test_resolve_says_what_nobody_manages_any_more(box: Box) -> None:
    """Both sides manage it, and what people take from each declares it nowhere: it is not deleted, and it is said."""
    applied(box, "base", listed(a=1, m=1))
    box.git("checkout", "-q", "-b", "other")
    box.write("desired/u.yaml", listed(m=1))
    applied(box, "moved", listed(a=1))
    box.git("checkout", "-q", "main")
    applied(box, "changed", listed(a=1, m=2))
    fails(box, "merge", "-q", "other")
    box.write(FRAGMENT, listed(a=1))
    (box.root / "desired/u.yaml").unlink()
    box.git("add", "-A", "desired")
    ran = box.run("resolve")
    assert ran.exit == 0
    assert "registry adopt t/m" in ran.err
    assert "id: m" in box.read("t.yaml")
    assert box.run("plan", "--format", "json").json["changes"] == []
    assert box.run("adopt", "t/m").exit == 0
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)


@pytest.mark.parametrize("more", ["  w: 1\n", "  w: [1, 2]\n"])
def test_a_field_at_the_end_here_and_an_entry_behind_it_there(box: Box, more: str) -> None:
    """An empty line between entries parts them, as a comment does, and as braces do in the registry."""
    box.replace(KIND, "t.yaml", "t.json")
    first, last = "t:\n- id: a\n  v: 1\n", "- id: c\n  v: 1\n"
    base, ours, theirs = ([first, last], [first + more, last], [first, "- id: b\n  v: 1\n", last])
    two_sides(box, "\n".join(base), "\n".join(ours), "\n".join(theirs))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)
    box.git("revert", "--no-edit", "-m", "1", "HEAD")
    nothing_to_do(box)


def test_what_resolve_settles_keeps_the_lines_between_records(box: Box) -> None:
    """A branch that begins there puts a field at the end of an entry, the other one an entry behind it."""

    def text(*names: str) -> str:
        return "t:\n" + "\n".join(f"- id: {name[0]}\n  v: 1\n{name[1:]}" for name in names)

    box.replace(KIND, "t.yaml", "t.json")
    two_sides(box, text("a", "m", "z"), text("a", "b", "m", "z"), text("a", "c", "m", "z"))
    assert FRAGMENT in fails(box, "merge", "-q", "other")
    box.git("checkout", "-q", "--ours", FRAGMENT, "t.json")
    box.git("add", FRAGMENT, "t.json")
    assert box.run("resolve").exit == 0
    applied(box, "merged")
    box.git("checkout", "-q", "-b", "third")
    applied(box, "field", text("a", "b", "m  w: 1\n", "z"))
    box.git("checkout", "-q", "main")
    applied(box, "entry", text("a", "b", "m", "p", "z"))
    box.git("merge", "-q", "--no-edit", "third")
    nothing_to_do(box)


@pytest.mark.parametrize("by_hand", [True, False], ids=["edited", "removed"])
def test_what_waits_as_an_edit_by_hand_goes_along_with_its_fragment(box: Box, by_hand: bool) -> None:
    """Its record would else stay where the fragment was, and a revert of what was before meet that."""
    applied(box, "base", listed(a=1, b=1, m=1, z=1))
    applied(box, "changed", listed(a=2, b=1, m=1, z=1))
    last = "  - id: z\n    kept: 1\n    v: 1\n"
    box.replace("t.yaml", last, last.replace("v: 1", "v: 7") if by_hand else "")
    box.git("mv", FRAGMENT, "desired/n.yaml")
    box.replace("desired/n.yaml", "- id: m\n  kept: 1\n  v: 1\n", "")
    applied(box, "renamed, and m goes")
    (drift,) = box.run("plan", "--format", "json").json["drift"]
    assert drift["address"] == "t/z"
    assert len(list((box.root / STATE).glob("*.state"))) == 1
    box.git("revert", "--no-edit", "HEAD~1")
    plan = box.run("plan", "--format", "json").json
    assert (plan["changes"], plan["drift"], plan["exit"]) == ([], [drift], 0)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("ab|mz", "a|nmz"), ("ab|mz", "a|z"), ("|mz", "a|z"), ("|mz", "a|nmz")]
)
def test_two_sides_of_where_another_kind_begins(box: Box, ours: str, theirs: str) -> None:
    """Its name stands between them in the fragment, and empty lines elsewhere."""
    box.write(KIND.replace("/t.", "/u."), SCHEMA.replace("kind: t", "kind: u").replace("t.yaml", "u.yaml"))

    def text(names: str) -> str:
        lists = zip(("t:\n- id: 0\n  v: 1\n\n", "u:\n"), names.split("|"), strict=True)
        return "".join(head + "\n".join(f"- id: {name}\n  v: 1\n" for name in keys) for head, keys in lists)

    two_sides(box, text("a|mz"), text(ours), text(theirs))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)
