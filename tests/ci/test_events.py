"""What the action does for each event, in the shape in which the host hands it over; and where a push is refused."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.ci.runner import ROOT, Runner
from tests.ci.service import Service
from tests.ci.test_action import FRAGMENT, change
from tests.support import Box

EVENTS = Path(__file__).parent / "events"


def event(name: str, **values: str) -> dict[str, Any]:
    """A recorded event, with commits of this repository for those of the recording."""
    text = (EVENTS / f"{name}.json").read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"<{key}>", value)
    found: dict[str, Any] = json.loads(text)
    return found


def commit(box: Box, name: str = "HEAD") -> str:
    return box.git("rev-parse", name).strip()


def test_a_pull_request(branch: Box, runner: Runner, service: Service) -> None:
    change(branch)
    runner.event = event("pull_request", head=commit(branch), base=commit(branch, "main"))
    job = runner.run()
    assert job.exit == 0, job.log
    assert job.outputs["branch-changes"] == "1"
    assert len(service.bodies()) == 1


def test_a_pull_request_from_a_fork_has_a_token_that_only_reads(
    branch: Box, runner: Runner, service: Service
) -> None:
    change(branch)
    runner.event = event("pull_request_fork", head=commit(branch), base=commit(branch, "main"))
    service.refuse = {"POST": 403}
    job = runner.run()
    assert job.exit == 0, job.log
    assert service.comments == []
    assert "1 change" in job.summary


def test_a_merge_group_is_compared_with_what_it_was_put_on(
    branch: Box, runner: Runner, service: Service
) -> None:
    """Another pull request stands before it in the queue: its change is not that of this one."""
    branch.replace(FRAGMENT, "An API.", "The API.")
    assert branch.run("apply", "--yes").exit == 0
    branch.git("commit", "-qam", "the one before")
    before = commit(branch)
    change(branch)
    branch.git("checkout", "-q", "--detach")
    runner.base_ref = ""
    runner.event = event("merge_group", head=commit(branch), base=before)
    job = runner.run()
    assert job.exit == 0, job.log
    assert job.outputs["branch-changes"] == "1"
    assert "route/api.errors" in job.summary
    assert "module_type/http_api" not in job.summary
    assert service.asked == [], "there is no pull request to comment on"


def test_a_merge_group_of_two_branches_that_were_clean_alone(branch: Box, runner: Runner) -> None:
    """One removes what the other begins to use: nothing conflicts, and the queue finds it."""
    branch.git("checkout", "-qb", "one", "main")
    branch.replace(FRAGMENT, "    module_type: http_api\n", "    module_type: other\n")
    text = branch.read(FRAGMENT).replace(
        "module_type:\n", "module_type:\n  - id: other\n    description: Another.\n", 1
    )
    branch.write(FRAGMENT, text)
    assert branch.run("apply", "--yes").exit == 0
    branch.git("add", "-A")
    branch.git("commit", "-qm", "use another")
    branch.git("checkout", "-q", "main")
    base = commit(branch)
    branch.git("merge", "-q", "--no-edit", "one")
    branch.replace(FRAGMENT, "  - id: other\n    description: Another.\n", "")
    branch.git("commit", "-qam", "merged, and not applied")
    runner.base_ref = ""
    runner.event = event("merge_group", head=commit(branch), base=base)
    job = runner.run()
    assert job.exit == 1
    assert job.outputs["exit"] == "3"


def test_a_merge_group_that_names_no_commit_is_compared_with_nothing(branch: Box, runner: Runner) -> None:
    change(branch)
    runner.base_ref = ""
    runner.event = event("merge_group", head=commit(branch), base="--output=x")
    job = runner.run()
    assert job.exit == 0, job.log
    assert job.outputs["branch-changes"] == ""


def test_a_dispatch_reports_the_plan(branch: Box, runner: Runner, service: Service) -> None:
    change(branch, apply=False)
    runner.base_ref = ""
    runner.event = event("workflow_dispatch")
    job = runner.run(fail_on="error")
    assert job.exit == 0, job.log
    assert job.outputs["plan-id"].startswith("sha256:")
    assert service.asked == []


# --- what was applied is published -----------------------------------------------------------------------------

REFUSING = """\
#!/bin/sh
while read old new ref; do
  case "$ref" in
    refs/heads/main) echo "error: GH006: Protected branch update failed for $ref." >&2; exit 1;;
  esac
done
"""


@pytest.fixture
def remote(branch: Box, tmp_path: Path) -> Path:
    """The repository that ``main`` of the checkout was cloned from."""
    path = tmp_path / "remote.git"
    branch.git("checkout", "-q", "main")
    subprocess.run(["git", "clone", "-q", "--bare", str(branch.root), str(path)], check=True)
    branch.git("remote", "add", "origin", str(path))
    return path


@pytest.fixture
def publisher(runner: Runner, remote: Path) -> Runner:
    assert remote.is_dir()
    runner.action = ROOT / "publish" / "action.yml"
    runner.base_ref = ""
    runner.variables["GITHUB_REF_NAME"] = "main"
    return runner


def protect(remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(REFUSING, "utf-8")
    os.chmod(hook, 0o755)


def apply_here(branch: Box, new: str = "faults") -> None:
    branch.replace(FRAGMENT, "topic: errors", f"topic: {new}")
    branch.git("commit", "-qam", f"a fragment says {new}")
    branch.git("push", "-q", "--force", "origin", "HEAD:refs/heads/seen")
    assert branch.run("apply", "--yes").exit == 0


def test_what_was_applied_is_committed_and_pushed(branch: Box, publisher: Runner, remote: Path) -> None:
    apply_here(branch)
    job = publisher.run()
    assert job.exit == 0, job.log
    assert job.outputs == {"result": "pushed", "pull-request": ""}
    assert branch.git("--git-dir", str(remote), "rev-parse", "main").strip() == commit(branch)
    assert branch.git("log", "-1", "--format=%an %s").strip() == "registry Apply the registries"
    assert branch.git("status", "--porcelain") == ""


def test_what_other_steps_leave_is_not_committed(branch: Box, publisher: Runner) -> None:
    branch.write("built.log", "of another step")
    branch.write(".system/registry/scratch.txt", "of another step")
    apply_here(branch)
    branch.write("NOTES.md", "of another step")
    branch.git("add", "NOTES.md")
    job = publisher.run()
    assert job.exit == 0, job.log
    assert job.outputs["result"] == "pushed"
    assert branch.git("status", "--porcelain").split("\n")[:-1] == [
        "A  NOTES.md",
        "?? .system/registry/scratch.txt",
        "?? built.log",
    ]
    assert branch.run("plan", "--detailed-exitcode").exit == 0
    committed = branch.git("show", "--name-only", "--format=", "HEAD").split()
    assert {path.rpartition("/")[0] for path in committed} >= {".system/registry/history"}
    assert [path for path in committed if not path.startswith(".system/registry/")]


def test_paths_say_what_is_committed(branch: Box, publisher: Runner) -> None:
    branch.write("built.log", "of another step")
    apply_here(branch)
    job = publisher.run(paths=".")
    assert job.exit == 0, job.log
    assert branch.git("status", "--porcelain") == ""
    branch.write("built.log", "again")
    job = publisher.run(paths="built.log")
    assert job.outputs["result"] == "pushed"
    assert branch.git("show", "--name-only", "--format=", "HEAD").split() == ["built.log"]


def test_a_workspace_in_a_folder_of_the_repository(branch: Box, publisher: Runner) -> None:
    """Its files are named from its own folder; what another one wrote by hand stays."""
    (branch.root / "inner").mkdir(exist_ok=True)
    for path in sorted(os.listdir(branch.root)):
        if path not in (".git", "inner"):
            (branch.root / path).rename(branch.root / "inner" / path)
    branch.git("add", "-A")
    branch.git("commit", "-qm", "in a folder")
    branch.git("push", "-q", "origin", "HEAD:refs/heads/main")
    branch.replace(f"inner/{FRAGMENT}", "topic: errors", "topic: faults")
    branch.git("commit", "-qam", "a fragment")
    branch.git("push", "-q", "origin", "HEAD:refs/heads/main")
    assert branch.run("apply", "--yes", "--root", str(branch.root / "inner")).exit == 0
    branch.write("built.log", "of another step")
    job = publisher.run()
    assert job.outputs["result"] == "pushed", job.log
    assert branch.git("status", "--porcelain").split() == ["??", "built.log"]


def test_nothing_to_commit(branch: Box, publisher: Runner) -> None:
    before = commit(branch)
    job = publisher.run()
    assert job.exit == 0, job.log
    assert job.outputs["result"] == "nothing"
    assert commit(branch) == before


def test_a_protected_branch_gets_a_pull_request_and_one_only(
    branch: Box, publisher: Runner, remote: Path, service: Service
) -> None:
    protect(remote)
    for new in ("faults", "slips"):
        branch.git("reset", "-q", "--hard", "main")
        branch.git("checkout", "-q", "-B", "work-of-the-job", "main")
        apply_here(branch, new)
        job = publisher.run()
        assert job.exit == 0, job.log
        assert job.outputs == {
            "result": "pull-request",
            "pull-request": "https://git.example/shop/shop/pull/1",
        }
        assert branch.git("--git-dir", str(remote), "rev-parse", "registry/apply").strip() == commit(branch)
    (opened,) = service.pulls
    assert (opened["head"], opened["base"], opened["title"]) == (
        "registry/apply",
        "main",
        "Apply the registries",
    )
    assert branch.git("--git-dir", str(remote), "rev-parse", "main").strip() == commit(branch, "main")


def test_a_token_that_may_not_open_one_fails_and_says_so(
    branch: Box, publisher: Runner, remote: Path, service: Service
) -> None:
    protect(remote)
    apply_here(branch)
    service.refuse = {"POST": 403}
    job = publisher.run()
    assert job.exit == 1
    assert "no pull request can be opened with this token (403)" in job.log


def test_a_branch_that_changed_in_the_meantime_is_no_protected_one(
    branch: Box, publisher: Runner, remote: Path, service: Service
) -> None:
    apply_here(branch)
    branch.git("--git-dir", str(remote), "update-ref", "refs/heads/main", "refs/heads/seen")
    branch.git("stash", "-q", "-u")
    branch.git("reset", "-q", "--hard", "HEAD~1")
    branch.git("stash", "pop", "-q")
    job = publisher.run()
    assert job.exit == 1
    assert "may be planned on something else" in job.log
    assert service.pulls == []


@pytest.mark.parametrize("name", ["a b", "--force", "x..y", "main\nresult=pushed"])
def test_names_are_never_code(branch: Box, publisher: Runner, name: str) -> None:
    apply_here(branch)
    job = publisher.run(through=name)
    assert job.exit == 1
    assert "is no name of a branch" in job.log
