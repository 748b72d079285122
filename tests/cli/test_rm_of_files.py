"""Entries that are files: what goes with them, what stays, and that each is said."""

from __future__ import annotations

import json

import pytest

from tests.support import Box

TEXT = "---\nname: {}\n---\nRead the tests first.\n"


def skills(box: Box, truth: str) -> Box:
    """Three skills with text below their front matter; beside one lies another file."""
    keyword = {
        "kind": "skill",
        "layout": "file",
        "file": "skills/{name}/SKILL.md",
        "key": "name",
        "truth": truth,
    }
    box.write(
        ".system/registry/schemas/skill.schema.yaml", json.dumps({"x-registry": keyword, "type": "object"})
    )
    for name in ("plan", "review", "ship"):
        box.write(f"skills/{name}/SKILL.md", TEXT.format(name))
    box.write("skills/review/references/one.md", "x\n")
    if truth == "fragments":
        assert box.run("adopt", "--all").exit == 0
        assert box.run("apply", "--yes").exit == 0
    return box


@pytest.mark.parametrize("truth", ["live", "fragments"])
def test_the_text_below_goes_only_where_that_is_said(empty: Box, truth: str) -> None:
    work = skills(empty, truth)
    for more in (("--dry-run",), ("--apply", "--yes")):
        ran = work.run("rm", "skill/plan", *more)
        assert ran.exit == 3, ran.out
        assert "registry rm skill/plan --delete-body" in " ".join(ran.out.split())
        assert "so already" not in ran.out
    ran = work.run("rm", "skill/plan", "--delete-body", "--dry-run")
    assert ran.exit == 0
    assert "Next: registry rm skill/plan --delete-body" in ran.out
    assert (work.root / "skills/plan/SKILL.md").exists()
    assert work.run("rm", "skill/plan", "--delete-body", "--apply", "--yes").exit == 0
    assert not (work.root / "skills/plan").exists()
    assert "Plan: no changes." in work.run("plan").out
    assert work.run("rm", "skill/ship", "--delete-body", "--keep").exit == 64


@pytest.mark.parametrize("truth", ["live", "fragments"])
def test_what_lies_beside_a_file_that_goes_or_moves_is_said(empty: Box, truth: str) -> None:
    work = skills(empty, truth)
    ran = work.run("rename", "skill/review", "look", "--apply", "--yes")
    assert ran.exit == 0
    assert "skills/review/ still holds references" in ran.err
    assert "git mv skills/review/* skills/look/" in ran.err
    assert (work.root / "skills/review/references/one.md").exists()
    ran = work.run("rm", "skill/ship", "--delete-body", "--apply", "--yes")
    assert ran.exit == 0
    assert "still holds" not in ran.err


def test_add_has_the_options_of_the_other_verbs(applied: Box) -> None:
    entry = ("add", "module_type", "--entry-json", '{"id": "cron", "description": "Nightly."}')
    before = applied.files()
    ran = applied.run(*entry, "--dry-run")
    assert ran.exit == 0
    assert "module_type/cron" in ran.out
    assert applied.files() == before
    following = applied.run(*entry, "--dry-run", "--format", "json").json["next"]
    assert following[0][:2] == ["registry", "add"]
    assert applied.run(*entry, "--dry-run", "--apply").exit == 64
    wrong = ("add", "module_type", "--entry-json", '{"id": "cron", "colour": "red"}', "--dry-run")
    assert applied.run(*wrong).exit == 3
    assert applied.files() == before
    assert applied.run(*following[0][1:], "--apply", "--yes").exit == 0
    assert "cron" in (applied.root / "modules/overview/type_registry.yaml").read_text("utf-8")


def test_log_says_what_an_apply_of_the_state_alone_did(applied: Box) -> None:
    registry = applied.root / "modules/overview/type_registry.yaml"
    registry.write_text(registry.read_text("utf-8").replace("An API.", "The API."), "utf-8")
    assert applied.run("drift", "--accept", "module_type/http_api").exit == 0
    assert "the state alone: 1 record" in applied.run("log", "--limit", "1").out


def test_the_last_managed_entry_goes_where_that_is_said(applied: Box) -> None:
    addresses = ("route/api.errors", "module_maturity/payments.api", "module_instance/payments.api")
    assert applied.run("rm", *addresses, "--apply", "--yes").exit == 0
    last = ("rm", "module_type/http_api", "--apply", "--yes")
    ran = applied.run(*last)
    assert ran.exit == 3
    assert "--allow-mass-delete" in ran.out
    assert applied.run(*last, "--allow-mass-delete").exit == 0
    assert "Plan: no changes." in applied.run("plan").out
