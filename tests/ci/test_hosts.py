"""The pipelines of ``docs/ci.md`` for other hosts: their form, and their commands with what each host sets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.ci.runner import ROOT
from tests.ci.test_files import check
from tests.support import Box

PAGE = (ROOT / "docs/ci.md").read_text("utf-8")
FILES = dict(
    re.findall(r"^```(?:yaml|groovy)\n(?:#|//) ([\w./-]+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
)


def _steps(text: str) -> Any:
    return yaml.safe_load(text)


HOSTS: dict[str, tuple[str, Callable[[str], list[str]], dict[str, str]]] = {
    "gitlab": (
        ".gitlab-ci.yml",
        lambda text: _steps(text)["registries"]["script"],
        {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "{base}"},
    ),
    "bitbucket": (
        "bitbucket-pipelines.yml",
        lambda text: _steps(text)["pipelines"]["pull-requests"]["**"][0]["step"]["script"],
        {"BITBUCKET_PR_DESTINATION_BRANCH": "main"},
    ),
    "azure": (
        "azure-pipelines.yml",
        lambda text: [step["script"] for step in _steps(text)["steps"] if "script" in step],
        {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
    ),
    "jenkins": (
        "Jenkinsfile",
        lambda text: re.findall(r"^ +sh '(.*)'$", text, re.MULTILINE),
        {"CHANGE_TARGET": "main"},
    ),
    "gitea": (
        ".gitea/workflows/registries.yml",
        lambda text: [step["run"] for step in _steps(text)["jobs"]["registries"]["steps"] if "run" in step],
        {"GITHUB_BASE_REF": "main"},
    ),
}


def test_the_page_has_a_pipeline_for_each_host() -> None:
    assert {file for file, _, _ in HOSTS.values()} <= FILES.keys()


@pytest.mark.parametrize(
    ("host", "schema"),
    [
        ("gitlab", "vendor.gitlab-ci"),
        ("bitbucket", "vendor.bitbucket-pipelines"),
        ("azure", "vendor.azure-pipelines"),
        ("gitea", "vendor.github-workflows"),
    ],
)
def test_the_file_obeys_the_schema_of_its_host(host: str, schema: str, tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yml"
    file.write_text(FILES[HOSTS[host][0]], "utf-8")
    check(schema, file)


@pytest.fixture
def branch(committed: Box, tmp_path: Path) -> Box:
    """A checkout of a branch that changes an entry, as a host makes it of a pull request."""
    committed.git("branch", "-M", "main")
    committed.git("clone", "-q", "--bare", ".", str(tmp_path / "origin.git"))
    committed.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    committed.git("fetch", "-q", "origin")
    committed.git("checkout", "-qb", "feature")
    committed.replace("desired/all.yaml", "topic: errors", "topic: faults")
    committed.run("apply", "--yes")
    committed.git("add", "-A")
    committed.git("commit", "-qm", "faults")
    return committed


def run(host: str, box: Box) -> list[int]:
    """The exit codes of a pipeline's commands, up to the first that fails. What installs is left out."""
    file, commands_of, variables = HOSTS[host]
    base = box.git("rev-parse", "main").strip()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **{name: value.format(base=base) for name, value in variables.items()},
    }
    codes: list[int] = []
    for command in commands_of(FILES[file]):
        if "REGISTRY_PACKAGE" in command or " -m venv " in command:
            continue
        command = command.replace(".venv-registry/bin/registry", "registry")
        done = subprocess.run(
            ["sh", "-euc", command], cwd=box.root, env=environment, check=False, capture_output=True
        )
        codes.append(done.returncode)
        if done.returncode:
            break
    return codes


@pytest.mark.parametrize("host", HOSTS)
def test_the_commands_pass_a_branch_that_is_applied_and_fail_one_that_is_not(host: str, branch: Box) -> None:
    codes = run(host, branch)
    assert codes
    assert set(codes) == {0}
    reports = [*branch.root.glob("registry.xml"), *branch.root.glob("test-results/registry.xml")]
    assert len(reports) == (0 if host == "gitea" else 1)
    for report in reports:
        assert ElementTree.parse(report).getroot().tag == "testsuites"
    branch.replace("desired/all.yaml", "topic: faults", "topic: errors")
    branch.git("commit", "-qam", "forgotten")
    assert run(host, branch)[-1] == 2


def test_a_pipeline_of_merged_results_does_not_blame_the_branch_for_its_target(branch: Box) -> None:
    base = branch.git("rev-parse", "main").strip()
    branch.git("checkout", "-q", "main")
    branch.replace("desired/all.yaml", "An API.", "The API.")
    assert branch.run("apply", "--yes").exit == 0
    branch.git("add", "-A")
    branch.git("commit", "-qm", "what somebody else merged")
    target = branch.git("rev-parse", "main").strip()
    branch.git("merge", "-q", "--no-edit", "feature")
    command = next(step for step in HOSTS["gitlab"][1](FILES[".gitlab-ci.yml"]) if "--base" in step)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": target,
    }
    said = subprocess.run(
        ["sh", "-euc", command], cwd=branch.root, env=environment, check=True, capture_output=True, text=True
    )
    assert "topic" in said.stdout
    assert "The API." not in said.stdout
