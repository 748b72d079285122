"""``resolve`` settles what people wrote and what is remembered at once: a failure says what was written before it."""

from __future__ import annotations

import pytest

from registry_reconciler.editing import resolve_conflicts
from registry_reconciler.errors import WriteFailure
from registry_reconciler.files.git_conflicts import both_sides
from registry_reconciler.model.config import STATE_FOLDER
from tests.merge.helper import FRAGMENT, KIND, applied, committed, fails, listed, nothing_to_do
from tests.merge.test_state_alone import two_sides
from tests.support import Box


@pytest.mark.parametrize("step", ["housekeeping", "outputs_anew"])
def test_a_failure_says_what_was_written_before(box: Box, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """What people wrote and what is remembered is one transaction; outputs are made anew by another one."""
    two_sides(box, listed(a=1, z=1), listed(a=1, b=1, z=1), listed(a=1, c=1, z=1))
    paths = fails(box, "merge", "-q", "other")
    assert FRAGMENT in paths

    def refuse(*_: object) -> None:
        raise WriteFailure("nothing was written: the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(resolve_conflicts, step, refuse)
        ran = box.run("resolve")
    said = " ".join(ran.err.split())
    assert ran.exit == 1
    before = step == "outputs_anew"
    assert (f"{FRAGMENT}, t.yaml were written; after that," in said) == before
    assert ("try: registry resolve" in said) == before
    assert "nothing was written: the disk is full" in said
    assert ("<<<<" in box.read(FRAGMENT)) != before
    assert box.git("diff", "--name-only", "--diff-filter=U").split() == ([] if before else paths)
    assert box.run("resolve").exit == 0
    box.git("add", "-A")
    nothing_to_do(box)


def test_a_failure_of_the_first_step_wrote_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    two_sides(box, listed(a=1, z=1), listed(a=1, b=1, z=1), listed(a=1, c=1, z=1))
    fails(box, "merge", "-q", "other")

    def refuse(*_: object, **__: object) -> None:
        raise WriteFailure("nothing was written: the disk is full")

    monkeypatch.setattr("registry_reconciler.apply.session.WriteSession.commit", refuse)
    ran = box.run("resolve")
    assert (ran.exit, "resolve: nothing was written: the disk is full" in " ".join(ran.err.split())) == (
        1,
        True,
    )


@pytest.mark.parametrize("operation", [["merge", "-q"], ["merge", "-q", "--squash"], ["stash", "pop", "-q"]])
def test_a_registry_taken_whole_from_one_side_before_resolve_is_no_edit_by_hand(
    box: Box, operation: list[str]
) -> None:
    """The fragment says what the other side applied, and the registry what ours did: that is to be applied."""
    applied(box, "base", listed(a=1, i=1))
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=1, i=3))
    if "stash" in operation:
        box.git("reset", "-q", "--soft", "HEAD~1")
        box.git("stash", "push", "-q")
    box.git("checkout", "-q", "main")
    box.write("t.yaml", listed(a=1, i="1 # by hand"))
    committed(box, "a comment")
    assert fails(box, *operation, *(["other"] if "merge" in operation else [])) == ["t.yaml"]
    box.git("checkout", "-q", "--ours", "t.yaml")
    box.git("add", "t.yaml")
    assert box.run("resolve").exit == 0
    plan = box.run("plan", "--format", "json").json
    assert ([change["address"] for change in plan["changes"]], plan["drift"]) == (["t/i"], [])


def test_a_stash_that_waits_is_no_other_side(box: Box) -> None:
    """Something of it is staged, since somebody did the same once more; the rest is not."""
    applied(box, "base", listed(a=1, i=1))
    applied(box, "theirs", listed(a=1, i=3))
    box.git("reset", "-q", "--soft", "HEAD~1")
    box.git("stash", "push", "-q")
    box.write(FRAGMENT, listed(a=1, i=3))
    box.git("add", FRAGMENT)
    assert both_sides(box.root) is None
    box.git("checkout", "-q", "stash", "--", ".")
    assert both_sides(box.root) is not None


def test_a_registry_where_nothing_looks_any_more_is_said(box: Box) -> None:
    """Two sides apply for the first time, one has the entries elsewhere, and both files stay."""
    box.write("t.yaml", listed(a=1, m=1))
    committed(box, "people's files")
    box.git("checkout", "-q", "-b", "other")
    applied(box, "theirs", listed(a=1))
    box.git("checkout", "-q", "main")
    box.replace(KIND, "t.yaml", "u.yaml")
    applied(box, "ours", listed(a=1))
    assert f"{STATE_FOLDER}/places/t.place" in fails(box, "merge", "-q", "other")
    assert box.run("resolve").exit == 0
    assert "id: m" in box.read("t.yaml")
    plan = box.run("plan", "--format", "json").json
    assert plan["changes"] == []
    (problem,) = [problem for problem in plan["problems"] if problem["code"] == "KND006"]
    assert "2 entries (t/a, t/m) of the kind 't' stand in t.yaml" in problem["message"]
