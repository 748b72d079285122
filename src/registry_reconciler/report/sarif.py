"""Problems as SARIF 2.1.0, for code scanning.

A fingerprint is made of what the problem is about (code, entry, field) and never of a line, so a result keeps
its history when the file around it moves. Allowed and baselined problems are results with a suppression;
problems that the plan fixes are not results.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from registry_reconciler.base.escape import code, markdown, visible
from registry_reconciler.model.entry import Json, Location, canonical
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import dumps, problem_location, related_location
from registry_reconciler.model.problem import Problem, Severity, Status, listed
from registry_reconciler.report.options import RenderOptions
from registry_reconciler.report.values import show_path
from registry_reconciler.version import __version__

if TYPE_CHECKING:
    from registry_reconciler.rules.base import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "registryProblem/v1"
ROOT = "%SRCROOT%"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.RECORD: "note"}


def render(plan: Plan, options: RenderOptions) -> str:
    """One run with every problem that stands; paths are from the git root."""
    problems = list(listed(problem for problem in plan.problems if problem.status is not Status.FIXED))
    return dumps(to_sarif(problems, _finder(plan), options.path_prefix))


def _finder(plan: Plan) -> Callable[[str], Rule | None]:
    """The rules by code, those of the workspace's own among them."""
    from registry_reconciler.rules import by_code
    from registry_reconciler.rules.base import Rule
    from registry_reconciler.rules.page import RulePage

    def find(name: str) -> Rule | None:
        own = plan.own_rules.get(name)
        if own is None:
            return by_code(name)
        page = RulePage("", own.summary, own.why, "", "", own.fix)
        return Rule(name, own.title, own.severity, own_page=page)

    return find


def to_sarif(
    problems: Sequence[Problem], find_rule: Callable[[str], Rule | None], path_prefix: str = ""
) -> dict[str, Json]:
    """The log: only rules that have results are described, and results point at them by index."""
    titles: dict[str, str] = {}
    for problem in problems:
        titles.setdefault(problem.code, problem.title)
    numbers = {code: number for number, code in enumerate(sorted(titles))}
    seen: dict[str, int] = {}
    driver = {
        "name": "registry",
        "semanticVersion": __version__,
        "rules": [_descriptor(code, titles[code], find_rule(code)) for code in sorted(titles)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the git work tree."}}},
        "results": [_result(problem, numbers, path_prefix, seen) for problem in problems],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(name: str, title: str, rule: Rule | None) -> dict[str, Json]:
    data: dict[str, Json] = {"id": name, "shortDescription": {"text": _sentence(title)}}
    explain = f"registry explain {name}"
    if rule is None:
        data["help"] = {"text": f"{explain} says more.", "markdown": f"{code(explain)} says more."}
        return data
    page = rule.page
    sections = (("What it checks", page.summary), ("Why it matters", page.why), ("How to fix it", page.fix))
    parts = [(head, text) for head, text in sections if text]
    data["fullDescription"] = {"text": page.summary}
    data["help"] = {
        "text": "\n\n".join([*(f"{head}: {text}" for head, text in parts), f"More: {explain}"]),
        "markdown": "\n\n".join(
            [*(f"**{head}.** {markdown(text)}" for head, text in parts), f"More: {code(explain)}"]
        ),
    }
    data["defaultConfiguration"] = {"level": _LEVELS[rule.severity]}
    data["properties"] = {"tags": [rule.family]}
    return data


def _sentence(title: str) -> str:
    shown = visible(title)
    return shown if shown.endswith(".") else f"{shown}."


def _result(
    problem: Problem, numbers: Mapping[str, int], path_prefix: str, seen: dict[str, int]
) -> dict[str, Json]:
    text = visible(problem.message)
    if problem.fix is not None and problem.fix.description:
        text += f" Fix: {visible(problem.fix.description)}"
    result: dict[str, Json] = {
        "ruleId": problem.code,
        "ruleIndex": numbers[problem.code],
        "kind": "fail",
        "level": _LEVELS[problem.severity],
        "message": {"text": _message(text)},
        "locations": [_located(problem, path_prefix)],
        "partialFingerprints": {FINGERPRINT: fingerprint(problem, seen)},
        "properties": {"status": problem.status.value, "blocking": problem.blocking},
    }
    if problem.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": _message(visible(related.message) or "related")},
                **_physical(related_location(related), path_prefix),
            }
            for number, related in enumerate(problem.related, 1)
        ]
    if problem.suppressed is not None:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": visible(problem.suppressed)}
        ]
    return result


def _message(text: str) -> str:
    """Messages have placeholders and links of their own: the braces and brackets of a value are none."""
    return text.replace("](", "\\](").replace("{", "{{").replace("}", "}}")


def _located(problem: Problem, path_prefix: str) -> dict[str, Json]:
    location = _physical(problem_location(problem), path_prefix)
    if problem.address:
        name = visible(problem.address)
        if problem.path:
            name += f"#{show_path(problem.path)}"
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
    return location


def _physical(location: Location, path_prefix: str) -> dict[str, Json]:
    physical: dict[str, Json] = {
        "artifactLocation": {"uri": _uri(location.path, path_prefix), "uriBaseId": ROOT}
    }
    if location.line > 0:
        physical["region"] = {"startLine": location.line}
        if location.column > 0:
            physical["region"]["startColumn"] = location.column
    return {"physicalLocation": physical}


def _uri(path: str, path_prefix: str) -> str:
    """A relative reference that cannot be read as anything else; ``.`` for the workspace as a whole."""
    steps = [step for step in f"{path_prefix}/{path}".split("/") if step not in ("", ".", "..")]
    return "/".join(quote(step.encode("utf-8", "surrogatepass"), safe="") for step in steps) or "."


def fingerprint(problem: Problem, seen: dict[str, int]) -> str:
    """The digest of the problem's identity; the same one a second time gets a number, in the fixed order."""
    digest = hashlib.sha256(canonical(_listed(problem)).encode("utf-8", "surrogatepass")).hexdigest()
    seen[digest] = seen.get(digest, 0) + 1
    return digest if seen[digest] == 1 else f"{digest}:{seen[digest]}"


def _listed(problem: Problem) -> list[Json]:
    name, where, path, extra = problem.identity
    return [name, where, list(path), extra]
