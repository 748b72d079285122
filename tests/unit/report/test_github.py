"""Annotations: how many, which, and that no value is a command of its own."""

from __future__ import annotations

import re

from registry_reconciler.report import RenderOptions, render
from tests.unit.report import samples

COMMAND = re.compile(r"::(error|warning|notice) ((?:file|line|col|title)=[^:,]*,?)+::.*")


def test_the_worst_ten_of_a_level_are_shown_and_the_rest_counted() -> None:
    lines = render(samples.large(60), "github").splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert "20 errors and 20 warnings more" in lines[-2]


def test_what_blocks_comes_before_what_was_there() -> None:
    lines = render(samples.BLOCKED, "github").splitlines()
    codes = [re.findall(r"title=(\w+)", line)[0] for line in lines if line.startswith("::error")]
    assert codes == ["REF001", "STA002", "REF009"]


def test_paths_are_from_the_git_root() -> None:
    shown = render(samples.BLOCKED, "github", RenderOptions(path_prefix="services/shop/"))
    assert (
        "::error file=services/shop/desired/docs.yaml,line=8,col=13,title=REF001 route/api.errors::" in shown
    )


def test_values_command_nothing() -> None:
    shown = render(samples.hostile(), "github", RenderOptions(path_prefix="\n::error::x"))
    *commands, verdict = shown.splitlines()
    assert all(COMMAND.fullmatch(line) for line in commands)
    assert len(commands) == 10 + 10 + 1
    assert verdict.startswith("registry plan: blocked by 16 problems")
    assert "##[" not in shown
