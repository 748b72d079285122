"""What counts of the problems: allowances, the baseline, their order, and where they stand."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from tests.support import Files, applied, plan_of, thing_kind, with_fragment

REFERENCES = "references: [{field: needs, kind: thing}]"


def managed(*keys: str) -> Files:
    """Things that are applied."""
    return applied(with_fragment(thing_kind(), {"thing": [{"id": key} for key in keys]}))


def test_an_allowance_is_not_called_unused_by_a_plan_that_does_not_look() -> None:
    allow = [{"address": "thing/a", "code": "REF001", "reason": "known"}]
    files = with_fragment(managed("a", "b"), {"thing": [{"id": "a"}, {"id": "b"}], "allow": allow})
    for options, codes in (
        (PlanOptions(), ["FRG006"]),
        (PlanOptions(no_check=True), []),
        (PlanOptions(target=("thing/b",)), []),
        (PlanOptions(exclude=("thing/a",)), []),
    ):
        assert [one.code for one in make_plan(MemoryTree(files), options).plan.problems] == codes


def dangling(**more: Json) -> dict[str, Json]:
    """A thing that needs one that is not there."""
    return {"thing": [{"id": "a", "needs": "nobody"}], **more}


def test_what_is_allowed_no_longer_blocks_and_says_why() -> None:
    blocked = plan_of(with_fragment(thing_kind(REFERENCES), dangling()))
    assert [problem.code for problem in blocked.blocking] == ["REF001"]
    allow = [{"address": "thing/a", "code": "REF001", "reason": "comes later"}]
    found = plan_of(with_fragment(thing_kind(REFERENCES), dangling(allow=allow)))
    assert found.applicable
    assert [(problem.code, problem.suppressed) for problem in found.problems] == [
        ("REF001", "allowed: comes later")
    ]


@pytest.mark.parametrize(
    ("address", "code"), [("thing/b", "REF001"), ("thing/a", "REF002"), ("thing/a?", "REF001")]
)
def test_an_allowance_is_for_its_code_and_address_only(address: str, code: str) -> None:
    allow = [{"address": address, "code": code, "reason": "known"}]
    found = plan_of(with_fragment(thing_kind(REFERENCES), dangling(allow=allow)))
    assert [problem.code for problem in found.blocking] == ["REF001"]
    assert "FRG006" in {problem.code for problem in found.problems}


def test_a_structural_problem_cannot_be_allowed() -> None:
    allow = [{"address": "thing/a", "code": "FRG002", "reason": "known"}]
    found = plan_of(with_fragment(thing_kind(), {"thing": [{"id": "a"}, {"id": "a"}], "allow": allow}))
    assert [problem.code for problem in found.blocking] == ["FRG002"]


def test_the_settings_give_a_rule_its_severity_and_lower_no_structural_code() -> None:
    files = with_fragment(thing_kind(REFERENCES), dangling())
    files[".system/registry/config.yaml"] = b"severities: {REF001: warning}\n"
    lowered = plan_of(files)
    assert lowered.applicable
    assert [problem.severity.value for problem in lowered.problems if problem.code == "REF001"] == ["warning"]
    files[".system/registry/config.yaml"] = b"severities: {FRG002: warning}\n"
    assert "CFG001" in {problem.code for problem in plan_of(files).blocking}


def test_problems_are_worst_first_and_each_has_its_line() -> None:
    files = with_fragment(
        thing_kind(REFERENCES), {"thing": [{"id": "b", "needs": "x"}, {"id": "a", "needs": "y"}]}
    )
    files["desired/broken.yaml"] = b"thing: [\n"
    problems = plan_of(files).problems
    ranks = [problem.severity.rank for problem in problems]
    assert ranks == sorted(ranks)
    places = {
        problem.address: (problem.location.path, problem.location.line)
        for problem in problems
        if problem.code == "REF001" and problem.location
    }
    assert places == {"thing/b": ("desired/all.yaml", 3), "thing/a": ("desired/all.yaml", 5)}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("REF001", "thing/a has no problem REF001 that could be allowed."),
        (
            "REF0O1",
            "'REF0O1' is no code: a code is letters and three digits, such as REF001. Did you mean 'REF001'?",
        ),
        (
            "ref001",
            "'ref001' is no code: a code is letters and three digits, such as REF001. Did you mean 'REF001'?",
        ),
        ("REFF001", "no rule here has the code REFF001, so nothing is allowed. Did you mean 'REF001'?"),
        ("QQQQ777", "no rule here has the code QQQQ777, so nothing is allowed."),
        ("FRG002", "FRG002 is structural, and no fragment can allow it."),
        ("OWN001", "thing/a has no problem OWN001 that could be allowed."),
    ],
)
def test_an_unused_allowance_says_whether_its_code_is_one(code: str, message: str) -> None:
    allow = [{"address": "thing/a", "code": code, "reason": "known"}]
    files = with_fragment(thing_kind(), {"thing": [{"id": "a"}], "allow": allow})
    files[".system/registry/rules/OWN001.yaml"] = b"title: Own\nkind: thing\nassert: 'true'\n"
    (fault,) = (fault for fault in plan_of(files).problems if fault.code == "FRG006")
    assert fault.message == message
    assert fault.fix is not None
    assert ("Correct" in fault.fix.description) == ("Did you mean" in message)
