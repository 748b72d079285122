"""The report for agents: order, patches, and what is cut."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from registry_reconciler.report import RenderOptions, render
from registry_reconciler.report.brief import LEAST_BYTES
from registry_reconciler.report.model import stands
from tests.unit.report import samples


def test_verdict_commands_blockers_changes_in_this_order() -> None:
    lines = render(samples.BLOCKED, "brief").splitlines()
    starts = [
        "BLOCKED by 2",
        "next: registry fix",
        "blocker 1/2 REF001",
        "blocker 2/2 STA002",
        "- delete",
        "> move",
    ]
    numbers = [next(n for n, line in enumerate(lines) if line.startswith(start)) for start in starts]
    assert numbers == sorted(numbers)


def test_a_blocker_brings_its_fix_as_command_and_patch() -> None:
    shown = render(samples.BLOCKED, "brief")
    assert "  run: registry fix\n  patch desired/docs.yaml bytes 120-135\n" in shown
    assert "    - payments.captur\n    + payments.capture\n" in shown
    assert "  run: registry drift --accept module_type/http_api\n" in shown


@cache
def _whole() -> str:
    return render(samples.large(500), "brief", RenderOptions(max_bytes=10**9))


@pytest.mark.parametrize("limit", [0, LEAST_BYTES, *range(1_001, 1_400, 3), 50_000])
def test_it_is_cut_from_the_end_and_says_so(limit: int) -> None:
    shown = render(samples.large(500), "brief", RenderOptions(max_bytes=limit))
    whole = _whole()
    assert len(shown.encode()) <= max(limit, LEAST_BYTES)
    *kept, last = shown.splitlines()
    assert whole.startswith("\n".join(kept) + "\n")
    assert last.startswith("cut: ")


def test_hostile_values_stay_on_their_lines() -> None:
    shown = render(samples.hostile(), "brief", RenderOptions(max_bytes=10**9))
    assert shown.encode().isascii() or "\x1b" not in shown
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())


def test_a_review_offers_nothing_to_apply() -> None:
    shown = render(samples.SMALL, "brief", RenderOptions(base="origin/main"))
    assert "sha256:" not in shown
    assert "registry apply" not in shown


def test_check_shows_problems_only() -> None:
    shown = render(samples.SMALL, "brief", RenderOptions(command="check"))
    assert shown.startswith("NOTHING BLOCKS; 1 error, 2 warnings")
    assert "error REF009" in shown
    assert "create" not in shown
    assert "next:" not in shown


@pytest.mark.parametrize("form", ["brief", "markdown"])
def test_the_address_of_a_problem_is_said_once(form: str) -> None:
    """Messages of schemas begin with the address, for reports that show nothing else of it."""
    problems = tuple(
        replace(problem, message=f"{problem.address}: {problem.message.removeprefix(f'{problem.address}: ')}")
        for problem in samples.BLOCKED.problems
        if problem.address and stands(problem)
    )
    assert problems
    shown = render(replace(samples.BLOCKED, problems=problems), form)
    assert [
        problem.address for problem in problems if f"{problem.address}: {problem.address}: " in shown
    ] == []
    assert [
        problem.address for problem in problems if f"`{problem.address}`: {problem.address}: " in shown
    ] == []
    assert [problem.address for problem in problems if problem.address not in shown] == []
