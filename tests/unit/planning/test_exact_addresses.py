"""An address that looks like a glob means that entry and no other, wherever patterns are taken."""

from __future__ import annotations

import pytest

from registry_reconciler.cli.addresses import select
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import Plan, PlanOptions
from tests.support import applied, plan_of, thing_kind, with_fragment

KEYS = ("a*", "a1", "a[1]", "ab")


def plan(state: dict[str, bytes | None], content: dict[str, Json], **options: tuple[str, ...]) -> Plan:
    files = with_fragment(state, content)
    return plan_of(files, PlanOptions(allow_mass_delete=True, **options))  # type: ignore[arg-type]


def addresses(found: Plan) -> list[str]:
    return [change.address for change in found.changes]


@pytest.fixture(scope="module")
def state() -> dict[str, bytes | None]:
    files = thing_kind("references: [{field: needs, kind: thing}], names: {name: name}")
    return applied(with_fragment(files, {"thing": [{"id": key} for key in KEYS]}))


def test_target(state: dict[str, bytes | None]) -> None:
    assert addresses(plan(state, {}, target=("thing/a*",))) == ["thing/a*"]
    assert addresses(plan(state, {}, target=("thing/a[1]",))) == ["thing/a[1]"]
    assert addresses(plan(state, {}, target=("thing/a?",))) == ["thing/a*", "thing/a1", "thing/ab"]


def test_exclude(state: dict[str, bytes | None]) -> None:
    assert addresses(plan(state, {}, exclude=("thing/a*",))) == ["thing/a1", "thing/a[1]", "thing/ab"]


def test_protect(state: dict[str, bytes | None]) -> None:
    found = plan(state, {"protect": ["thing/a*"]})
    assert [one.address for one in found.blocking] == ["thing/a*"]


def test_adopt(state: dict[str, bytes | None]) -> None:
    files = {path: data for path, data in state.items() if "/state/" not in path}
    wanted: dict[str, Json] = {"thing": [{"id": key, "size": 1} for key in KEYS]}
    assert addresses(plan(files, wanted, adopt=("thing/a*",))) == ["thing/a*"]


def test_overwrite(state: dict[str, bytes | None]) -> None:
    files = {**state, "t.yaml": (state["t.yaml"] or b"").replace(b"\n", b"\n  size: 2\n")}
    wanted: dict[str, Json] = {"thing": [{"id": key, "size": 1} for key in KEYS]}
    assert addresses(plan(files, wanted, overwrite=("thing/a*",))) == ["thing/a*"]


def test_allow(state: dict[str, bytes | None]) -> None:
    allow = [{"address": "thing/a*", "code": "REF001", "reason": "known"}]
    wanted: dict[str, Json] = {"thing": [{"id": key, "needs": "nobody"} for key in KEYS], "allow": allow}
    blocked = [one.address for one in plan(state, wanted).blocking]
    assert blocked == ["thing/a1", "thing/a[1]", "thing/ab"]


def test_override(state: dict[str, bytes | None]) -> None:
    same_name: list[Json] = [
        {"id": "a*"},
        {"id": "a[1]"},
        {"id": "a1", "name": "x"},
        {"id": "ab", "name": "x"},
    ]
    found = plan(state, {"thing": same_name, "override": ["thing/a*"]})
    assert {one.severity.value for one in found.problems if one.code == "IDN003"} == {"warning"}
    found = plan(state, {"thing": same_name, "override": ["thing/a?"]})
    assert {one.severity.value for one in found.problems} == {"record"}


def test_arguments_of_commands() -> None:
    known = [f"thing/{key}" for key in KEYS]
    assert select(["thing/a*"], known) == ["thing/a*"]
    assert select(["thing"], known) == sorted(known)


def test_a_move_is_meant_by_its_old_address_too(state: dict[str, bytes | None]) -> None:
    moved: dict[str, Json] = {
        "thing": [{"id": "new"}, *({"id": key} for key in KEYS if key != "a1")],
        "moved": [{"from": "thing/a1", "to": "thing/new"}],
    }
    assert addresses(plan(state, moved, target=("thing/a1",))) == ["thing/new"]
    assert addresses(plan(state, moved, exclude=("thing/a1",))) == []
