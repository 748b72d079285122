"""How often the entries are judged where outputs are written, and that rules see what is written."""

from __future__ import annotations

import pytest

from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.rules import base
from tests.support import Files, plan_of, thing_kind

PAGE = "{id: page, file: docs/page.md, template: page.j2}"
OTHER = "{id: other, file: other/page.md, template: page.j2}"
OWN = b"""\
code: THNG001
title: The page is there
for: thing
check: 'path_exists("docs/page.md")'
message: "'no page'"
"""


def workspace(
    *outputs: str, paths: str = "", fragment: str = "thing:\n  - {id: a, doc: docs/page.md}\n"
) -> Files:
    """Things with a document each, as they are."""
    lines = "".join(f"  - {line}\n" for line in outputs)
    return {
        **thing_kind(f"paths: [{{field: doc, {paths}}}]" if paths else ""),
        ".system/registry/outputs.yaml": f"outputs:\n{lines}".encode(),
        ".system/registry/templates/page.j2": b"{% for t in entries.thing %}\n{{ t.key }}\n{% endfor %}\n",
        "t.yaml": b"- {id: a, doc: docs/page.md}\n",
        "desired/all.yaml": fragment.encode(),
    }


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of entries of each entry set that the rules judge."""
    found: list[int] = []
    real = base.run_entry_set

    def counting(rules: object, entry_set: object) -> object:
        found.append(len(entry_set.items))  # type: ignore[attr-defined]
        return real(rules, entry_set)  # type: ignore[arg-type]

    monkeypatch.setattr(base, "run_entry_set", counting)
    return found


def statuses(files: Files, code: str) -> list[Status]:
    return [problem.status for problem in problems(files) if problem.code == code]


def problems(files: Files) -> tuple[Problem, ...]:
    return plan_of(files).problems


def test_a_file_of_which_no_rule_asked_has_the_entries_judged_once(judged: list[int]) -> None:
    files = workspace(OTHER, paths="missing: warning, unlisted: docs/*.md")
    assert statuses(files, "PTH001") == [Status.PRE_EXISTING]
    assert judged == [1]


def test_a_path_that_an_output_makes_is_there_afterwards(judged: list[int]) -> None:
    assert statuses(workspace(PAGE, paths="missing: warning"), "PTH001") == [Status.FIXED]
    assert judged == [1, 1]


def test_a_file_that_an_output_makes_is_found_by_a_glob(judged: list[int]) -> None:
    files = workspace(OTHER, paths='unlisted: "other/*.md"')
    assert statuses(files, "PTH003") == [Status.INTRODUCED]
    assert judged == [1, 1]


def test_entries_that_change_are_judged_anew_where_a_rule_asked_for_a_file_of_an_output(
    judged: list[int],
) -> None:
    more = "thing:\n  - {id: a, doc: docs/page.md}\n  - {id: b, doc: docs/page.md}\n"
    found = statuses(workspace(PAGE, paths="missing: warning", fragment=more), "PTH001")
    assert (found, judged) == ([Status.FIXED], [1, 2, 2])
    judged.clear()
    found = statuses(workspace(OTHER, paths="missing: warning", fragment=more), "PTH001")
    assert (set(found), judged) == ({Status.INTRODUCED, Status.PRE_EXISTING}, [1, 2])


def test_a_rule_of_the_workspace_sees_a_file_that_an_output_makes() -> None:
    files = {**workspace(PAGE), ".system/registry/rules/THNG001.yaml": OWN}
    assert statuses(files, "THNG001") == [Status.FIXED]
    assert statuses({**files, ".system/registry/outputs.yaml": None}, "THNG001") == [Status.PRE_EXISTING]
