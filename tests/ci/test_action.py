"""The action's steps, run in a shell as a runner would run them."""

from __future__ import annotations

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tests.ci.runner import ACTION, STEPS, Runner
from tests.ci.service import Service
from tests.support import Box

FRAGMENT = "desired/all.yaml"
ROOT = Path(__file__).parents[2]
MARKER = "<!-- registry-plan root=. label= -->"


def change(branch: Box, *, apply: bool = True) -> None:
    """What the branch does: one route gets another topic."""
    branch.replace(FRAGMENT, "topic: errors", "topic: faults")
    if apply:
        assert branch.run("apply", "--yes").exit == 0
    branch.git("add", "-A")
    branch.git("commit", "-qm", "faults")


def test_a_branch_that_is_applied_passes_and_is_told_of(
    branch: Box, runner: Runner, service: Service
) -> None:
    change(branch)
    job = runner.run()
    assert job.exit == 0, job.log
    assert job.outputs["exit"] == "0"
    assert job.outputs["changes"] == "0"
    assert job.outputs["branch-changes"] == "1"
    assert job.outputs["plan-id"] == ""
    [comment] = service.bodies()
    assert comment.startswith(f"{MARKER}\n## Registry review: 1 change\n")
    assert "route/api.errors" in comment
    assert comment == Path(job.outputs["markdown"]).read_text("utf-8")
    assert job.summary == comment.removeprefix(MARKER + "\n")
    assert job.annotations == []


def test_a_branch_that_was_not_applied_fails_and_names_the_plan(
    branch: Box, runner: Runner, service: Service
) -> None:
    change(branch, apply=False)
    job = runner.run()
    assert job.exit == 1
    assert job.outputs["exit"] == "2"
    assert job.outputs["changes"] == "1"
    assert job.outputs["plan-id"] == branch.run("plan", "--format", "json").json["plan_id"]
    assert "**Not applied**" in service.bodies()[0]


def test_without_a_comparison_the_comment_is_the_plan_with_its_id(
    branch: Box, runner: Runner, service: Service
) -> None:
    change(branch, apply=False)
    job = runner.run(base="none", fail_on="error", label="bot")
    assert job.exit == 0, job.log
    assert job.outputs["branch-changes"] == ""
    [comment] = service.bodies()
    assert comment.startswith("<!-- registry-plan root=. label=bot -->\n## Registry plan (bot): 1 change\n")
    assert f"registry apply --expect {job.outputs['plan-id']}" in comment


def test_what_blocks_is_annotated_commented_and_kept_as_sarif(
    branch: Box, runner: Runner, service: Service
) -> None:
    branch.replace(FRAGMENT, "  module_type: http_api", "  module_type: http_ap")
    branch.git("commit", "-qam", "slip")
    job = runner.run()
    assert job.exit == 1
    assert job.outputs["exit"] == "3"
    assert "blocked by 1 problem" in service.bodies()[0]
    [annotation] = job.annotations
    assert annotation.startswith("::error file=desired/all.yaml,line=6,col=")
    results = json.loads(Path(job.outputs["sarif"]).read_text("utf-8"))["runs"][0]["results"]
    assert [one["ruleId"] for one in results if one["level"] == "error"] == ["REF001"]


@pytest.mark.parametrize(("fail_on", "exit"), [("never", 0), ("error", 1), ("warning", 1), ("changes", 1)])
def test_what_fails_the_job_can_be_said(branch: Box, runner: Runner, fail_on: str, exit: int) -> None:
    branch.replace(FRAGMENT, "  module_type: http_api", "  module_type: http_ap")
    assert runner.run(fail_on=fail_on, base="none", comment="false").exit == exit


def test_a_warning_fails_only_who_asked_for_it(branch: Box, runner: Runner) -> None:
    branch.replace("modules/routes/api.yaml", "topic: errors", "topic: by hand")
    before = runner.run(fail_on="error", base="none", comment="false")
    assert before.exit == 0, before.log
    assert any(line.startswith("::warning ") for line in before.annotations)
    assert runner.run(fail_on="warning", base="none", comment="false").exit == 1


def test_a_wrong_fail_on_is_an_error(runner: Runner) -> None:
    job = runner.run(fail_on="errors")
    assert job.exit == 1
    assert "fail-on takes" in job.annotations[0]


def test_the_comment_of_before_is_replaced_and_that_of_others_is_not(
    branch: Box, runner: Runner, service: Service
) -> None:
    for number in range(150):
        service.add(f"talk {number}", "ada")
    service.add(f"{MARKER}\nnot yours", "mallory")
    service.add("<!-- registry-plan root=other label= -->\nanother workspace")
    service.add(f"{MARKER}\r\nold")
    service.add(f"{MARKER}\nwritten at the same time")
    change(branch)
    assert runner.run().exit == 0
    assert service.bodies("mallory") == [f"{MARKER}\nnot yours"]
    other, mine = service.bodies()
    assert other.endswith("another workspace")
    assert mine.startswith(f"{MARKER}\n## Registry review: 1 change")
    assert service.tokens == {"Bearer the-token"}


def test_the_same_again_writes_nothing(branch: Box, runner: Runner, service: Service) -> None:
    change(branch)
    runner.run()
    before = list(service.asked)
    assert "The comment is up to date." in runner.run().log
    assert not [one for one in service.asked[len(before) :] if one.startswith(("PATCH", "DELETE"))]
    assert len(service.comments) == 1


def test_nothing_to_tell_is_no_comment_but_mends_an_old_one(
    branch: Box, runner: Runner, service: Service
) -> None:
    assert runner.run().exit == 0
    assert service.comments == []
    service.add(f"{MARKER}\n## Registry review: 1 change")
    assert runner.run().exit == 0
    assert service.bodies()[0].startswith(f"{MARKER}\n## Registry review: no changes")


@pytest.mark.parametrize("method", ["POST", "GET", "graphql"])
def test_a_token_that_may_not_write_leaves_the_summary(
    branch: Box, runner: Runner, service: Service, method: str
) -> None:
    change(branch)
    service.refuse = {method: 403}
    job = runner.run()
    assert job.exit == 0, job.log
    assert service.comments == []
    assert "1 change" in job.summary
    assert job.annotations == [
        "::notice title=registry::No comment: the token may not (403). The job summary says the same."
    ]


@pytest.mark.parametrize(("status", "sent"), [(502, 1), (422, 1), (307, 1)])
def test_a_service_that_fails_does_not_fail_the_job(
    branch: Box, runner: Runner, service: Service, status: int, sent: int
) -> None:
    change(branch)
    service.refuse = {"POST": status}
    job = runner.run()
    assert job.exit == 0, job.log
    assert job.annotations[0].startswith(
        f"::warning title=registry::No comment: the service answered {status}"
    )
    # Sent once: it may have been done all the same. And never to another host.
    assert len([one for one in service.asked if one == "POST /repos/shop/shop/issues/7/comments"]) == sent
    assert not [one for one in service.asked if "elsewhere" in one]


def test_reading_is_tried_again(branch: Box, runner: Runner, service: Service) -> None:
    change(branch)
    service.refuse = {"GET": 503}
    assert runner.run().exit == 0
    assert len([one for one in service.asked if one.startswith("GET")]) == 3


@pytest.mark.parametrize("event", [{}, {"issue": {"number": 7}}])
def test_where_there_is_no_pull_request_nobody_is_asked(
    branch: Box, runner: Runner, service: Service, event: dict[str, object]
) -> None:
    change(branch)
    runner.event, runner.base_ref = event, ""
    job = runner.run()
    assert job.exit == 0, job.log
    assert service.asked == []
    assert "Registry plan: no changes" in job.summary


def test_a_shallow_clone_fails_and_says_what_to_do(
    branch: Box, runner: Runner, service: Service, tmp_path: Path
) -> None:
    change(branch)
    branch.git("clone", "-q", "--depth=1", f"file://{branch.root}", str(tmp_path / "shallow"))
    shallow = Box(tmp_path / "shallow", branch.capsys)
    shallow.git("fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    runner.checkout = shallow.root
    job = runner.run()
    assert job.exit == 1
    assert job.outputs["exit"] == "1"
    assert any("fetch" in line for line in job.annotations), job.log
    assert service.bodies()[0].startswith(f"{MARKER}\n## Registry plan: failed\n")


def test_a_command_that_fails_fails_the_job_whatever_was_asked(runner: Runner, service: Service) -> None:
    job = runner.run(root="nowhere", fail_on="never", base="none")
    assert job.exit == 1
    assert job.outputs["exit"] == "64"
    assert job.outputs["sarif"] == job.outputs["plan-id"] == job.outputs["changes"] == ""
    assert "is no workspace" in job.annotations[0]
    assert service.bodies()[0].startswith("<!-- registry-plan root=nowhere label= -->\n")


def test_names_are_never_code(branch: Box, runner: Runner, service: Service) -> None:
    evil = '"; touch pwned; $(touch pwned) `touch pwned` --><script>'
    name = "work;touch${IFS}pwned"
    branch.git("update-ref", f"refs/remotes/origin/{name}", "HEAD")
    runner.base_ref = name
    change(branch)
    job = runner.run(label=evil, args=f"--exclude=route/{evil}*")
    assert job.outputs["branch-changes"] == "1", job.log
    assert not list(branch.root.rglob("pwned"))
    assert not list(runner.home.rglob("pwned"))
    assert service.bodies()[0].split("\n")[0].count("-->") == 1


def test_more_options_are_for_what_is_left_to_apply(branch: Box, runner: Runner) -> None:
    change(branch, apply=False)
    job = runner.run(args="\n--exclude\n  route/*\n")
    assert job.exit == 0, job.log
    assert job.outputs["branch-changes"] == "1"


def test_a_workspace_below_the_root(branch: Box, runner: Runner, service: Service) -> None:
    (branch.root / "services").mkdir()
    branch.git("mv", ".system", "desired", "modules", "services/")
    branch.git("commit", "-qm", "moved")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.replace("services/desired/all.yaml", "module_type: http_api", "module_type: nothing")
    job = runner.run(root="services")
    assert job.exit == 1
    assert job.annotations[0].startswith("::error file=services/desired/all.yaml,line=6")
    assert service.bodies()[0].startswith("<!-- registry-plan root=services label= -->")
    assert "https://git.example/shop/shop/blob/0a1b2c3/services/desired/all.yaml#L6" in service.bodies()[0]


# Installing


def test_the_code_of_the_action_runs_with_what_the_lock_pins(branch: Box, runner: Runner) -> None:
    job = runner.run(comment="false")
    assert "--require-hashes" in runner.notes
    assert runner.notes.strip().endswith("requirements/run.txt")
    [command] = [Path(one, "registry") for one in job.path if Path(one, "registry").is_file()][:1]
    assert "registry-env-own" in str(command)
    assert not command.with_name("python").exists()


def test_a_version_comes_from_the_index(runner: Runner) -> None:
    runner.run(version="1.2.3", comment="false")
    assert runner.notes.strip().endswith("registry-reconciler==1.2.3")


@pytest.mark.parametrize("version", ["../../x", "1.0; id", "-r /etc/passwd", "latest"])
def test_a_version_is_a_version(runner: Runner, version: str) -> None:
    job = runner.run(version=version)
    assert job.exit == 1
    assert job.annotations == ['::error title=registry::the input "version" is no version']
    assert runner.notes == ""


def test_an_old_python_is_refused(runner: Runner, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    job = runner.run(python=str(old))
    assert job.exit == 1
    assert "Python 3.11 or newer" in job.annotations[0]


# The file


def test_scripts_hold_no_expressions() -> None:
    for step in STEPS:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_inputs_reach_the_steps_and_outputs_come_from_them() -> None:
    said = json.dumps([step.get("env", {}) for step in STEPS])
    assert all(f"inputs.{name} " in said for name in ACTION["inputs"])
    assert all(one["description"].endswith(".") for one in ACTION["inputs"].values())
    assert all("steps.report.outputs." in one["value"] for one in ACTION["outputs"].values())


@pytest.mark.parametrize("value", ["a\nfailed=no", "a\rb", "a\u2028b", " a", "a\n"])
def test_an_output_of_two_lines_is_refused(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would set an output of another name."""
    spec = spec_from_file_location("report_of_the_action", ROOT / ".ci/action/report.py")
    assert spec is not None
    assert spec.loader is not None
    report = module_from_spec(spec)
    spec.loader.exec_module(report)
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    report.write_outputs({"plan": "sha256:0", "failed": "yes"})
    with pytest.raises(ValueError, match="more than one line"):
        report.write_outputs({"exit": "0", "plan": value})
    assert (tmp_path / "outputs").read_text() == "plan=sha256:0\nfailed=yes\n"
