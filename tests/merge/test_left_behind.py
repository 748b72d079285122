"""What ``git checkout .`` leaves behind after an apply: new files of the state. None of them deletes anything."""

from __future__ import annotations

import pytest

from registry_reconciler.planning import state_shares
from tests.merge.helper import FRAGMENT, applied, committed, listed, nothing_to_do
from tests.support import Box


def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("FILLED", 60), ("FULL", 60), ("MOST", 1_000_000)):
        monkeypatch.setattr(state_shares, name, size)


def _actions(box: Box) -> list[tuple[str, str]]:
    found = box.run("plan", "--format", "json").json
    return [(change["action"], change["address"]) for change in found["changes"]]


def _adopted_and_taken_back(box: Box, before: str, fragment: str) -> None:
    """Entries that stand in a registry are taken over, and everything that git has is put back."""
    applied(box, "base", before)
    box.write("t.yaml", listed(a=1, b=1, m=1, z=1))
    committed(box, "some entries are kept by hand")
    box.write(FRAGMENT, fragment)
    assert box.run("apply", "--yes").exit == 0
    box.git("checkout", "-q", ".")


@pytest.mark.parametrize("first", [True, False])
def test_an_adoption_that_was_taken_back_deletes_nothing(
    box: Box, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """Its state is the first file of its fragment, or a further one where that is full."""
    _small(monkeypatch)
    box.write("desired/u.yaml", listed(z=1))
    _adopted_and_taken_back(box, "t: []\n" if first else listed(a=1, b=1), listed(a=1, b=1, m=1))
    assert "?? .system/registry/state/" in box.git("status", "--porcelain"), "a file of the state is left"
    for _ in range(2):  # an answer that was given is not given again
        found = box.run("plan", "--format", "json").json
        assert found["changes"] == []
        told = {problem["address"] for problem in found["problems"] if problem["code"] == "STA006"}
        assert told == ({"t/a", "t/b", "t/m"} if first else {"t/m"})
    box.write("desired/u.yaml", listed(z=2))
    assert _actions(box) == [("update", "t/z")]
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    assert "id: m" in box.read("t.yaml")
    assert all(
        problem["code"] != "STA006" for problem in box.run("plan", "--format", "json").json["problems"]
    )


@pytest.mark.parametrize("advice", ["registry adopt t/m", "registry plan --overwrite t/m"])
def test_the_advice_does_what_it_says(box: Box, monkeypatch: pytest.MonkeyPatch, advice: str) -> None:
    _small(monkeypatch)
    _adopted_and_taken_back(box, listed(a=1, b=1), listed(a=1, b=1, m=1))
    (problem,) = box.run("plan", "--format", "json").json["problems"]
    assert advice in problem["fix"]["description"]
    assert box.run(*advice.replace("plan", "apply --yes").split()[1:]).exit == 0
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    adopts = "adopt" in advice
    assert ('id: "m"' in box.read(FRAGMENT).replace("id: m", 'id: "m"')) == adopts
    assert ("id: m" in box.read("t.yaml")) == adopts


def test_a_plan_that_is_applied_later_is_stale_once_git_has_the_state(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small(monkeypatch)
    box.write("desired/u.yaml", listed(z=1))
    _adopted_and_taken_back(box, listed(a=1, b=1), listed(a=1, b=1, m=1))
    box.write("desired/u.yaml", listed(z=2))
    found = box.run("plan", "--format", "json").json
    assert [path for path in found["inputs"] if path.endswith("#tracked")]
    box.git("add", ".system")
    assert _actions(box) == [("delete", "t/m"), ("update", "t/z")]


@pytest.mark.parametrize("how", ["created", "declared before", "new fragment", "tracked"])
def test_what_an_apply_made_managed_goes_with_its_fragment(
    box: Box, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Although git has no file of the state that knows the entry: only what stood there before is in doubt."""
    _small(monkeypatch)
    applied(box, "base", listed(a=1, b=1))
    mine = "desired/u.yaml" if how == "new fragment" else FRAGMENT
    text = listed(m=1) if how == "new fragment" else listed(a=1, b=1, m=1)
    if how != "created":
        box.write("t.yaml", listed(a=1, b=1, m=1))
        committed(box, "kept by hand")
    box.write(mine, text)
    if how == "declared before":
        committed(box, "not applied")
    assert box.run("apply", "--yes").exit == 0
    if how == "tracked":
        box.git("add", ".system")
    box.write(mine, "t: []\n" if how == "new fragment" else listed(a=1, b=1))
    assert _actions(box) == [("delete", "t/m")]
