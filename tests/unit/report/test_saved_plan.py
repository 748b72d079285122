"""Plans saved to a file, and read back before an apply."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from registry_reconciler.errors import StalePlan, UsageFailure
from registry_reconciler.model.entry import digest_value
from registry_reconciler.model.plan import Plan
from registry_reconciler.report.saved_plan import (
    MAX_SAVED_BYTES,
    differences,
    read_saved_plan,
    require_expected,
    require_same,
    saved_plan,
)
from tests.unit.report import samples


def test_a_saved_plan_is_read_back() -> None:
    saved = read_saved_plan(saved_plan(samples.TARGETED).encode())
    assert saved.plan_id == samples.TARGETED.plan_id
    assert saved.options == samples.TARGETED.options
    assert list(saved.changes) == ["route/api.errors"]
    require_same(saved, samples.TARGETED)


def test_a_saved_plan_holds_no_value() -> None:
    text = saved_plan(samples.SMALL)
    assert "authorised" not in text
    assert "payments.take" not in text


def test_a_plan_that_differs_is_refused_with_the_entries() -> None:
    saved = read_saved_plan(saved_plan(samples.SMALL).encode())
    some = samples.changes()
    now = replace(samples.SMALL, changes=(replace(some[0], after={"ability_id": "x"}), *some[2:]))
    assert differences(saved, now) == ("ability_low/payments.capture", "ability_low/payments.old")
    with pytest.raises(StalePlan) as failure:
        require_same(saved, now)
    assert failure.value.entries == ("ability_low/payments.capture", "ability_low/payments.old")
    assert "ability_low/payments.old" in failure.value.message


def test_a_new_problem_makes_it_another_plan() -> None:
    saved = read_saved_plan(saved_plan(samples.SMALL).encode())
    now = replace(samples.SMALL, problems=(*samples.SMALL.problems, samples.DANGLING))
    assert differences(saved, now) == ("REF001 route/api.errors ability_ids 0",)


def test_an_unrelated_input_is_no_difference() -> None:
    saved = read_saved_plan(saved_plan(samples.SMALL).encode())
    require_same(saved, replace(samples.SMALL, inputs={}, unchanged=99))


def _body() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(saved_plan(samples.SMALL))
    return body


def _signed(body: dict[str, Any]) -> bytes:
    """An attacker can compute the checksum too: the shape has to hold on its own."""
    body.pop("checksum", None)
    return json.dumps({**body, "checksum": digest_value(body)}).encode()


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: body.update(plan_id="sha256:" + "0" * 64),
        lambda body: body["changes"].update({"hook/evil": "sha256:" + "0" * 64}),
        lambda body: body["inputs"].update({"../../etc/passwd": "sha256:" + "0" * 64}),
        lambda body: body["options"].update(no_check=True),
        lambda body: body.update(extra=1),
        lambda body: body.pop("checksum"),
    ],
)
def test_an_edited_saved_plan_is_refused(edit: Callable[[dict[str, Any]], None]) -> None:
    body = _body()
    edit(body)
    with pytest.raises(StalePlan, match="edited"):
        read_saved_plan(json.dumps(body).encode())


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: body.update(plan_id="latest"),
        lambda body: body.update(root="/"),
        lambda body: body.update(changes=[]),
        lambda body: body.update(changes={"hook/a": 1}),
        lambda body: body.update(problems="x"),
        lambda body: body.update(inputs={"a": 1}),
        lambda body: body.update(options=[]),
        lambda body: body["options"].update(adopt="hook/*"),
        lambda body: body["options"].update(no_check="yes"),
        lambda body: body["options"].update(future=True),
        lambda body: body.update(extra=1),
        lambda body: body.pop("inputs"),
    ],
)
def test_a_forged_saved_plan_of_another_shape_is_refused(edit: Callable[[dict[str, Any]], None]) -> None:
    body = _body()
    edit(body)
    with pytest.raises(StalePlan, match="fields that no registry wrote"):
        read_saved_plan(_signed(body))


def test_another_version_is_named() -> None:
    body = _body()
    body["format_version"] = "2.0"
    with pytest.raises(StalePlan, match=r"format version '2\.0'"):
        read_saved_plan(_signed(body))


def test_every_truncation_is_refused() -> None:
    data = saved_plan(samples.SMALL).encode()
    for end in range(0, len(data) - 2, 7):
        with pytest.raises((StalePlan, UsageFailure)):
            read_saved_plan(data[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# a README",
        b"[]",
        b"{}",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"saved_plan": false}',
        saved_plan(samples.SMALL).encode("utf-16"),
    ],
)
def test_another_file_is_no_saved_plan(data: bytes) -> None:
    with pytest.raises(UsageFailure, match="no saved plan"):
        read_saved_plan(data)


@pytest.mark.parametrize("value", ["NaN", "1e999", "[" * 100_000, '"\\ud800', "9" * 10_000])
def test_numbers_and_nesting_beyond_measure_are_refused(value: str) -> None:
    with pytest.raises(StalePlan):
        read_saved_plan(f'{{"format_version": "1.0", "saved_plan": true, "x": {value}}}'.encode())


def test_a_key_that_stands_twice_is_refused() -> None:
    text = saved_plan(samples.SMALL)
    with pytest.raises(StalePlan):
        read_saved_plan(text.replace('"root"', '"root": ".", "root"').encode())


def test_a_huge_file_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(UsageFailure, match="at most"):
        read_saved_plan(b" " * (MAX_SAVED_BYTES + 1))


def test_expect_takes_the_reviewed_plan_only() -> None:
    plan: Plan = samples.SMALL
    require_expected(plan.plan_id, plan)
    with pytest.raises(StalePlan, match="Nothing was written"):
        require_expected("sha256:" + "0" * 64, plan)
    with pytest.raises(UsageFailure, match="no plan id"):
        require_expected("latest\x1b[31m", plan)
