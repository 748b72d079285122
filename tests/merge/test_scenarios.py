"""What was seen in the life of repositories, each kind once, with real git and no merge attributes."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from registry_reconciler.loading.history_conflicts import FORMAT
from registry_reconciler.loading.state.files import APART_FORMAT, APART_PART_FORMAT, part_path
from tests.merge.helper import FRAGMENT, applied, committed, fails, listed, nothing_to_do
from tests.merge.test_old_form import as_older
from tests.support import Box


def adoption(box: Box) -> str:
    """a and z are managed, then m is adopted, then z changes; the commit of the adoption."""
    box.write("t.yaml", listed(a=1, m=1, z=1))
    applied(box, "a and z", listed(a=1, z=1))
    adopted = applied(box, "m", listed(a=1, m=1, z=1))
    applied(box, "z changes", listed(a=1, m=1, z=2))
    return adopted


def test_a_reverted_adoption_deletes_nothing(box: Box) -> None:
    box.git("revert", "--no-edit", adoption(box))
    nothing_to_do(box)
    assert "m" in box.read("t.yaml")
    assert box.run("plan", "--format", "json").json["summary"]["unmanaged"] == 1


@pytest.mark.parametrize("how", ["merge", "rebase", "cherry-pick"])
def test_what_one_side_keeps_is_not_deleted_on_the_other(box: Box, how: str) -> None:
    box.write("t.yaml", listed(a=1, m=1, z=1))
    applied(box, "all", listed(a=1, m=1, z=1))
    box.git("checkout", "-q", "-b", "keeps")
    box.write("desired/let-go.yaml", "removed:\n- {address: t/m, keep: true}\n")
    applied(box, "kept", listed(a=1, z=1))
    (box.root / "desired/let-go.yaml").unlink()
    kept = applied(box, "the line is dropped", listed(a=1, z=1))
    box.git("checkout", "-q", "main")
    applied(box, "z changes", listed(a=1, m=1, z=2))
    if how == "merge":
        box.git("merge", "-q", "--no-edit", "keeps")
    elif how == "rebase":
        box.git("rebase", "-q", "keeps")
    else:
        box.git("cherry-pick", f"{kept}~1", kept)
    nothing_to_do(box)
    assert "id: m" in box.read("t.yaml")
    assert "id: m" not in box.read(FRAGMENT)


def test_an_edit_by_hand_is_found_that_brings_back_what_a_revert_took_away(box: Box) -> None:
    box.write(FRAGMENT, "t:\n- id: one\n  a: 1\n  kept: 1\n  b: 1\n")
    applied(box, "first")
    box.replace(FRAGMENT, "a: 1", "a: 2")
    first = applied(box, "a")
    box.replace(FRAGMENT, "b: 1", "b: 2")
    applied(box, "b")
    box.git("revert", "--no-edit", first)
    nothing_to_do(box)
    box.replace("t.yaml", "b: 2", "b: 1")
    ran = box.run("drift", "--format", "json")
    assert ran.exit == 2
    assert [one["path"] for one in ran.json["drift"][0]["fields"]] == [["b"]]
    assert box.run("apply", "--yes").exit == 0
    assert "b: 1" in box.read("t.yaml"), "an edit by hand is left as it is"
    assert box.run("drift", "--revert", "t/one").exit == 0
    assert "b: 2" in box.read("t.yaml")
    nothing_to_do(box)


def test_two_branches_that_apply_do_not_meet_in_the_history(box: Box) -> None:
    applied(box, "base", listed(a=1, m=1, z=1))
    box.git("checkout", "-q", "-b", "other")
    applied(box, "a", listed(a=2, m=1, z=1))
    box.git("checkout", "-q", "main")
    applied(box, "z", listed(a=1, m=1, z=2))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)
    log = box.run("log", "--format", "json").json
    assert [[one["address"] for one in each["changes"]] for each in log["applies"][:2]] in (
        [["t/z"], ["t/a"]],
        [["t/a"], ["t/z"]],
    )
    assert box.run("log", "t/a", "--format", "json").json["count"] == 2


def test_marks_in_the_old_history_are_a_problem_that_resolve_settles(box: Box) -> None:
    applied(box, "base", listed(a=1))
    lines = [json.dumps({"time": f"2026-01-0{day}T00:00:00Z", "who": "ada"}) for day in (1, 2, 3)]
    box.write(".system/registry/history.jsonl", lines[0] + "\n")
    committed(box, "an old history")
    for name, line in (("one", lines[1]), ("other", lines[2])):
        box.git("checkout", "-q", "-b", name, "main")
        box.write(".system/registry/history.jsonl", f"{lines[0]}\n{line}\n")
        committed(box, name)
    assert fails(box, "merge", "-q", "one") == [".system/registry/history.jsonl"]
    for command in (["check"], ["plan"], ["apply", "--yes"]):
        assert box.run(*command).exit == 3
    ran = box.run("plan", "--format", "json").json
    (problem,) = [one for one in ran["problems"] if one["code"] == "YML010"]
    typed(box, problem["fix"]["description"])
    assert box.git("diff", "--name-only", "--diff-filter=U") == ""
    nothing_to_do(box)
    assert box.run("log", "--format", "json").json["count"] == 4
    assert not (box.root / ".system/registry/history.jsonl").exists()


def typed(box: Box, advice: str) -> None:
    """Do what advice says behind its colon: a command."""
    words = shlex.split(advice.rpartition(": ")[2])
    assert words[0] == "registry"
    ran = box.run(*words[1:])
    assert ran.exit == 0, ran.out + ran.err


@pytest.mark.parametrize("side", ["--ours", "--theirs"])
def test_the_advice_after_a_conflict_in_a_registry_works(box: Box, side: str) -> None:
    """Both sides change one entry, one of them adds another as well."""
    box.write("t.yaml", listed(a=1, m=1, z=1))
    applied(box, "base", listed(a=1, m=1, z=1))
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=3, b=3, m=1, z=1))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(a=2, m=1, z=1))
    found = fails(box, "merge", "-q", "other")
    assert {"t.yaml", FRAGMENT} <= set(found)
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 3
    (told,) = {
        one["fix"]["description"] for one in ran.json["problems"] if one["location"]["path"] == "t.yaml"
    }
    assert side in told
    assert box.run("resolve").exit == 3, "what people wrote comes first"
    box.git("checkout", "-q", side, "--", "t.yaml")
    box.write(FRAGMENT, listed(a=2, b=3, m=1, z=1))
    typed(box, told)
    plan = box.run("plan", "--format", "json").json
    assert plan["drift"] == []
    assert {one["address"]: one["action"] for one in plan["changes"]} == (
        {"t/b": "create"} if side == "--ours" else {"t/a": "update"}
    )
    assert not [
        path for path in box.git("diff", "--name-only", "--diff-filter=U").split() if ".system" in path
    ]
    assert box.run("apply", "--yes").exit == 0
    committed(box, "merged")
    nothing_to_do(box)
    assert box.read("t.yaml") == listed(a=2, b=3, m=1, z=1)


def test_the_advice_works_in_a_rebase_where_git_turns_the_sides(box: Box) -> None:
    applied(box, "base", listed(a=1, m=1))
    box.git("checkout", "-q", "-b", "topic")
    applied(box, "topic", listed(a=3, m=1))
    box.git("checkout", "-q", "main")
    applied(box, "main", listed(a=2, m=1))
    box.git("checkout", "-q", "topic")
    assert fails(box, "rebase", "-q", "main")
    for path in ("t.yaml", FRAGMENT):
        box.git("checkout", "-q", "--theirs", "--", path)
    assert box.run("resolve").exit == 0
    box.git("add", "-A")
    box.git("-c", "core.editor=true", "rebase", "--continue")
    nothing_to_do(box)
    assert "v: 3" in box.read("t.yaml")


def test_marks_that_were_committed_do_no_harm_and_are_settled(box: Box) -> None:
    applied(box, "base", listed(a=1, m=1))
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=3, m=1))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(a=2, m=1))
    fails(box, "merge", "-q", "other")
    for path in ("t.yaml", FRAGMENT):
        box.git("checkout", "-q", "--ours", "--", path)
    committed(box, "with the marks in the state")
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 3
    assert (ran.json["changes"], ran.json["drift"]) == ([], [])
    assert {one["code"] for one in ran.json["problems"]} == {"YML010"}
    assert box.run("resolve").exit == 0
    nothing_to_do(box)


def old_form(box: Box) -> None:
    """The state as an older program would have kept it, with its history and attributes."""
    from registry_reconciler.formats.yaml.read.document import value_of
    from registry_reconciler.model.entry import digest_value

    rows = []
    for entry in value_of(box.read(FRAGMENT).encode())["t"]:
        rows.append(json.dumps({"address": f"t/{entry['id']}", "digest": digest_value(entry)}))
    for path in (box.root / ".system/registry/state").rglob("*"):
        if path.is_file():
            path.unlink()
    for path in (box.root / ".system/registry/history").iterdir():
        path.unlink()
    box.write(".system/registry/state/t.yaml.jsonl", "".join(f"{row}\n" for row in sorted(rows)))
    box.write(".system/registry/history.jsonl", '{"time": "2026-01-01T00:00:00Z", "who": "ada"}\n')
    box.write(
        ".gitattributes",
        "*.bin binary\n.system/registry/state/** merge=union\n.system/registry/history.jsonl merge=union\n",
    )


def test_the_old_form_is_carried_over_by_the_first_apply(box: Box) -> None:
    box.write("t.yaml", listed(a=1, m=1, z=1))
    applied(box, "base", listed(a=1, m=1, z=1))
    before = _history(box)
    old_form(box)
    committed(box, "as it was")
    ran = box.run("plan", "--detailed-exitcode", "--format", "json")
    assert ran.exit == 0
    assert ran.json["heals"]
    assert ran.json["changes"] == []
    applied(box, "carried over")
    state = sorted(path.name for path in (box.root / ".system/registry/state").iterdir() if path.is_file())
    assert [name.rpartition(".")[2] for name in state] == ["jsonl", "state", "jsonl"]
    assert {"format.jsonl", "t.yaml.jsonl"} < set(state), "the old file stays: another branch may change it"
    assert box.read(".gitattributes") == "*.bin binary\n"
    assert not (box.root / ".system/registry/history.jsonl").exists()
    assert len(_history(box)) == 1, "the apply that carried it over"
    assert "ada" in box.read(".system/registry/history.before.jsonl")
    assert len(_history_shown(box) - before) == 2, "what an old program does not have, git has"
    nothing_to_do(box)
    box.replace("t.yaml", "id: m\n  kept: 1\n  v: 1", "id: m\n  kept: 1\n  v: 9")
    assert box.run("drift").exit == 2


def test_two_branches_that_carry_over_merge_without_a_conflict(box: Box) -> None:
    box.write("t.yaml", listed(a=1, k=1, m=1, z=1))
    applied(box, "base", listed(a=1, k=1, m=1, z=1))
    old_form(box)
    committed(box, "as it was")
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=3, k=1, m=1, z=1))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(a=1, k=1, z=2) + "removed:\n- {address: t/m, keep: true}\n")
    applied(box, "ours again", listed(a=1, k=1, z=2))
    box.git("merge", "-q", "--no-edit", "other")
    ran = box.run("plan", "--detailed-exitcode", "--format", "json")
    assert ran.exit == 0, ran.out
    assert [one["code"] for one in ran.json["problems"]] == ["STA006"], "doubt is said, and deletes nothing"
    box.replace("t.yaml", "id: a\n  kept: 1\n  v: 3", "id: a\n  kept: 1\n  v: 1")
    assert box.run("drift").exit == 2, "what was there before is no reason to miss an edit by hand"
    box.git("checkout", "-q", "t.yaml")
    applied(box, "healed")
    told = [path.read_text() for path in (box.root / ".system/registry/state").glob("*.state")]
    assert [re.findall('@ "t/(.*)"', text) for text in told] == [["a", "k", "z"]] * 2, (
        "each knows what is known"
    )
    nothing_to_do(box)
    assert "id: m" in box.read("t.yaml")


@pytest.mark.parametrize("form", [APART_PART_FORMAT + 1, 30])
@pytest.mark.parametrize("further", [False, True])
def test_a_newer_form_stops_this_program(box: Box, form: int, further: bool) -> None:
    """In the first file about a fragment, and in a further one."""
    applied(box, "base", listed(a=1))
    (state,) = (box.root / ".system/registry/state").glob("*.state")
    head, _, rest = state.read_text().partition("\n")
    assert head == f"registry state {APART_FORMAT}"
    newer = f"registry state {form}\n{rest}"
    if further:
        # Only its form is newer: as one of ours, it stops nothing.
        path = part_path(f".system/registry/state/{state.name}", newer.encode())
        box.write(path, f"registry state {APART_PART_FORMAT}\n{rest}")
        assert box.run("plan").exit == 0
        box.write(path, newer)
    else:
        state.write_text(newer)
    before = box.files()
    for command in (["plan"], ["apply", "--yes"], ["check"], ["drift"], ["resolve"]):
        ran = box.run(*command)
        assert ran.exit == 1, command
        assert "newer version" in ran.err
    assert box.files() == before


@pytest.mark.parametrize("what", ["history", "place", "taken", "output"])
def test_any_other_newer_file_stops_this_program(box: Box, what: str) -> None:
    as_older(box, "base", listed(a=1))
    applied(box, "carried over", listed(a=2))
    if what == "taken":  # it is read where an older program went on
        as_older(box, "goes on", listed(a=3))
    folder = box.root / ".system/registry"
    found, old, new = {
        "history": ("history/*.json", '"format": 1', '"format": 2'),
        "place": ("state/places/t.place", "place 1", "place 2"),
        "taken": ("state/taken/*", "taken 1", "taken 2"),
        "output": ("state/outputs/desired-*", "output 2", "output 3"),
    }[what]
    path = sorted(folder.glob(found))[-1]
    assert old in path.read_text()
    assert box.run("plan").exit == 0
    path.write_text(path.read_text().replace(old, new, 1))
    before = box.files()
    commands = (["plan"], ["apply", "--yes"], ["check"], ["drift"], ["resolve"], ["log"])
    for command in commands if what == "history" else commands[:-1]:
        ran = box.run(*command)
        assert ran.exit == 1, command
        assert "newer version" in ran.err
        assert path.name in ran.err
    assert box.files() == before


@pytest.mark.parametrize(("what", "first"), [("place", "place 1"), ("taken", "taken 1")])
@pytest.mark.parametrize("damaged", ["1desired", "x", '"""', "2 2", ""])
def test_a_damaged_first_line_is_no_newer_format(box: Box, what: str, first: str, damaged: str) -> None:
    as_older(box, "base", listed(a=1))
    applied(box, "carried over", listed(a=2))
    as_older(box, "goes on", listed(a=3))
    found = {"place": "state/places/t.place", "taken": "state/taken/*"}[what]
    path = sorted((box.root / ".system/registry").glob(found))[-1]
    path.write_text(path.read_text().replace(first, f"{what} {damaged}", 1))
    ran = box.run("plan")
    assert ran.exit in (0, 3)
    assert "newer version" not in ran.out + ran.err


def test_the_log_counts_what_it_shows(box: Box) -> None:
    for number in range(3):
        applied(box, str(number), listed(a=number))
    assert [box.run("log", "--limit", str(n), "--format", "json").json["count"] for n in (1, 2, 3, 9)] == [
        1,
        2,
        3,
        3,
    ]
    assert [box.run("log", "--limit", str(n), "--format", "json").json["more"] for n in (2, 3)] == [
        True,
        False,
    ]


def test_the_history_is_bounded_and_its_pruning_merges(box: Box) -> None:
    """What the folder no longer has is shown from git."""
    box.write(".system/registry/config.yaml", "history: {keep: 3}\n")
    ever: list[set[str]] = []
    for number in range(5):
        applied(box, str(number), listed(a=number, m=1, z=1))
        ever.append(_history(box))
    assert [len(one) for one in ever] == [1, 2, 3, 3, 3]
    assert len(set().union(*ever)) == 5
    assert _history_shown(box) == set().union(*ever)
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=9, m=1, z=1))
    ever.append(_history(box))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(a=4, m=1, z=9))
    ever.append(_history(box))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)
    assert _history(box) == ever[-1] | ever[-2]
    assert len(_history(box)) == 4
    applied(box, "after", listed(a=9, m=2, z=9))
    ever.append(_history(box))
    assert sorted(_history(box)) == sorted(set().union(*ever))[-3:], "the oldest go"
    assert len(set().union(*ever)) == 8
    assert _history_shown(box) == set().union(*ever)


def test_no_two_files_of_the_history_are_alike_to_git(box: Box) -> None:
    """Else it takes one that a revert deletes for one that an apply adds, and the two conflict."""
    for number in range(3):
        applied(box, str(number), listed(a=number))
    told = box.git("diff", "--name-status", "-M20%", "HEAD~1", "HEAD")
    box.git("rm", "-q", *(f".system/registry/history/{path.name}" for path in _oldest(box)))
    committed(box, "pruned")
    told = box.git("diff", "--name-status", "-M50%", "HEAD~2", "HEAD", "--", ".system/registry/history")
    assert {row[0] for row in told.split("\n") if row} == {"A", "D"}
    assert FORMAT == 1


def _history(box: Box) -> set[str]:
    """The files that the folder of the history has."""
    return {
        f".system/registry/history/{path.name}" for path in (box.root / ".system/registry/history").iterdir()
    }


def _history_shown(box: Box) -> set[str]:
    """The files of the applies that the log shows, each once."""
    log = box.run("log", "--format", "json").json
    files = [one["file"] for one in log["applies"]]
    assert len(files) == len(set(files)) == log["count"]
    return set(files)


def _oldest(box: Box) -> list[Path]:
    return sorted((box.root / ".system/registry/history").iterdir())[:1]


def test_the_first_review_of_an_adopter_says_that_all_is_there(box: Box) -> None:
    """Schemas, fragments and state arrive in one branch."""
    box.write("t.yaml", listed(a=1, m=1, z=1))
    schema = box.root / ".system/registry/schemas/t.schema.yaml"
    text = schema.read_text()
    for path in (schema, box.root / ".system/registry/config.yaml"):
        os.remove(path)
    box.write("README", "before registry\n")
    box.git("add", "t.yaml", "README")
    box.git("commit", "-qm", "before registry")
    box.git("checkout", "-q", "-b", "adopts")
    schema.write_text(text)
    applied(box, "all at once", listed(a=1, m=1, z=1))
    ran = box.run("plan", "--base", "main", "--format", "json")
    assert ran.exit == 0, ran.out + ran.err
    summary = ran.json["summary"]
    assert (summary["adopt"], summary["create"]) == (3, 0), summary


def test_renamed_here_and_adopted_there_is_no_removal_by_hand(box: Box) -> None:
    """One side adopts an entry, and renames it; the other one adopts it in another fragment."""
    box.write("t.yaml", listed(a=1, m=1, z=1))
    applied(box, "begin", listed(a=1))
    box.git("checkout", "-q", "-b", "other")
    box.write("desired/other.yaml", listed(m=1))
    applied(box, "adopted")
    box.write("desired/other.yaml", listed(n=1) + "moved: [{from: t/m, to: t/n}]\n")
    applied(box, "renamed")
    box.git("checkout", "-q", "-")
    applied(box, "adopted too", listed(a=1, m=1))
    box.git("merge", "-q", "--no-edit", "other")
    assert box.run("drift").exit == 0
    plan = box.run("plan", "--format", "json").json
    assert [(one["address"], one["action"]) for one in plan["changes"]] == [("t/m", "create")]
    applied(box, "both")
    nothing_to_do(box)
    box.replace("t.yaml", "- id: m\n  kept: 1\n  v: 1\n", "")
    drift = box.run("drift", "--format", "json")
    assert [one["address"] for one in drift.json["drift"]] == ["t/m"], (
        "what was made anew can be removed by hand"
    )
    box.git("checkout", "-q", "t.yaml")
    applied(box, "changed", listed(a=2, m=2))
    box.replace("t.yaml", "- id: m\n  kept: 1\n  v: 2\n", "")
    assert box.run("drift").exit == 2


def test_an_edit_that_two_accounts_see_differently_stops_no_apply(box: Box) -> None:
    box.write("t.yaml", listed(a=1, k=1, m=1, z=1))
    box.write(FRAGMENT, listed(a=1, k=1, m=1, z=1))
    committed(box, "declared and not applied")
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=1, k=1, m=1, z=1, zz=1))
    applied(box, "a changed there", listed(a=3, k=1, m=1, z=1, zz=1))
    box.git("checkout", "-q", "main")
    applied(box, "ours", listed(a=1, k=1, l=1, m=1, z=1))
    applied(box, "k changed here", listed(a=1, k=3, l=1, m=1, z=1))
    box.git("merge", "-q", "--no-edit", "other")
    for key in ("a", "k"):
        box.replace("t.yaml", f"id: {key}\n  kept: 1\n  v: 3", f"id: {key}\n  kept: 1\n  v: 1")
    applied(box, "another entry, before that is settled", listed(a=3, k=3, l=1, m=1, z=2, zz=1))
    assert box.run("drift", "--revert", "t/a", "--revert", "t/k").exit == 0
    nothing_to_do(box)
    assert box.read("t.yaml").count("v: 3") == 2


@pytest.mark.parametrize("how", ["apply", "resolve"])
def test_deleted_on_both_sides_and_made_again_on_one_can_be_removed_by_hand(box: Box, how: str) -> None:
    box.write("t.yaml", listed(z=1, k=1, m=1, a=1))
    applied(box, "all", listed(z=1, k=1, m=1, a=1))
    box.git("checkout", "-q", "-b", "other")
    applied(box, "deleted there", listed(z=1, m=1, a=1))
    box.git("checkout", "-q", "main")
    applied(box, "deleted here", listed(z=1, m=1, a=1))
    applied(box, "made again", listed(z=1, m=1, a=1, k=2))
    box.git("merge", "-q", "--no-edit", "other")
    nothing_to_do(box)
    assert box.run(how, *(["--yes"] if how == "apply" else [])).exit == 0
    nothing_to_do(box)
    box.replace("t.yaml", "- id: k\n  kept: 1\n  v: 2\n", "")
    assert box.run("drift").exit == 2


@pytest.mark.parametrize("renamed", ["desired/s.yaml", "desired/u.yaml"])
def test_a_fragment_renamed_on_one_side_keeps_what_is_managed_through_a_conflict(
    box: Box, renamed: str
) -> None:
    applied(box, "base", listed(a=1, k=1, m=1, z=1))
    box.git("checkout", "-q", "-b", "renames")
    box.git("mv", FRAGMENT, renamed)
    box.write(renamed, listed(a=1, k=2, m=1, z=1))
    applied(box, "renamed and changed")
    box.git("checkout", "-q", "main")
    applied(box, "changed", listed(a=1, k=3, m=1, z=1))
    files = fails(box, "merge", "-q", "--no-edit", "renames")
    assert {renamed, "t.yaml"} < set(files)
    box.git("checkout", "-q", "--theirs", renamed, "t.yaml")
    assert box.run("resolve").exit == 0
    nothing_to_do(box)


def test_a_name_that_became_free_and_is_taken_again_can_be_removed_by_hand(box: Box) -> None:
    box.write("t.yaml", listed(a=1))
    applied(box, "begin", listed(a=1))
    applied(box, "renamed", listed(b=1) + "moved: [{from: t/a, to: t/b}]\n")
    applied(box, "again", listed(b=1, a=3))
    nothing_to_do(box)
    box.replace("t.yaml", "- id: a\n  kept: 1\n  v: 3\n", "")
    assert box.run("drift").exit == 2
    ran = box.run("plan", "--format", "json").json
    assert ran["changes"] == []
    box.git("checkout", "-q", "t.yaml")
    applied(box, "renamed once more", listed(b=1, c=3) + "moved: [{from: t/a, to: t/c}]\n")
    applied(box, "without the line", listed(b=1, c=3))
    nothing_to_do(box)


def test_what_a_commit_left_unapplied_is_applied_here_and_kept_there(box: Box) -> None:
    box.write("t.yaml", listed(a=1, m=1, z=1))
    applied(box, "a and z", listed(a=1, z=1))
    box.write(FRAGMENT, listed(a=1, m=1, z=1))
    committed(box, "m is declared and not applied")
    box.git("checkout", "-q", "-b", "keeps")
    box.write("desired/let-go.yaml", "removed:\n- {address: t/m, keep: true}\n")
    box.write(FRAGMENT, listed(a=1, z=1))
    planned = box.run("plan", "--detailed-exitcode", "--format", "json")
    assert planned.exit == 0, "what is remembered alone is no change"
    assert [heal["address"] for heal in planned.json["heals"]] == ["t/m"]
    applied(box, "kept")
    assert "heals" not in box.run("plan", "--format", "json").json
    (box.root / "desired/let-go.yaml").unlink()
    applied(box, "the line is dropped")
    box.git("checkout", "-q", "main")
    applied(box, "adopted")
    box.git("merge", "-q", "--no-edit", "keeps")
    ran = box.run("plan", "--detailed-exitcode", "--format", "json")
    assert (ran.exit, ran.json["changes"]) == (0, [])
    assert [problem["code"] for problem in ran.json["problems"]] == ["STA006"]
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    assert "id: m" in box.read("t.yaml")
    applied(box, "managed again", listed(a=1, m=1, z=1))
    applied(box, "deleted", listed(a=1, z=1))
    assert "id: m" not in box.read("t.yaml"), "what was let go once and managed since is deleted"


def test_files_that_git_checked_out_with_other_line_ends_are_left_as_they_are(box: Box) -> None:
    applied(box, "base", listed(a=1))
    files = [path for path in box.git("ls-files", ".system/registry/state").split() if "gone" not in path]
    with_ends = {path: (box.root / path).read_bytes().replace(b"\n", b"\r\n") for path in files}
    for path, data in with_ends.items():
        (box.root / path).write_bytes(data)
    nothing_to_do(box)
    applied(box, "changed", listed(a=2))
    changed = {path for path, data in with_ends.items() if (box.root / path).read_bytes() != data}
    assert all(path.endswith(".state") for path in changed), changed
    nothing_to_do(box)
