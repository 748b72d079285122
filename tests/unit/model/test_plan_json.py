"""The public JSON of a plan, and the commands that it names next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from registry_reconciler.errors import LockHeld, StalePlan
from registry_reconciler.model.change import Action
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.plan_json import dumps, envelope, error_to_json, next_commands, plan_to_json
from registry_reconciler.model.problem import Fix
from registry_reconciler.schema.packaged import plan_schema
from tests.unit.report import samples

PLANS = {
    "empty": samples.EMPTY,
    "small": samples.SMALL,
    "blocked": samples.BLOCKED,
    "targeted": samples.TARGETED,
}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("base", ["", "origin/main"])
def test_the_json_fits_its_schema(name: str, base: str) -> None:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(plan_schema(), offline=True)
    data = json.loads(dumps(plan_to_json(PLANS[name], base=base)))
    assert [error.message for error in validator.iter_errors(data)] == []


def test_the_fields_are_those_of_the_contract_in_its_order() -> None:
    data = plan_to_json(samples.SMALL)
    assert [name for name in data if name != "notices"] == [
        "format_version", "command", "exit", "plan_id", "root", "options", "summary", "changes", "outputs",
        "drift", "problems", "files", "inputs", "errors", "next",
    ]  # fmt: skip
    assert list(data["summary"]) == [
        "create", "update", "delete", "move", "adopt", "forget", "unchanged", "unmanaged",
        "error", "warning", "record", "suppressed", "outputs", "applicable",
    ]  # fmt: skip
    assert data["summary"]["warning"] == 2
    assert data["summary"]["suppressed"] == 1
    assert data["exit"] == 0
    assert plan_to_json(samples.BLOCKED)["exit"] == 3


def test_a_part_that_is_not_there_has_no_key_and_null_is_a_value() -> None:
    change = samples.changes()[0]
    data = plan_to_json(replace(samples.EMPTY, changes=(change,)))["changes"][0]["fields"]
    assert data[2] == {"path": ["environments", 1], "action": "create", "after": "production"}
    assert "before" in data[0]


def test_the_order_does_not_depend_on_how_the_plan_was_put_together() -> None:
    plan = samples.BLOCKED
    turned = replace(
        plan,
        problems=plan.problems[::-1],
        inputs=dict(reversed(list(plan.inputs.items()))),
        drift=plan.drift[::-1],
    )
    assert dumps(plan_to_json(turned)) == dumps(plan_to_json(plan))


def test_hostile_values_keep_their_value() -> None:
    plan = samples.hostile()
    text = dumps(plan_to_json(plan))
    text.encode()
    assert json.loads(text) == plan_to_json(plan)


def test_every_command_has_the_same_envelope_also_when_it_fails() -> None:
    failure = StalePlan("gone", entries=("hook/a",), next=(("registry", "plan"),))
    data = envelope("apply", 1, [error_to_json(failure)], failure.next, applied=0)
    assert data == {
        "format_version": "1.0",
        "command": "apply",
        "exit": 1,
        "applied": 0,
        "errors": [{"code": "stale_plan", "message": "gone", "entries": ["hook/a"]}],
        "next": [["registry", "plan"]],
    }
    assert error_to_json(LockHeld("busy")) == {"code": "lock_held", "message": "busy"}


# next


def test_an_applicable_plan_leads_to_applying_exactly_it() -> None:
    plan = samples.TARGETED
    assert next_commands(plan, plan.plan_id) == (
        ("registry", "apply", "--target", "route/*", "--no-check", "--expect", plan.plan_id),
    )


def test_nothing_to_do_leads_nowhere() -> None:
    assert next_commands(samples.EMPTY, samples.EMPTY.plan_id) == ()
    assert next_commands(samples.SMALL, None) == ()


def test_a_blocked_plan_leads_to_what_unblocks_it() -> None:
    adopt = [
        replace(samples.BOTH_CHANGED, code="STA003", address=f"hook/{name}", fix=Fix("adopt"))
        for name in "ab"
    ]
    brake = replace(samples.BOTH_CHANGED, code="BRK001", address="")
    plan = replace(
        samples.BLOCKED,
        problems=(samples.DANGLING, samples.BOTH_CHANGED, *adopt, brake, brake),
        options=PlanOptions(target=("hook/*",)),
    )
    assert next_commands(plan, plan.plan_id) == (
        ("registry", "fix"),
        ("registry", "drift", "--accept", "module_type/http_api"),
        ("registry", "plan", "--target", "hook/*", "--adopt", "hook/a", "--adopt", "hook/b"),
        ("registry", "explain", "BRK001"),
    )


def test_next_is_bounded() -> None:
    many = tuple(replace(samples.BOTH_CHANGED, address=f"hook/h{number}") for number in range(1000))
    assert len(next_commands(replace(samples.BLOCKED, problems=many), "x")) <= 10


# saved plans


def test_every_action_is_counted() -> None:
    assert {action.value for action in Action} <= set(plan_to_json(samples.EMPTY)["summary"])


def test_the_reference_names_every_field() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/output.md").read_text(encoding="utf-8")
    missing = [name for name in plan_to_json(samples.SMALL, base="main") if f"`{name}`" not in text]
    assert missing == []
