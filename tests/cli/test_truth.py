"""``truth: live`` and ``managed: all``: who owns the entries of a kind, through the installed command."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.files.tree import DiskTree
from registry_reconciler.loading.catalog import load_catalog
from registry_reconciler.outputs.pages import agents_page
from tests.support import SCHEMAS, Installed, git

SKILL = """\
x-registry:
  kind: skill
  layout: file
  file: skills/{id}/skill.yaml
  key: id
  truth: live
  names: {name: title, status: status}
  references: [{field: "needs[]", kind: skill}]
type: object
required: [id, title]
properties:
  id: {type: string}
  title: {type: string}
  status: {enum: [active, planned]}
  needs: {type: array, items: {type: string}}
"""
TOOL = """\
x-registry:
  kind: tool
  layout: list
  file: tools.yaml
  at: tools
  key: id
  managed: all
  references: [{field: skill, kind: skill}]
type: object
properties: {id: {type: string}, skill: {type: string}}
"""
REVIEW = "# Reads a change.\nid: review\ntitle: Review\nstatus: active # for now\n"
PLAN = "id: plan\ntitle: Plan\nneeds: [review]\n"


class Work(Installed):
    """A workspace in git, and the installed command in it."""

    def codes(self, *words: str) -> list[tuple[str, str, bool]]:
        """The standing problems of a plan: code, address, whether it blocks."""
        found = self.run(*words, "--format", "json").json["problems"]
        return [(one["code"], one["address"], one["blocking"]) for one in found if one["status"] != "fixed"]


@pytest.fixture
def work(tmp_path: Path) -> Work:
    work = Work(tmp_path)
    git(tmp_path, "init", "-q")
    assert work.run("init", "--kinds", "none").exit == 0
    work.write(f"{SCHEMAS}/skill.schema.yaml", SKILL)
    work.write(f"{SCHEMAS}/tool.schema.yaml", TOOL)
    work.write("skills/review/skill.yaml", REVIEW)
    work.write("skills/plan/skill.yaml", PLAN)
    work.write("desired/tools.yaml", "tool:\n  - {id: lint, skill: review}\n")
    assert work.run("apply", "--yes").exit == 0
    work.commit()
    return work


def test_entries_are_shown_listed_and_no_drift(work: Work) -> None:
    assert "skill/review  live     skills/review/skill.yaml" in work.run("list").out
    shown = work.run("show", "skill/review")
    assert "title: Review" in shown.out
    assert "truth  live" in shown.out
    assert "tool/lint" in shown.out
    plan = work.run("plan", "--format", "json").json
    assert (plan["summary"]["unmanaged"], plan["changes"]) == (0, [])
    work.write("skills/review/skill.yaml", REVIEW.replace("Review", "Read"))
    assert work.run("drift").exit == 0
    assert work.run("plan", "--detailed-exitcode").exit == 0
    assert "its registry owns it" in work.run("explain", "skill/review").out
    assert "truth: live" in work.run("explain", "skill").out


def test_every_rule_judges_them_and_they_block_where_they_were_introduced(work: Work) -> None:
    work.write("skills/plan/skill.yaml", "id: plan\ntitle: 3\nneeds: [revue]\n")
    assert work.codes("plan") == [("REF001", "skill/plan", False), ("SCH001", "skill/plan", False)]
    assert work.run("check").exit == 0
    blamed = work.run("plan", "--base", "HEAD", "--format", "json")
    assert blamed.exit == 3
    assert [one["code"] for one in blamed.json["problems"] if one["blocking"]] == ["REF001", "SCH001"]
    work.commit()
    assert work.run("plan", "--base", "HEAD").exit == 0


def test_a_file_that_cannot_be_read_blocks_where_it_was_introduced(work: Work) -> None:
    work.write("skills/plan/skill.yaml", "id: [plan\n")
    assert work.run("plan").exit == 0
    assert work.run("plan", "--base", "HEAD").exit == 3


def test_a_managed_entry_that_refers_to_one_that_went_blocks_where_it_went(work: Work) -> None:
    (work.root / "skills/review/skill.yaml").unlink()
    # Of a live kind there is no state: to a plan, which changes nothing here, it has always been so.
    assert ("REF001", "tool/lint", False) in work.codes("plan")
    assert work.run("plan").exit == 0
    assert ("REF001", "tool/lint", True) in work.codes("check")
    assert ("REF001", "tool/lint", True) in work.codes("plan", "--base", "HEAD")
    assert work.run("plan", "--base", "HEAD").exit == 3
    # A plan that changes the entry answers for it.
    work.write("desired/tools.yaml", "tool:\n  - {id: lint, skill: review, title: Lint}\n")
    assert ("REF001", "tool/lint", True) in work.codes("plan")


def test_a_review_shows_what_changed(work: Work) -> None:
    work.write("skills/review/skill.yaml", REVIEW.replace("Review", "Read"))
    work.write("skills/ship/skill.yaml", "id: ship\ntitle: Ship\n")
    (work.root / "skills/plan/skill.yaml").unlink()
    review = work.run("plan", "--base", "HEAD", "--format", "json").json
    assert [(one["address"], one["action"], one["reason"]) for one in review["changes"]] == [
        ("skill/plan", "delete", "edited"),
        ("skill/review", "update", "edited"),
        ("skill/ship", "create", "edited"),
    ]
    text = work.run("plan", "--base", "HEAD").out
    assert "edited in its registry" in text
    assert "Not applied" not in text


def test_fragments_may_not_declare_move_or_remove_one(work: Work) -> None:
    work.write(
        "desired/skills.yaml",
        "skill:\n  - {id: review, title: Review}\n"
        "moved: [{from: skill/plan, to: skill/plans}]\nremoved: [{address: skill/plan}]\n",
    )
    found = work.run("plan")
    assert found.exit == 3
    assert found.out.count("error FRG009") == 3
    assert "registry set skill/KEY FIELD=VALUE" in " ".join(found.out.split())
    assert "registry rename skill/plan plans" in " ".join(found.out.split())
    assert "registry rm skill/plan" in " ".join(found.out.split())


def test_adopt_skips_them_and_says_why(work: Work) -> None:
    work.write("tools.yaml", "tools:\n  - {id: lint, skill: review}\n  - {id: test}\n")
    found = work.run("adopt", "--all", "--format", "json")
    assert [one["address"] for one in found.json["adopted"]] == ["tool/test"]
    assert [(one["address"], one["code"]) for one in found.json["skipped"]] == [("skill/*", "FRG009")]
    one = work.run("adopt", "skill/review")
    assert "the truth of skill is live" in one.out
    assert "registry set skill/review FIELD=VALUE" in one.out


def test_a_kind_that_becomes_live_is_let_go_and_nothing_is_deleted(work: Work) -> None:
    live = TOOL.replace("managed: all", "truth: live")
    work.write(f"{SCHEMAS}/tool.schema.yaml", live)
    assert work.run("plan").exit == 3
    work.write("desired/tools.yaml", "")
    plan = work.run("plan", "--detailed-exitcode", "--leave-outputs", "--format", "json")
    assert (plan.exit, plan.json["changes"], plan.json["drift"]) == (0, [], [])
    before = work.read("tools.yaml")
    assert work.run("apply", "--yes").exit == 0
    assert work.read("tools.yaml") == before
    again = work.run("plan", "--format", "json").json
    assert (again["files"], again.get("heals", [])) == ([], [])
    assert not list((work.root / ".system/registry/state").glob("*tools*"))


def test_the_two_keys_contradict_each_other(work: Work) -> None:
    work.write(f"{SCHEMAS}/tool.schema.yaml", TOOL.replace("managed: all", "managed: all\n  truth: live"))
    assert work.codes("check")[0][0] == "KND001"


def test_all_managed_blames_the_branch_that_adds_one(work: Work) -> None:
    work.write("tools.yaml", "tools:\n  - {id: lint, skill: review}\n  - {id: test}\n")
    assert work.codes("check") == [("UNM001", "tool/test", False)]
    assert "registry adopt tool/test" in work.run("check").out
    assert work.run("plan", "--base", "HEAD").exit == 3
    assert work.run("adopt", "tool/test").exit == 0
    assert work.codes("check") == []
    assert work.run("plan", "--base", "HEAD").exit == 0


def test_show_is_one_diff_of_live_and_desired(work: Work) -> None:
    work.write("desired/tools.yaml", "tool:\n  - {id: lint, skill: plan, args: [x]}\n")
    found = work.run("show", "tool/lint")
    assert "    id: lint\n  - skill: review\n  + skill: plan\n  + args:\n  +   - x\n" in found.out
    fields = work.run("show", "tool/lint", "--format", "json").json["entry"]["diff"]
    assert [(one["path"], one["action"]) for one in fields] == [(["args"], "create"), (["skill"], "update")]


def test_the_guide_for_agents_says_who_owns_a_kind(work: Work) -> None:
    text = agents_page(load_catalog(DiskTree(work.root)).kinds)
    (skill,) = [line for line in text.splitlines() if line.startswith("| `skill`")]
    (tool,) = [line for line in text.splitlines() if line.startswith("| `tool`")]
    assert "Truth is live: no fragment" in skill
    assert "UNM001" in tool
