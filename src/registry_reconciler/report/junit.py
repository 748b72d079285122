"""Problems as JUnit XML, for the test reports of Jenkins, Azure DevOps, GitLab and others.

Each problem is a test case: what blocks is a failure, what is accepted is skipped, anything else passed and says what
was found. Without a problem one case says so, since no case at all counts as a run that did not happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from registry_reconciler.base.escape import runner_safe, visible
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import problem_location
from registry_reconciler.model.problem import Problem, Status, listed
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.values import file_from_git
from registry_reconciler.report.words import verdict


def render(plan: Plan, options: RenderOptions) -> str:
    """One suite; paths are from the git root."""
    problems = list(listed(problem for problem in plan.problems if problem.status is not Status.FIXED))
    failures = sum(_fails(problem) for problem in problems)
    skipped = sum(problem.suppressed is not None for problem in problems)
    counts = f'tests="{max(len(problems), 1)}" failures="{failures}"'
    name = quoteattr(f"registry {options.command}")
    cases = [line for problem in problems for line in _case(problem, options.path_prefix)]
    if not problems:
        cases = [f"    <testcase classname={name} name={quoteattr(verdict(plan).value)}/>"]
    lines = "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites name={name} {counts}>",
            f'  <testsuite name={name} {counts} errors="0" skipped="{skipped}">',
            *cases,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )
    return runner_safe(lines)


def _fails(problem: Problem) -> bool:
    return problem.blocking and problem.suppressed is None


def _case(problem: Problem, path_prefix: str) -> Iterator[str]:
    location = problem_location(problem)
    path = file_from_git(location.path, path_prefix)
    where = f"{path}:{location.line}" if location.line else path
    name = " ".join(part for part in (visible(problem.address), where) if part) or problem.code
    file = f" file={quoteattr(path)}" + (f' line="{location.line}"' if location.line else "") if path else ""
    yield f"    <testcase classname={quoteattr(problem.code)} name={quoteattr(name)}{file}>"
    message = visible(problem.message)
    fix = (
        f"\nfix: {visible(problem.fix.description)}"
        if problem.fix is not None and problem.fix.description
        else ""
    )
    text = escape(f"{where}\n{message}{fix}\nmore: registry explain {problem.code}")
    if problem.suppressed is not None:
        yield f"      <skipped message={quoteattr(visible(problem.suppressed))}/>"
    elif _fails(problem):
        yield f"      <failure type={quoteattr(problem.code)} message={quoteattr(message)}>{text}</failure>"
    else:
        yield f"      <system-out>{problem.severity.value}: {text}</system-out>"
    yield "    </testcase>"
