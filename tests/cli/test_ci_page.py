"""The commands of ``docs/ci.md`` are commands: each is parsed as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from registry_reconciler.cli.parser import build

PAGE = (Path(__file__).parent.parent.parent / "docs" / "ci.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def workflow_commands() -> list[str]:
    found = []
    for text in [one for one in blocks("yaml") if one.startswith("name:")]:
        for job in yaml.safe_load(text)["jobs"].values():
            found += [step["run"] for step in job["steps"] if step.get("run", "").startswith("registry ")]
    return found


def shell_commands() -> list[str]:
    return [line for text in blocks("sh") for line in text.splitlines() if line.startswith("registry ")]


@pytest.mark.parametrize("line", [*workflow_commands(), *shell_commands()])
def test_a_command_of_the_page_is_understood(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    top = build()
    with top.make_context("registry", [], resilient_parsing=True) as parent:
        command = top.get_command(parent, words[0])
        with command.make_context(words[0], words[1:], parent=parent) as context:
            assert context.params


def test_the_page_has_the_four_workflows() -> None:
    names = [yaml.safe_load(text)["name"] for text in blocks("yaml") if text.startswith("name:")]
    assert names == ["registries", "plan", "apply", "drift"]
