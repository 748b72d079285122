"""``fix``: what is safe, what guesses, one field for many; in fragments, and where the truth is live."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.verb_helper import Work
from tests.support import Box, installed


@pytest.fixture(scope="module")
def fixes_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Work(tmp_path_factory.mktemp("fixes")).root


@pytest.fixture
def work(fixes_made: Path, tmp_path: Path) -> Work:
    return Work.copy(fixes_made, tmp_path / "work")


def test_unsafe_makes_what_guesses_and_safe_does_not(work: Work) -> None:
    text = (
        work.read("desired/plugin.yaml").replace("group: eval", "group: evl").replace("port: 80", "prt: 80")
    )
    work.write("desired/plugin.yaml", text)
    left = work.ok("fix", "--format", "json").json
    assert (left["fixed"], left["written"]) == ([], [])
    assert ["registry", "fix", "--unsafe", "--diff"] in left["next"]
    shown = work.ok("fix", "--unsafe", "--diff")
    assert "+    group: eval" in shown.out
    assert work.read("desired/plugin.yaml") == text
    only = work.ok("fix", "sch001", "--unsafe", "--format", "json").json
    assert [one["code"] for one in only["fixed"]] == ["SCH001"]
    assert "port: 80" in work.read("desired/plugin.yaml")
    work.ok("fix", "--unsafe")
    work.settled()
    assert work.diff() == ""


def test_a_kind_whose_truth_is_live_is_fixed_in_its_registry(work: Work) -> None:
    work.write("notes.yaml", work.read("notes.yaml").replace("page: start ", "page: strat "))
    assert work.run("plan", "--base", "HEAD").exit == 3
    assert "+    page: start   # the page" in work.ok("fix", "--unsafe", "--diff").out
    done = work.ok("fix", "--unsafe", "--format", "json").json
    assert "notes.yaml" in done["written"]
    assert work.diff() == ""
    work.settled()


def test_set_settles_all_problems_of_a_code_with_one_field(work: Work) -> None:
    work.write("desired/plugin.yaml", work.read("desired/plugin.yaml").replace("group: docs", "group: 1"))
    work.ok("fix", "SCH001", "--set", "group=docs")
    assert work.diff() == ""
    assert "No entry has a problem REF001" in work.ok("fix", "REF001", "--set", "group=docs").out
    assert "No entry has a problem with that" in work.ok("fix", "--set", "group=docs").out
    assert work.run("fix", "REF0001", "--set", "group=docs").exit == 64
    assert work.run("fix", "REF001", "--set", "group").exit == 64


def test_a_fix_that_is_called_safe_never_changes_a_key(applied: Box) -> None:
    """The reference of a maturity to its module is its key: another one would delete it and create another."""
    applied.replace(
        "desired/all.yaml",
        "  - module_id: payments.api\n    module_type",
        "  - module_id: pay\n    name: payments.api\n    module_type",
    )
    plan = applied.run("plan", "--format", "json").json
    (found,) = [
        one for one in plan["problems"] if one["address"] == "module_maturity/payments.api" and one["fix"]
    ]
    assert found["fix"]["safe"] is False
    assert "registry rename module_maturity/payments.api pay" in found["fix"]["description"]
    for words in (["fix"], ["fix", "--unsafe"]):
        assert installed(*words, cwd=applied.root).exit == 0
        assert "module_maturity:\n  - module_id: payments.api\n" in applied.read("desired/all.yaml")


def test_brief_is_short(work: Work) -> None:
    entries = "".join(f"  - {{name: p{n}, group: evl}}\n" for n in range(200))
    work.write("desired/more.yaml", f"plugin:\n{entries}")
    done = work.ok("fix", "--brief")
    assert done.out.startswith("fixed 0 problems\nleft 200 problems\n")
    assert len(done.out) < 3_000


def test_two_fixes_of_one_cause_are_made_once(box: Box) -> None:
    types = (
        "module_type:\n  - {id: a, description: A., outbound: [bb]}\n"
        "  - {id: b, description: B., inbound: [a]}\n"
    )
    box.write("desired/more.yaml", types)
    fixed = box.run("fix", "--unsafe", "--format", "json").json
    assert [one["code"] for one in fixed["fixed"]] == ["REF001"]
    assert "outbound: [b]}" in box.read("desired/more.yaml")
    assert box.run("check").exit == 0
