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


TYPES = """\
module_type:
- {id: api, description: An API., aliases: [web], outbound: [store, queue]}
- {id: store, description: A store., inbound: [apo]}
- {id: queue, description: A queue., inbound: []}
"""


@pytest.mark.parametrize(
    ("inbound", "after", "left"),
    [
        ("[apo]", "[api]", "For the next run"),  # REF001 mends the word that MOD001 would add
        ("[apo, apj]", "[api, apj]", "For the next run"),  # both may be meant for one
        ("[api, apo]", "[api, apo]", "the list already: take this one out"),
        ("[web, api]", "[web, api]", "the list already: take this one out"),  # safe, and still one word twice
        ("[web, web]", "[api, api]", ""),  # it was there twice before
    ],
)
def test_two_fixes_that_meet_in_one_place_are_made_one_after_the_other(
    box: Box, inbound: str, after: str, left: str
) -> None:
    box.write("desired/all.yaml", TYPES.replace("[apo]", inbound))
    ran = box.run("fix", "--unsafe")
    assert f"description: A store., inbound: {after}" in box.read("desired/all.yaml"), ran.out
    assert left in ran.out
    assert "A queue., inbound: [api]" in box.read("desired/all.yaml")  # what is elsewhere is made at once
    for _ in range(3):
        box.run("fix", "--unsafe")
    assert f"description: A store., inbound: {after}" in box.read("desired/all.yaml")


def test_a_fix_for_the_next_run_leads_to_it_in_every_form(box: Box) -> None:
    box.write("desired/all.yaml", TYPES)
    before = box.files()
    data = box.run("fix", "--unsafe", "--diff", "--format", "json").json
    assert box.files() == before
    assert [found["code"] for found in data["later"]] == ["MOD001"]
    assert ["registry", "fix", "--unsafe"] in data["next"]
    assert "next: registry fix --brief" in box.run("fix", "--unsafe", "--brief").out
    assert box.run("fix", "--unsafe", "--format", "json").json["later"] == []


def test_fixes_of_a_live_file_that_meet_are_made_one_after_the_other(box: Box) -> None:
    schema = box.read(".system/registry/schemas/module_type.schema.yaml")
    box.write(
        ".system/registry/schemas/module_type.schema.yaml",
        schema.replace("  kind: module_type\n", "  kind: module_type\n  truth: live\n"),
    )
    box.write("desired/all.yaml", "")
    live = "modules/overview/type_registry.yaml"
    box.write(live, TYPES.replace("module_type:", "types:"))
    ran = box.run("fix", "--unsafe")
    assert "A store., inbound: [api]" in box.read(live), ran.out + ran.err
    box.run("fix", "--unsafe")
    assert "A store., inbound: [api]" in box.read(live)
