"""``plan`` and ``apply``: exit codes, saved plans, approval, reports."""

from __future__ import annotations

import json
import os

import pytest

from tests.support import EVERYTHING, ROUTES, Box


def test_a_plan_lists_what_would_change_and_writes_nothing(box: Box) -> None:
    before = box.files()
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 0
    assert [(one["address"], one["action"]) for one in ran.json["changes"]] == [
        (address, "create") for address in EVERYTHING
    ]
    assert ran.json["next"] == [["registry", "apply", "--expect", ran.json["plan_id"]]]
    assert box.files() == before


def test_the_exit_code_tells_of_changes_only_where_that_is_asked_for(box: Box) -> None:
    assert box.run("plan").exit == 0
    detailed = box.run("plan", "--detailed-exitcode", "--format", "json")
    assert detailed.exit == 2
    assert detailed.json["exit"] == 2


def test_an_applied_plan_is_empty_and_a_second_apply_writes_nothing(applied: Box) -> None:
    assert applied.run("plan", "--detailed-exitcode").exit == 0
    before = applied.files()
    ran = applied.run("apply", "--yes")
    assert ran.exit == 0
    assert "Nothing to do" in ran.out
    assert applied.files() == before


def test_apply_says_what_it_wrote(box: Box) -> None:
    ran = box.run("apply", "--yes", "--format", "json")
    assert ran.exit == 0
    assert ROUTES in ran.json["written"]
    assert any(path.startswith(".system/registry/history/") for path in ran.json["written"])
    assert ran.json["recovered"] is None
    assert ran.json["next"] == []
    assert "api.errors" in box.read(ROUTES)


def test_a_blocked_plan_exits_3_and_apply_writes_nothing(box: Box) -> None:
    box.replace("desired/all.yaml", "module_id: payments.api\n    when", "module_id: payments.ap\n    when")
    before = box.files()
    plan = box.run("plan", "--format", "json", "--detailed-exitcode")
    assert plan.exit == 3
    assert [one["code"] for one in plan.json["problems"] if one["blocking"]] == ["REF001"]
    apply = box.run("apply", "--yes", "--format", "json")
    assert apply.exit == 3
    assert apply.json["errors"][0]["code"] == "blocked"
    assert apply.json["written"] == []
    expected = box.run("apply", "--expect", plan.json["plan_id"], "--format", "json")
    assert expected.exit == 3
    assert box.files() == before


def test_a_question_that_cannot_be_asked_is_a_usage_error_with_the_way_out(box: Box) -> None:
    before = box.files()
    ran = box.run("apply", "--target", "module_type/http_api", "--format", "json")
    assert ran.exit == 64
    assert ran.json["errors"][0]["code"] == "cannot_ask"
    (way,) = ran.json["next"]
    assert way == ["registry", "apply", "--target", "module_type/http_api", "--expect", ran.json["plan_id"]]
    assert box.files() == before
    assert box.run(*way[1:]).exit == 0


def test_no_question_is_needed_where_there_is_nothing_to_do(applied: Box) -> None:
    assert applied.run("apply").exit == 0


@pytest.mark.parametrize(("typed", "exit"), [("y\n", 0), ("Yes\n", 0), ("n\n", 1), ("", 1)])
def test_the_answer_decides(box: Box, monkeypatch: pytest.MonkeyPatch, typed: str, exit: int) -> None:
    import io

    monkeypatch.setattr("registry_reconciler.cli.commands.apply.stdin_is_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    before = box.files()
    ran = box.run("apply")
    assert ran.exit == exit
    assert "4 to create" in ran.out
    assert "Apply this plan" in ran.err
    assert (box.files() == before) is (exit == 1)


def test_a_saved_plan_is_applied_as_it_was(box: Box) -> None:
    assert box.run("plan", "--target", "module_type/*", "--out", "plan.json").exit == 0
    assert box.run("apply", "plan.json").exit == 0
    assert [one["address"] for one in box.run("list", "--managed", "--format", "json").json["entries"]] == [
        "module_type/http_api"
    ]


def test_a_saved_plan_that_is_no_longer_true_is_refused_by_entry(box: Box) -> None:
    box.run("plan", "--out", "plan.json")
    box.replace("desired/all.yaml", "topic: errors", "topic: faults")
    before = box.files()
    ran = box.run("apply", "plan.json", "--format", "json")
    assert ran.exit == 1
    assert ran.json["errors"] == [
        {"code": "stale_plan", "message": ran.json["errors"][0]["message"], "entries": ["route/api.errors"]}
    ]
    assert box.files() == before


def test_an_edited_plan_file_is_refused(box: Box) -> None:
    box.run("plan", "--out", "plan.json")
    box.replace("plan.json", '"route/api.errors"', '"route/api.other"')
    ran = box.run("apply", "plan.json")
    assert (ran.exit, ran.out) == (1, "")
    assert "edited" in ran.err


def test_something_else_than_a_plan_file_is_a_usage_error(box: Box) -> None:
    assert box.run("apply", "desired/all.yaml").exit == 64
    assert box.run("apply", "absent.json").exit == 1


def test_a_saved_plan_takes_no_other_options(box: Box) -> None:
    box.run("plan", "--out", "plan.json")
    assert box.run("apply", "plan.json", "--no-check").exit == 64
    assert box.run("apply", "plan.json", "--expect", "sha256:" + "0" * 64).exit == 64


def test_an_approved_plan_is_applied_although_an_unrelated_entry_was_applied_since(box: Box) -> None:
    target = ("--target", "module_type/http_api")
    plan_id = box.run("plan", *target, "--format", "json").json["plan_id"]
    box.write("desired/more.yaml", "module_type:\n- {id: cron, description: A timer.}\n")
    assert box.run("apply", "--yes", "--target", "module_type/cron").exit == 0
    assert box.run("apply", *target, "--expect", plan_id).exit == 0


def test_another_plan_than_the_approved_one_is_refused(box: Box) -> None:
    plan_id = box.run("plan", "--format", "json").json["plan_id"]
    box.replace("desired/all.yaml", "topic: errors", "topic: faults")
    assert box.run("apply", "--expect", plan_id).exit == 1
    assert box.run("apply", "--expect", "sha256:12").exit == 64


def test_an_unknown_address_gets_a_suggestion_and_a_glob_may_match_nothing(box: Box) -> None:
    ran = box.run("plan", "--target", "route/api.erors", "--format", "json")
    assert ran.exit == 64
    assert "'route/api.errors'" in ran.json["errors"][0]["message"]
    ran = box.run("apply", "--yes", "--overwrite", "rout/*")
    assert ran.exit == 64
    assert "'route'" in ran.err
    assert box.run("plan", "--exclude", "route/nothing.*").exit == 0


def test_several_formats_come_of_one_run(box: Box) -> None:
    reports = [word for form in ("json", "markdown", "sarif") for word in ("--report", f"{form}=out.{form}")]
    ran = box.run("plan", *reports, "--format", "github")
    assert ran.exit == 0
    assert json.loads(box.read("out.json"))["summary"]["create"] == 4
    assert json.loads(box.read("out.sarif"))["version"] == "2.1.0"
    assert box.read("out.markdown").startswith("<!--")
    assert ran.out.startswith("registry plan:") or "::" in ran.out


@pytest.mark.parametrize(
    "path", ["plan.json", ".git/plan.json", "desired/plan.json", ".system/registry/plan.json"]
)
def test_a_report_may_be_written_again_where_it_stands(box: Box, path: str) -> None:
    (box.root / ".git").mkdir(exist_ok=True)
    for _ in range(2):
        assert box.run("list", "--report", f"json={path}").exit == 0


@pytest.mark.parametrize("path", ["config", "HEAD", "refs/heads/main"])
def test_a_report_takes_the_place_of_nothing_that_git_keeps(box: Box, path: str) -> None:
    """Without it the whole repository cannot be read any more."""
    box.write(f".git/{path}", "git's own\n")
    ran = box.run("list", "--report", f"json=.git/{path}")
    assert (ran.exit, box.read(f".git/{path}")) == (64, "git's own\n")
    assert f".git/{path} is read by git" in ran.err


def test_a_report_that_cannot_be_written_fails_the_command(box: Box) -> None:
    ran = box.run("plan", "--report", "json=no/such/folder/plan.json", "--format", "json")
    assert ran.exit == 1
    assert ran.json["errors"][0]["code"] == "report_failed"
    assert box.run("plan", "--report", "yaml=x").exit == 64
    assert box.run("plan", "--report", "json").exit == 64


def test_brief_is_short_and_a_format_of_its_own(box: Box) -> None:
    ran = box.run("plan", "--brief", "--max-bytes", "1000")
    assert ran.exit == 0
    assert ran.out.startswith("APPLICABLE")
    assert len(ran.out.encode()) <= 1000
    assert box.run("plan", "--brief", "--format", "json").exit == 64


def test_plan_json_is_the_same_bytes_in_another_directory(box: Box) -> None:
    import shutil

    first = box.run("plan", "--format", "json").out
    other = box.root.parent / "elsewhere" / "deep"
    shutil.copytree(box.root, other)
    assert Box(other, box.capsys).run("plan", "--format", "json").out == first
    assert box.run("plan", "--root", str(other), "--format", "json").out == first


def test_check_shows_problems_only_and_ignores_files(box: Box) -> None:
    box.replace("desired/all.yaml", "module_maturity:", "none: []\nmodule_maturity:")
    ran = box.run("check", "desired/all.yaml", "README.md")
    assert ran.exit == 3
    assert "FRG001" in ran.out
    assert "to create" not in ran.out


def test_check_can_fail_on_warnings(box: Box) -> None:
    box.replace(
        "desired/all.yaml", "module_maturity:\n  - module_id: payments.api\n    maturity: FUNCTIONAL\n", ""
    )
    assert box.run("check").exit == 0
    ran = box.run("check", "--fail-on", "warning", "--format", "json")
    assert ran.exit == 3
    assert ran.json["command"] == "check"
    assert [one["severity"] for one in ran.json["problems"]] == ["warning"]


def test_a_history_of_the_old_form_that_is_too_large_to_be_read_blocks_nothing(applied: Box) -> None:
    full = applied.root / ".system/registry/history.jsonl"
    full.touch()
    os.truncate(full, 200 * 1024 * 1024)
    for topic in ("faults", "errors"):
        applied.replace(
            "desired/all.yaml", f"topic: {'errors' if topic == 'faults' else 'faults'}", f"topic: {topic}"
        )
        assert applied.run("plan").exit == 0
        ran = applied.run("apply", "--yes", "--format", "json")
        assert ran.exit == 0, ran.err
    assert full.stat().st_size == 200 * 1024 * 1024
    assert applied.run("plan", "--detailed-exitcode").exit == 0
