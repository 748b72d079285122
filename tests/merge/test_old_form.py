"""The state in its old form on one side: an older program goes on there, while the other side carried it over."""

from __future__ import annotations

import json
import shutil

import pytest

from registry_reconciler.formats.yaml.read.document import value_of
from registry_reconciler.model.entry import digest_value
from tests.merge.helper import FRAGMENT, applied, committed, fails, listed, nothing_to_do
from tests.support import Box

STATE = ".system/registry/state"
OLD = f"{STATE}/t.yaml.jsonl"
HISTORY = ".system/registry/history.jsonl"
BASE = {"a": 1, "e": 1, "i": 1, "m": 1, "q": 1}


def as_older(box: Box, why: str, fragment: str, live: str | None = None) -> str:
    """What an older program leaves after an apply: registry, a line for each entry, a line of the history."""
    box.write(FRAGMENT, fragment)
    box.write("t.yaml", live or fragment)
    entries = value_of(fragment.encode())["t"]
    rows = [json.dumps({"address": f"t/{entry['id']}", "digest": digest_value(entry)}) for entry in entries]
    box.write(OLD, "".join(f"{row}\n" for row in sorted(rows)))
    file = box.root / HISTORY
    line = json.dumps({"time": "2026-01-01T00:00:00Z", "who": "ada", "plan": why})
    box.write(HISTORY, (file.read_text() if file.exists() else "") + line + "\n")
    return committed(box, why)


@pytest.fixture
def old(box: Box) -> Box:
    """A workspace that an older program applied, with a branch ``older`` on which it is still used."""
    shutil.rmtree(box.root / STATE, ignore_errors=True)
    as_older(box, "base", listed(**BASE))
    box.git("branch", "older")
    return box


def without(name: str) -> dict[str, int]:
    return {key: value for key, value in BASE.items() if key != name}


def bring_together(box: Box, how: str) -> None:
    """What ``older`` has and what ``main`` has, from ``older`` on."""
    if how == "rebase":
        box.git("rebase", "-q", "main")
    else:
        box.git("checkout", "-q", "main")
        box.git("merge", "-q", *(["--squash"] if how == "squash" else ["--no-edit"]), "older")
        committed(box, "theirs are ours")


@pytest.mark.parametrize(
    ("theirs", "live"),
    [
        ({**BASE, "a": 2}, None),
        ({"a": 1, "c": 1, **BASE}, None),
        (without("a"), None),
        (without("a"), BASE),
    ],
    ids=["changed", "added", "deleted", "let go"],
)
@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_an_older_program_went_on(
    old: Box, how: str, theirs: dict[str, int], live: dict[str, int] | None
) -> None:
    applied(old, "ours, and carried over", listed(**{**BASE, "q": 7}))
    old.git("checkout", "-q", "older")
    as_older(old, "theirs", listed(**theirs), listed(**live) if live else None)
    bring_together(old, how)
    ran = old.run("plan", "--detailed-exitcode", "--format", "json")
    assert (ran.exit, ran.json["changes"], ran.json["drift"]) == (0, [], []), ran.out
    assert {one["code"] for one in ran.json["problems"]} <= {"STA006"}
    assert old.run("log", "--format", "json").json["count"] == 3
    applied(old, "again", listed(**{**theirs, "q": 8}))
    nothing_to_do(old)
    old.replace("t.yaml", "id: q\n  kept: 1\n  v: 8", "id: q\n  kept: 1\n  v: 7")
    assert old.run("drift").exit == 2, "an edit by hand is found, also one that brings an old value back"


def test_it_may_go_on_more_than_once(old: Box) -> None:
    applied(old, "ours, and carried over", listed(**{**BASE, "q": 7}))
    for value in (2, 3, 4):
        old.git("checkout", "-q", "older")
        as_older(old, f"theirs {value}", listed(**{**BASE, "a": value}))
        old.git("checkout", "-q", "main")
        old.git("merge", "-q", "--no-edit", "older")
        nothing_to_do(old)
        if value == 3:
            applied(old, "taken over", listed(**{**BASE, "a": 3, "q": 9}))
    old.replace("t.yaml", "id: a\n  kept: 1\n  v: 4", "id: a\n  kept: 1\n  v: 1")
    assert old.run("drift").exit == 2
    old.git("checkout", "-q", "t.yaml")
    applied(old, "a goes", listed(**{**without("a"), "q": 9}))
    assert "id: a\n" not in old.read("t.yaml"), "what is known is deleted as ever"


def test_both_programs_change_one_entry(old: Box) -> None:
    """Nobody knows both fields: fragment and registry agree, and an edit by hand is found."""
    entry = "t:\n- id: a\n  kept: 1\n  v: {v}\n  more: 1\n  still: 1\n  w: {w}\n"
    as_older(old, "two fields", entry.format(v=1, w=1))
    old.git("branch", "-f", "older")
    applied(old, "ours", entry.format(v=2, w=1))
    old.git("checkout", "-q", "older")
    as_older(old, "theirs", entry.format(v=1, w=2))
    old.git("checkout", "-q", "main")
    old.git("merge", "-q", "--no-edit", "older")
    nothing_to_do(old)
    old.replace("t.yaml", "w: 2", "w: 1")
    ran = old.run("plan", "--format", "json").json
    assert (ran["changes"], len(ran["drift"])) == ([], 1)
    old.git("checkout", "-q", "t.yaml")
    assert old.run("apply", "--yes").exit == 0
    old.replace("t.yaml", "w: 2", "w: 1")
    assert old.run("drift").exit == 2


def test_two_older_programs_in_conflict_leave_no_marks(old: Box) -> None:
    as_older(old, "ours", listed(**{**BASE, "i": 2}))
    old.git("checkout", "-q", "older")
    as_older(old, "theirs", listed(**{**BASE, "i": 3}))
    assert set(fails(old, "merge", "-q", "main")) == {FRAGMENT, OLD, "t.yaml", HISTORY}
    old.git("checkout", "-q", "--theirs", FRAGMENT, "t.yaml")
    assert old.run("resolve").exit == 0
    committed(old, "merged")
    assert not any(b"<<<<" in path.read_bytes() for path in (old.root / STATE).rglob("*") if path.is_file())
    nothing_to_do(old)
    old.replace("t.yaml", "id: i\n  kept: 1\n  v: 2", "id: i\n  kept: 1\n  v: 3")
    assert old.run("drift").exit == 2
    old.git("checkout", "-q", "t.yaml")
    applied(old, "goes on", listed(**{**BASE, "i": 4}))
    nothing_to_do(old)


def test_a_fragment_that_an_older_program_emptied_keeps_nothing(old: Box) -> None:
    applied(old, "ours, and carried over", listed(**{**BASE, "q": 7}))
    old.git("checkout", "-q", "older")
    old.git("rm", "-q", OLD)
    old.write("desired/u.yaml", old.read(FRAGMENT))
    old.git("rm", "-q", FRAGMENT)
    old.write(f"{STATE}/u.yaml.jsonl", old.git("show", f"main:{OLD}"))
    committed(old, "moved by an older program")
    old.git("checkout", "-q", "main")
    old.git("reset", "-q", "--hard", "HEAD~1")
    applied(old, "carried over", old.read(FRAGMENT))
    old.git("merge", "-q", "--no-edit", "older")
    nothing_to_do(old)
    old.replace("desired/u.yaml", "id: a\n  kept: 1\n  v: 1", "id: a\n  kept: 1\n  v: 2")
    assert old.run("apply", "--yes").exit == 0
    nothing_to_do(old)


def test_two_branches_that_carried_over_merge_again_and_again(old: Box) -> None:
    """Each began a file of its own, and one does not know what the other made of it."""
    old.git("checkout", "-q", "-b", "other")
    applied(old, "theirs", listed(**{**BASE, "a": 2}))
    old.git("checkout", "-q", "main")
    applied(old, "ours", listed(**{**BASE, "q": 2}))
    a = q = 2
    for _ in range(2):
        old.git("merge", "-q", "--no-edit", "other")
        nothing_to_do(old)
        q += 1
        applied(old, "ours", listed(**{**BASE, "a": a, "q": q}))
        nothing_to_do(old)
        old.git("checkout", "-q", "other")
        a += 1
        text = old.read(FRAGMENT).replace(f"id: a\n  kept: 1\n  v: {a - 1}", f"id: a\n  kept: 1\n  v: {a}")
        applied(old, "theirs", text)
        old.git("checkout", "-q", "main")
    old.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(old)
    old.replace("t.yaml", f"id: a\n  kept: 1\n  v: {a}", "id: a\n  kept: 1\n  v: 2")
    assert old.run("drift").exit == 2


def test_a_second_squash_merge_is_settled_by_resolve(old: Box) -> None:
    """git has no common base of a file that both made: what it cannot merge, ``registry resolve`` does."""
    old.git("checkout", "-q", "-b", "other")
    applied(old, "theirs", listed(**{**BASE, "a": 2}))
    old.git("checkout", "-q", "main")
    applied(old, "ours", listed(**{**BASE, "q": 2}))
    old.git("merge", "-q", "--squash", "other")
    applied(old, "squashed")
    old.git("checkout", "-q", "other")
    applied(old, "theirs again", listed(**{**BASE, "a": 2, "i": 2}))
    old.git("checkout", "-q", "main")
    assert all(path.startswith(f"{STATE}/") for path in fails(old, "merge", "-q", "--squash", "other"))
    assert old.run("plan", "--format", "json").json["changes"] == [], "reading it does no harm"
    assert old.run("resolve").exit == 0
    nothing_to_do(old)
    committed(old, "settled")
    applied(old, "on", listed(**{**BASE, "a": 2, "i": 3, "q": 2}))
    nothing_to_do(old)


def test_an_older_program_stops_at_the_new_form(old: Box) -> None:
    """What an older program reports as unreadable stays, beside its files as it left them."""
    before = old.read(OLD)
    applied(old, "carried over", listed(**{**BASE, "q": 7}))
    assert old.read(OLD) == before
    assert '"needs"' in old.read(f"{STATE}/format.jsonl")
    assert not (old.root / HISTORY).exists()
    assert (
        old.git("log", "--format=", "--name-status", "-M100%", "-1", "--", ".system/registry").count("R100")
        == 1
    )


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_what_an_older_program_deleted_and_the_other_side_moved_is_no_removal_by_hand(
    old: Box, how: str
) -> None:
    """The fragment keeps the entry at its new place, where git merges both; the registry has lost it."""
    moved = {"e": 1, "i": 1, "m": 1, "q": 1, "a": 1}
    old.write(FRAGMENT, listed(**moved))
    committed(old, "moved inside of its fragment")
    applied(old, "and carried over", listed(**{**moved, "q": 2}))
    old.git("checkout", "-q", "older")
    as_older(old, "deleted", listed(**without("a")))
    bring_together(old, how)
    assert "id: a" in old.read(FRAGMENT)
    assert "id: a" not in old.read("t.yaml")
    plan = old.run("plan", "--format", "json").json
    assert (plan["drift"], plan["problems"]) == ([], [])
    assert [(change["address"], change["action"]) for change in plan["changes"]] == [("t/a", "create")]
    assert old.run("apply", "--yes").exit == 0
    nothing_to_do(old)


def test_what_an_older_program_let_go_is_adopted_again(old: Box) -> None:
    """The advice of STA006, done."""
    applied(old, "ours, and carried over", listed(**{**BASE, "q": 7}))
    old.git("checkout", "-q", "older")
    as_older(old, "let go", listed(**without("a")), listed(**BASE))
    old.git("checkout", "-q", "main")
    old.git("merge", "-q", "--no-edit", "older")
    (problem,) = old.run("plan", "--format", "json").json["problems"]
    assert (problem["code"], "registry adopt t/a" in problem["fix"]["description"]) == ("STA006", True)
    assert old.run("adopt", "t/a").exit == 0
    assert "id: a" in old.read(FRAGMENT).replace('"', "")
    assert old.run("apply", "--yes").exit == 0
    nothing_to_do(old)
    assert old.run("plan", "--format", "json").json["problems"] == []


@pytest.mark.parametrize("value", [1, 7], ids=["as it was", "changed before"])
@pytest.mark.parametrize("advice", ["registry adopt t/k", "registry plan --overwrite t/k"])
def test_the_last_of_a_fragment_is_let_go_by_one_of_two_that_carried_over(
    old: Box, value: int, advice: str
) -> None:
    """The account of the one is gone with its last entry, that of the other knows the entry still."""
    old.write("desired/u.yaml", listed(k=1))
    digest = digest_value({"id": "k", "kept": 1, "v": 1})
    old.write(f"{STATE}/u.yaml.jsonl", json.dumps({"address": "t/k", "digest": digest}) + "\n")
    live = {**BASE, "k": 1}
    old.write("t.yaml", listed(**dict(sorted(live.items()))))
    committed(old, "k stands in a fragment of its own")
    old.git("checkout", "-q", "-b", "other")
    applied(old, "theirs, carried over", listed(**{**BASE, "a": 2}))
    old.git("checkout", "-q", "main")
    old.write("desired/u.yaml", listed(k=value))
    applied(old, "ours, carried over", listed(**{**BASE, "q": 2}))
    old.write("desired/u.yaml", "removed: [{address: t/k, keep: true}]\n")
    applied(old, "let go")
    (old.root / "desired/u.yaml").unlink()
    applied(old, "and the line is dropped")
    old.git("merge", "-q", "--no-edit", "other")
    plan = old.run("plan", "--format", "json").json
    assert (plan["changes"], plan["drift"], plan["exit"]) == ([], [], 0)
    (problem,) = plan["problems"]
    assert problem["code"] == "STA006"
    assert advice in problem["fix"]["description"]
    words = advice.replace("plan", "apply --yes").split()[1:]
    assert old.run(*words).exit == 0
    assert old.run("apply", "--yes").exit == 0
    nothing_to_do(old)
    assert ("id: k" in old.read("t.yaml")) is ("adopt" in advice)


@pytest.mark.parametrize("both", [False, True], ids=["changed there", "changed on both sides"])
def test_what_an_older_program_changed_is_reverted_after_it_was_taken_over(old: Box, both: bool) -> None:
    """Registry, fragment and the old file go back; what was taken over stays, and is no longer what was applied."""
    entry = "t:\n  - id: a\n    # first\n    v: {v}\n    # between\n    kept: 1\n    # then\n    w: {w}\n"
    as_older(old, "two fields", entry.format(v=1, w=1))
    old.git("branch", "-f", "older")
    old.git("checkout", "-q", "older")
    theirs = as_older(old, "theirs", entry.format(v=1, w=2))
    old.git("checkout", "-q", "main")
    v = 2 if both else 1
    applied(old, "ours, and carried over", entry.format(v=v, w=1))
    old.git("cherry-pick", theirs)
    picked = old.git("rev-parse", "HEAD").strip()
    applied(old, "taken over")
    nothing_to_do(old)
    old.git("revert", "--no-edit", picked)
    for again in (False, True):
        nothing_to_do(old)
        assert f"v: {v}" in old.read("t.yaml")
        old.replace("t.yaml", "w: 1", "w: 2")
        ran = old.run("plan", "--format", "json").json
        assert (ran["changes"], len(ran["drift"])) == ([], 1), again
        old.git("checkout", "-q", "t.yaml")
        assert old.run("apply", "--yes").exit == 0
        committed(old, "healed")
    assert old.run("plan", "--format", "json").json.get("heals", []) == []


def settled_by_hand(box: Box, theirs: tuple[str, str], merged: tuple[str, str]) -> None:
    """An older program changed ``i`` on both sides, before ours was carried over: its file is in conflict too.

    Args:
        theirs: fragment and registry on the other side.
        merged: what somebody makes of the two.
    """
    box.git("checkout", "-q", "older")
    as_older(box, "theirs", *theirs)
    box.git("checkout", "-q", "main")
    assert {FRAGMENT, OLD, "t.yaml"} <= set(fails(box, "merge", "-q", "older"))
    for path, text in zip((FRAGMENT, "t.yaml"), merged, strict=True):
        box.write(path, text)
        box.git("add", path)
    assert box.run("resolve").exit == 0
    committed(box, "merged")


@pytest.mark.parametrize("i", [2, 3], ids=["ours", "theirs"])
def test_what_was_let_go_after_it_was_taken_over_stays_let_go(old: Box, i: int) -> None:
    as_older(old, "ours", listed(**{**BASE, "i": 2}))
    applied(
        old, "carried over", listed(**{**without("q"), "i": 2}) + "removed:\n- {address: t/q, keep: true}\n"
    )
    applied(old, "the spent line", listed(**{**without("q"), "i": 2}))
    theirs = listed(**{**BASE, "i": 3})
    settled_by_hand(old, (theirs, theirs), (listed(**{**without("q"), "i": i}), listed(**{**BASE, "i": i})))
    nothing_to_do(old)


@pytest.mark.parametrize("i", [2, 3], ids=["ours", "theirs"])
def test_what_an_older_program_let_go_in_conflict_is_not_deleted(old: Box, i: int) -> None:
    as_older(old, "ours", listed(**{**BASE, "i": 2}))
    applied(old, "carried over")
    theirs = listed(**{**without("a"), "i": 3}), listed(**{**BASE, "i": 3})
    settled_by_hand(old, theirs, (listed(**{**without("a"), "i": i}), listed(**{**BASE, "i": i})))
    nothing_to_do(old)


@pytest.mark.parametrize("i", [2, 3], ids=["ours", "theirs"])
def test_what_was_changed_after_it_was_taken_over_is_no_edit_by_hand(old: Box, i: int) -> None:
    """Neither where the fragment does not say it: it is a change of the fragment, still to be applied."""
    as_older(old, "ours", listed(**{**BASE, "i": 2}))
    applied(old, "carried over, and changed", listed(**{**BASE, "a": 2, "i": 2}))
    theirs = listed(**{**BASE, "i": 3, "q": 3})
    merged = {**BASE, "i": i, "q": 3}
    settled_by_hand(old, (theirs, theirs), (listed(**{**merged, "a": 1}), listed(**{**merged, "a": 2})))
    plan = old.run("plan", "--format", "json").json
    assert ([change["address"] for change in plan["changes"]], plan["drift"]) == (["t/a"], [])
    assert old.run("apply", "--yes").exit == 0
    old.replace("t.yaml", f"id: i\n  kept: 1\n  v: {i}", "id: i\n  kept: 1\n  v: 1")
    assert old.run("drift").exit == 2


def test_what_one_of_two_that_carried_over_applied_is_no_edit_by_hand_after_resolve(old: Box) -> None:
    """It took it back in the fragment alone. Without a conflict nobody is asked, and one of two accounts decides."""
    old.git("checkout", "-q", "-b", "other")
    applied(old, "theirs, carried over", listed(**{**BASE, "a": 2, "i": 3}))
    old.write(FRAGMENT, listed(**{**BASE, "i": 3}))
    committed(old, "taken back, and not applied")
    old.git("checkout", "-q", "main")
    applied(old, "ours, carried over", listed(**{**BASE, "i": 2}))
    assert {FRAGMENT, "t.yaml"} <= set(fails(old, "merge", "-q", "other"))
    old.write(FRAGMENT, listed(**{**BASE, "i": 2}))
    old.write("t.yaml", listed(**{**BASE, "a": 2, "i": 2}))
    old.git("add", FRAGMENT, "t.yaml")
    assert old.run("resolve").exit == 0
    committed(old, "merged")
    plan = old.run("plan", "--format", "json").json
    assert ([change["address"] for change in plan["changes"]], plan["drift"]) == (["t/a"], [])
    old.replace("t.yaml", "id: a\n  kept: 1\n  v: 2", "id: a\n  kept: 1\n  v: 3")
    assert old.run("drift").exit == 2


def test_what_one_of_two_that_carried_over_let_go_is_let_go_once(old: Box) -> None:
    """Its line is still there, and the other account knows the entry: that is mended, and is no change."""
    old.git("checkout", "-q", "-b", "other")
    applied(old, "theirs, carried over", listed(**{**BASE, "a": 2}))
    old.git("checkout", "-q", "main")
    applied(old, "ours, carried over", listed(**{**BASE, "i": 2}))
    kept = "removed:\n- {address: t/q, keep: true}\n"
    applied(old, "let go", listed(**{**without("q"), "i": 2}) + kept)
    old.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(old)
    applied(old, "on", listed(**{**without("q"), "a": 2, "i": 3}))
    assert "id: q" in old.read("t.yaml")
    assert not any('"t/q"' in path.read_text() for path in (old.root / STATE).glob("*.state"))
    nothing_to_do(old)
