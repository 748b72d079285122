"""Workflows: what steps give each other, conditions, further attempts, and the audit of every step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import InvocationResult, open_runtime
from tests.unit.runtime.helper import ECHO, Site

pytestmark = pytest.mark.skipif(os.name != "posix", reason="scripts of this test are run on POSIX")

COUNT = """\
import json, sys
with open("count", "a+") as file:
    file.write("x")
    file.seek(0)
    n = len(file.read())
asked = json.load(sys.stdin)
if n < asked.get("fails", 0) + 1:
    sys.exit("not yet")
print(json.dumps({"n": n, "list": [1, {"deep": "end"}]}))
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "s")
    made.abilities(
        {"ability_id": "echo", "implementation": made.script("echo", ECHO)},
        {"ability_id": "count", "implementation": made.script("count", COUNT)},
    )
    return made


def run(site: Site, payload: Any, *steps: Any, **asked: Any) -> tuple[InvocationResult[Any], list[Any]]:
    site.flows({"ability_id": "flow", "steps": list(steps)})
    lines: list[Any] = []
    invoker = open_runtime(site.root).invoker(audit=lines.append)
    return invoker.invoke("flow", payload, caps=(), **asked), [(line.id, line.verdict) for line in lines]


def test_what_a_step_gave_is_what_a_later_one_gets(site: Site) -> None:
    result, lines = run(
        site,
        {"who": "me"},
        {"ability_id": "count", "name": "first", "with": {}},
        {
            "ability_id": "echo",
            "with": {
                "n": {"$from": "steps.first.output.n"},
                "deep": [{"$from": "steps.first.output.list.1.deep"}],
                "who": {"$from": "input.who"},
                "state": {"$from": "steps.first.status"},
                "plain": "steps.first",
            },
        },
    )
    expected = {"n": 1, "deep": ["end"], "who": "me", "state": "ok", "plain": "steps.first"}
    assert result.value == {"got": expected}
    assert lines == [("flow", "allow"), ("count", "allow"), ("echo", "allow")]


@pytest.mark.parametrize(
    ("when", "ran"),
    [
        (True, True),
        (False, False),
        ({"properties": {"input": {"required": ["go"]}}}, True),
        ({"properties": {"input": {"required": ["stop"]}}}, False),
        (
            {
                "properties": {
                    "steps": {"properties": {"a": {"properties": {"output": {"required": ["got"]}}}}}
                }
            },
            True,
        ),
        (
            {"properties": {"steps": {"properties": {"a": {"properties": {"status": {"const": "failed"}}}}}}},
            False,
        ),
    ],
)
def test_a_condition_is_a_schema_of_what_is_known(site: Site, when: Any, ran: bool) -> None:
    result, lines = run(
        site,
        {"go": 1},
        {"ability_id": "echo", "name": "a", "with": {"first": True}},
        {"ability_id": "echo", "name": "b", "when": when, "with": {"second": True}},
    )
    assert result.value == {"got": {"second": True} if ran else {"first": True}}
    assert lines == [("flow", "allow"), ("echo", "allow"), ("echo", "allow" if ran else "skipped")]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"when": "sometimes"}, "cannot be decided"),
        ({"when": {"type": "nothing"}}, "cannot be decided"),
        ({"when": {"propertys": {"input": {}}}}, "it has 'propertys'"),
        ({"when": {"properties": {"inputs": {}}}}, "it is about 'inputs'"),
        ({"when": {"required": ["outputs"]}}, "it is about 'outputs'"),
        ({"when": {"properties": {"steps": {"properties": {"m": {}}}}}}, "no step before it is called 'm'"),
        ({"with": {"x": {"$from": "steps.later.output"}}}, "no step before it is called 'later'"),
        ({"with": {"x": {"$from": "elsewhere"}}}, "write input.FIELD"),
        ({"retry": 0}, "from 1 to 100"),
        ({"retry": {"attempts": 2, "seconds": -1}}, "from 0 to 60"),
        ({"continue_on_error": "yes"}, "true or false"),
        ({"name": "first"}, "two steps are called first"),
    ],
)
def test_what_cannot_be_meant_is_said_before_step_one(site: Site, step: dict[str, Any], why: str) -> None:
    steps = [{"ability_id": "count", "name": "first"}, {"ability_id": "echo", **step}]
    result, lines = run(site, {}, *steps)
    assert (result.status, why in result.error) == ("failed", True), result.error
    assert not (site.root / "count").exists()
    dry, _ = run(site, {}, *steps, dry_run=True)
    assert (dry.status, why in dry.error) == ("failed", True)
    assert lines == [("flow", "allow")]


def test_a_step_that_fails_is_tried_again_and_each_attempt_is_in_the_audit(site: Site) -> None:
    step = {"ability_id": "count", "retry": {"attempts": 3, "seconds": 0}}
    result, lines = run(site, {"fails": 2}, step)
    assert result.value["n"] == 3
    assert lines == [("flow", "allow")] + [("count", "allow")] * 3
    (site.root / "count").unlink()
    result, lines = run(site, {"fails": 9}, step)
    assert (result.status, "not yet" in result.error, len(lines)) == ("failed", True, 4)


def test_a_workflow_may_go_on_after_a_failure(site: Site) -> None:
    result, _ = run(
        site,
        {"fails": 9},
        {"ability_id": "count", "name": "try", "continue_on_error": True},
        {
            "ability_id": "echo",
            "with": {"state": {"$from": "steps.try.status"}},
            "when": {
                "properties": {
                    "steps": {"properties": {"try": {"properties": {"status": {"const": "failed"}}}}}
                }
            },
        },
    )
    assert result.value == {"got": {"state": "failed"}}


def test_a_denial_is_not_tried_again(site: Site) -> None:
    site.abilities(
        {
            "ability_id": "needs",
            "required_caps": ["fs.write"],
            "implementation": site.script("needs", ECHO),
        }
    )
    result, lines = run(site, {}, {"ability_id": "needs", "retry": {"attempts": 5, "seconds": 0}})
    assert (result.status, result.denied) == ("capability_denied", ("fs.write",))
    assert lines == [("flow", "allow"), ("needs", "capability_denied")]


def test_a_reference_that_leads_nowhere_is_a_failure_of_the_step(site: Site) -> None:
    result, _ = run(
        site,
        {},
        {"ability_id": "count", "name": "a"},
        {"ability_id": "echo", "with": {"x": {"$from": "steps.a.output.missing"}}},
    )
    assert (result.status, "there is no 'missing'" in result.error) == ("failed", True), result.error


def test_a_dry_run_names_the_steps(site: Site) -> None:
    result, _ = run(site, {}, "echo", {"ability_id": "count"}, dry_run=True)
    assert result.would_run == ("workflow: flow", "  step: echo", "  step: count")


def test_a_step_that_is_not_there_is_said_before_step_one(site: Site) -> None:
    steps = [{"ability_id": "count", "name": "first"}, {"ability_id": "cuont"}]
    result, _ = run(site, {}, *steps)
    assert (result.status, "'cuont'" in result.error) == ("not_found", True)
    assert not (site.root / "count").exists()
    dry, _ = run(site, {}, *steps, dry_run=True)
    assert (dry.status, dry.error) == ("failed", "a step names an ability that is not there: 'cuont'")


MEET = """\
import json, os, sys, time
asked = json.load(sys.stdin)
open(asked["own"], "w").close()
end = time.monotonic() + 60
while not os.path.exists(asked["other"]) and time.monotonic() < end:
    time.sleep(0.01)
if not os.path.exists(asked["other"]):
    sys.exit("nobody came")
if asked.get("fails"):
    sys.exit("after they had met")
print(json.dumps({"met": asked["other"]}))
"""


def meeting(site: Site) -> None:
    site.abilities(
        {"ability_id": "echo", "implementation": site.script("echo", ECHO)},
        {"ability_id": "count", "implementation": site.script("count", COUNT)},
        {"ability_id": "meet", "implementation": site.script("meet", MEET)},
    )


def meets(name: str, other: str, **more: Any) -> dict[str, Any]:
    return {
        "ability_id": "meet",
        "name": name,
        "with": {"own": name, "other": other, **more.pop("input", {})},
        "parallel": True,
        **more,
    }


def test_parallel_steps_run_at_the_same_time_and_give_what_they_gave(site: Site) -> None:
    meeting(site)
    result, lines = run(
        site,
        {},
        meets("a", "b"),
        meets("b", "a"),
        {"ability_id": "echo", "name": "no", "parallel": True, "when": False},
        {
            "ability_id": "echo",
            "with": {"a": {"$from": "steps.a.output.met"}, "b": {"$from": "steps.b.output.met"}},
        },
    )
    assert result.value == {"got": {"a": "b", "b": "a"}}, result.error
    assert sorted(lines) == [
        ("echo", "allow"),
        ("echo", "skipped"),
        ("flow", "allow"),
        ("meet", "allow"),
        ("meet", "allow"),
    ]


def test_all_parallel_steps_end_before_the_workflow_fails_as_the_first_of_them_did(site: Site) -> None:
    meeting(site)
    fails = {"fails": True}
    result, lines = run(
        site, {}, meets("a", "b", input=fails), meets("b", "a", input=fails), {"ability_id": "count"}
    )
    assert (result.status, "step a: " in result.error) == ("failed", True), result.error
    assert sorted(lines) == [("flow", "allow"), ("meet", "allow"), ("meet", "allow")]
    going_on = meets("a", "b", input=fails, continue_on_error=True)
    result, _ = run(site, {}, going_on, meets("b", "a"))
    assert result.value == {"met": "a"}


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"with": {"x": {"$from": "steps.first.output"}}}, "first runs at the same time"),
        ({"when": {"properties": {"steps": {"required": ["first"]}}}}, "no step before it"),
        ({"name": "first"}, "two steps are called first"),
        ({"parallel": "yes"}, "true or false"),
    ],
)
def test_parallel_steps_that_need_each_other_are_refused(site: Site, step: dict[str, Any], why: str) -> None:
    first = {"ability_id": "count", "name": "first", "parallel": True}
    result, _ = run(site, {}, first, {"ability_id": "echo", "parallel": True, **step})
    assert (result.status, why in result.error) == ("failed", True), result.error
    assert not (site.root / "count").exists()
