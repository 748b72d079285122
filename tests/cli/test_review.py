"""``plan --base`` and ``diff``: what a branch does, told by entries, with real git."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from tests.support import Box, git

FRAGMENT = "desired/all.yaml"


def branch(box: Box) -> None:
    """On a branch: one field changed, one entry added, applied and committed; main goes on meanwhile."""
    box.git("checkout", "-qb", "work")
    box.replace(FRAGMENT, "topic: errors", "topic: faults")
    box.write("desired/more.yaml", "module_type:\n- {id: cron, description: A timer.}\n")
    assert box.run("apply", "--yes").exit == 0
    box.git("add", "-A")
    box.git("commit", "-qm", "work")
    box.git("checkout", "-q", "main")
    box.write("desired/other.yaml", "module_type:\n- {id: batch, description: A batch.}\n")
    assert box.run("apply", "--yes").exit == 0
    box.git("add", "-A")
    box.git("commit", "-qm", "other")
    box.git("checkout", "-q", "work")


def changes(data: dict[str, object]) -> list[tuple[str, str]]:
    found = data["changes"]
    assert isinstance(found, list)
    return [(one["address"], one["action"]) for one in found]


def test_a_review_is_of_the_branch_and_not_of_what_main_did_since(committed: Box) -> None:
    branch(committed)
    ran = committed.run("plan", "--base", "main", "--format", "json")
    assert ran.exit == 0
    assert changes(ran.json) == [("module_type/cron", "create"), ("route/api.errors", "update")]
    assert ran.json["plan_id"] is None
    assert ran.json["next"] == []
    assert (ran.json["files"], ran.json["applied"]) == ([], True)
    assert ran.json["base_commit"] == committed.git("merge-base", "main", "work").strip()
    diff = committed.run("diff", "main", "work", "--format", "json")
    assert ("module_type/batch", "delete") in changes(diff.json)
    assert committed.run("plan", "--base", "main", "--detailed-exitcode").exit == 2


def test_what_no_fragment_owns_is_said_to_be_edited_and_not_to_follow_from_a_fragment(committed: Box) -> None:
    committed.write(
        ".system/registry/schemas/t.schema.yaml",
        "type: object\nx-registry: {kind: t, layout: list, file: t.yaml, at: t, key: id}\n",
    )
    committed.write("t.yaml", "t:\n- {id: a, v: 1}\n- {id: b, v: 1}\n- {id: c, v: 1}\n- {id: d, v: 1}\n")
    committed.write("desired/t.yaml", "t:\n- {id: c, v: 1}\n")
    assert committed.run("apply", "--yes").exit == 0
    committed.commit("before")
    committed.write("t.yaml", "t:\n- {id: a, v: 2}\n- {id: c, v: 2}\n- {id: d, v: 2}\n- {id: e, v: 1}\n")
    committed.write("desired/t.yaml", "t:\n- {id: c, v: 2}\n- {id: d, v: 2}\n")
    reasons = {
        one["address"]: one["reason"]
        for one in committed.run("plan", "--base", "HEAD", "--format", "json").json["changes"]
    }
    assert reasons == {
        "t/a": "edited",
        "t/b": "edited",
        "t/c": "desired_changed",
        "t/d": "adopted",
        "t/e": "edited",
    }


def test_the_impact_of_a_change_is_who_depends_on_it(committed: Box) -> None:
    committed.replace(FRAGMENT, "An API.", "An HTTP API.")
    ran = committed.run("plan", "--base", "HEAD", "--format", "json")
    (change,) = ran.json["changes"]
    assert change["impact"] == [
        "module_instance/payments.api",
        "module_maturity/payments.api",
        "route/api.errors",
    ]
    assert [one["path"] for one in change["fields"]] == [["description"]]


def test_fragments_that_are_not_applied_are_said_first(committed: Box) -> None:
    committed.replace(FRAGMENT, "topic: errors", "topic: faults")
    ran = committed.run("plan", "--base", "HEAD", "--format", "json")
    assert ran.json["notices"][0]["title"] == "Not applied"
    assert ran.json["applied"] is False
    assert changes(ran.json) == [("route/api.errors", "update")]


def test_only_introduced_errors_block_and_mended_ones_are_said(committed: Box) -> None:
    committed.replace(FRAGMENT, "module_type: http_api", "module_type: gone")
    committed.git("commit", "-qam", "broken")
    broken = committed.run("plan", "--base", "HEAD", "--format", "json")
    assert broken.exit == 0
    (problem,) = [one for one in broken.json["problems"] if one["code"] == "REF001"]
    assert (problem["status"], problem["blocking"]) == ("pre_existing", False)
    assert committed.run("plan").exit == 3

    introduced = committed.run("plan", "--base", "HEAD~1", "--format", "json")
    assert introduced.exit == 3
    (problem,) = [one for one in introduced.json["problems"] if one["code"] == "REF001"]
    assert (problem["status"], problem["blocking"]) == ("introduced", True)

    committed.replace(FRAGMENT, "module_type: gone", "module_type: http_api")
    mended = committed.run("plan", "--base", "HEAD", "--format", "json")
    assert mended.exit == 0
    assert [one["status"] for one in mended.json["problems"] if one["code"] == "REF001"] == ["fixed"]


def test_a_rename_is_a_move(committed: Box) -> None:
    committed.replace(FRAGMENT, "id: api.errors", "id: api.faults")
    committed.write("desired/moves.yaml", "moved:\n- {from: route/api.errors, to: route/api.faults}\n")
    (change,) = committed.run("plan", "--base", "HEAD", "--format", "json").json["changes"]
    assert (change["address"], change["from"], change["action"]) == (
        "route/api.faults",
        "route/api.errors",
        "move",
    )


def test_a_weakened_check_stands_at_the_head(committed: Box) -> None:
    committed.replace(".system/registry/config.yaml", "severities: {}", "severities: {REF001: warning}")
    ran = committed.run("plan", "--base", "HEAD", "--format", "json")
    (notice,) = [one for one in ran.json["notices"] if one["title"] == "Check weakened"]
    assert notice["message"].startswith("REF001 ")


def test_reviews_come_in_every_format(committed: Box) -> None:
    committed.replace(FRAGMENT, "topic: errors", "topic: faults")
    schema = json.loads(committed.run("schema", "plan").out)
    review = committed.run("plan", "--base", "HEAD", "--format", "json").json
    jsonschema.Draft202012Validator(schema).validate(review)
    for form in ("text", "markdown", "sarif", "github"):
        ran = committed.run("plan", "--base", "HEAD", "--format", form)
        assert ran.exit == 0
        assert "--expect" not in ran.out
    assert committed.run("plan", "--base", "HEAD", "--brief").exit == 0


def test_a_review_cannot_be_saved_or_narrowed(committed: Box) -> None:
    assert committed.run("plan", "--base", "HEAD", "--out", "x.json").exit == 64
    assert committed.run("plan", "--base", "HEAD", "--target", "route/*").exit == 64


def test_the_same_review_of_two_revisions(committed: Box) -> None:
    branch(committed)
    one = committed.run("diff", "HEAD~1", "HEAD", "--format", "json")
    assert changes(one.json) == [("module_type/cron", "create"), ("route/api.errors", "update")]
    back = committed.run("diff", "HEAD", "HEAD~1", "--format", "json")
    assert changes(back.json) == [("module_type/cron", "delete"), ("route/api.errors", "update")]
    assert committed.run("diff", "HEAD", "HEAD", "--format", "json").json["changes"] == []


def test_unknown_revisions_and_no_repository(committed: Box, empty: Box, tmp_path: Path) -> None:
    assert committed.run("diff", "nothing-like-that").exit == 64
    assert committed.run("plan", "--base=--all").exit == 64
    outside = Box(tmp_path / "outside", empty.capsys)
    outside.root.mkdir()
    outside.run("init")
    ran = outside.run("plan", "--base", "main", "--format", "json")
    assert (ran.exit, ran.json["errors"][0]["code"]) == (1, "git")


def test_a_shallow_clone_gets_the_depth_to_fetch(committed: Box, tmp_path: Path) -> None:
    branch(committed)
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", committed.root.as_uri(), "clone")
    clone = Box(tmp_path / "clone", committed.capsys)
    ran = clone.run("plan", "--base", "origin/main", "--format", "json")
    assert ran.exit == 1
    assert ran.json["errors"][0]["code"] == "shallow_clone"
    assert "--depth=101 origin main HEAD" in ran.json["errors"][0]["message"]
    fetch = ran.json["next"][0]
    git(clone.root, *fetch[1:])
    assert clone.run("plan", "--base", "origin/main").exit == 0


def test_a_workspace_below_the_git_root(empty: Box) -> None:
    git(empty.root, "init", "-q")
    inner = Box(empty.root / "deep" / "er", empty.capsys)
    inner.root.mkdir(parents=True)
    inner.run("init")
    inner.write(FRAGMENT, "module_type:\n- {id: cron, description: A timer.}\n")
    assert inner.run("apply", "--yes").exit == 0
    git(empty.root, "add", "-A")
    git(empty.root, "commit", "-qm", "first")
    inner.replace(FRAGMENT, "A timer.", "Another timer.")
    ran = inner.run("plan", "--base", "HEAD", "--format", "json")
    assert changes(ran.json) == [("module_type/cron", "update")]


def test_a_place_is_named_once_and_is_where_the_entry_is(committed: Box) -> None:
    committed.write("desired/new.yaml", "module_type:\n  - {id: batch, description: A batch.}\n")
    committed.write("modules/routes/web.yaml", ROUTE_BY_HAND)
    ran = committed.run("plan", "--base", "HEAD", "--format", "json")
    files = {one["address"]: one["file"] for one in ran.json["changes"]}
    assert files == {"module_type/batch": "", "route/web.one": "modules/routes/web.yaml"}
    text = committed.run("plan", "--base", "HEAD").out
    assert "\n      from desired/new.yaml:2:5\n" in text
    assert "\n      modules/routes/web.yaml:2:5\n" in text
    shown = committed.run("plan", "--base", "HEAD", "--format", "markdown").out
    assert "(not in the registries yet) · `desired/new.yaml:2`\n" in shown
    assert "· `modules/routes/web.yaml:2`\n" in shown


ROUTE_BY_HAND = """\
routes:
  - {id: web.one, scope: web, topic: one, module_id: payments.api, when_to_use: Once.}
"""
