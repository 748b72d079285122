"""Functions that add entries, and those that only check them, against a workspace on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.entries.abilities import (
    add_ability_high,
    add_ability_low,
    check_ability_addition_consistency,
)
from registry_reconciler.entries.common import Added, add_entry
from registry_reconciler.entries.hooks import add_hook, check_hook_addition_consistency
from registry_reconciler.entries.modules import (
    add_module_instance,
    add_module_interface,
    add_module_maturity,
    add_module_type,
    check_module_instance_consistency,
)
from registry_reconciler.entries.routes import add_route, check_route_addition_consistency
from registry_reconciler.errors import Blocked, NoWorkspace, UsageFailure, WriteFailure
from registry_reconciler.workspace import Workspace
from tests.support import builtin_files, lay_out

LOW = {
    "ability_id": "ops.run",
    "group": "ops",
    "summary": "Runs.",
    "required_caps": [],
    "implementation": {"kind": "mcp", "server": "s", "tool": "t"},
}
HIGH = {
    "ability_id": "ops.all",
    "group": "ops",
    "type": "workflow",
    "summary": "All.",
    "required_caps": [],
    "ability_ids": ["ops.run"],
}
ROUTE = {"id": "r", "scope": "api", "topic": "t", "module_id": "m", "when_to_use": "Now."}
HOOK = {"id": "h", "event_type": "PromptSubmit", "handler": {"kind": "script", "command": ["x"]}}

# In an order in which each may refer to those before it.
ALL: list[tuple[Callable[..., Added], dict[str, Any], str]] = [
    (add_module_type, {"id": "svc"}, "modules/overview/type_registry.yaml"),
    (
        add_module_instance,
        {"module_id": "m", "module_type": "svc"},
        "modules/overview/instance_registry.yaml",
    ),
    (
        add_module_maturity,
        {"module_id": "m", "maturity": "FUNCTIONAL"},
        "modules/overview/instance_maturity.yaml",
    ),
    (add_module_interface, {"id": "i", "module_id": "m", "path": "/"}, "modules/overview/interfaces.yaml"),
    (add_route, ROUTE, "modules/routes/api.yaml"),
    (add_ability_low, LOW, ".system/registry/low-level/ops.yaml"),
    (add_ability_high, HIGH, ".system/registry/high-level/ops.yaml"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return lay_out(tmp_path, builtin_files())


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_every_kind_is_written_to_fragment_registry_and_state_at_once(root: Path) -> None:
    for add, entry, path in ALL:
        added = add(entry, root=root)
        assert {path, added.fragment} <= set(added.written)
        assert any(one.startswith(".system/registry/history/") for one in added.written)
        assert added.fragment == f"desired/{added.kind}.yaml"
    hook = add_hook(HOOK, root=root, check=False)
    assert ".system/hooks/h.yaml" in hook.written
    assert Workspace.open(root).plan(no_check=True).empty
    before = files(root)
    for add, entry, _ in ALL:
        assert add(entry, root=root).written == ()
    assert files(root) == before


def test_a_blocking_problem_leaves_everything_as_it_was(root: Path) -> None:
    before = files(root)
    with pytest.raises(Blocked, match="REF001") as caught:
        add_module_instance({"module_id": "m", "module_type": "svc"}, root=root)
    assert caught.value.plan is not None
    assert files(root) == before


def test_only_the_address_is_applied(root: Path) -> None:
    (root / "desired").mkdir()
    (root / "desired/other.yaml").write_text("module_type:\n  - id: other\n")
    add_module_type({"id": "svc"}, root=root)
    text = (root / "modules/overview/type_registry.yaml").read_text()
    assert "svc" in text
    assert "other" not in text


def test_a_failing_disk_takes_the_fragment_back_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_module_type({"id": "svc"}, root=root)
    before = files(root)

    def refuse(*_words: object) -> None:
        raise WriteFailure("the plan computed again was not empty")

    monkeypatch.setattr("registry_reconciler.editing.amend._verify", refuse)
    with pytest.raises(WriteFailure):
        add_module_type({"id": "cron"}, root=root)
    assert files(root) == before


@pytest.mark.parametrize(
    ("check", "entry", "codes"),
    [
        (check_module_instance_consistency, {"module_id": "m", "module_type": "svc"}, {"REF001"}),
        (check_route_addition_consistency, ROUTE, {"REF001"}),
        (check_ability_addition_consistency, HIGH, {"REF001"}),
        (check_ability_addition_consistency, {**LOW, "required_caps": None}, {"SCH001"}),
        (check_hook_addition_consistency, {**HOOK, "event_type": "Never"}, {"HOK001"}),
        (check_hook_addition_consistency, {"event_type": "PromptSubmit"}, {"FRG008"}),
        (check_ability_addition_consistency, {}, {"FRG008"}),
        (check_route_addition_consistency, [], {"FRG008"}),
    ],
)
def test_checks_report_and_write_nothing(
    root: Path, check: Callable[..., list[Any]], entry: Any, codes: set[str]
) -> None:
    before = files(root)
    assert codes <= {problem.code for problem in check(entry, root=root)}
    assert files(root) == before


def test_a_clean_addition_has_no_error(root: Path) -> None:
    for add, entry, _ in ALL[:4]:
        add(entry, root=root)
    assert not any(one.blocking for one in check_route_addition_consistency(ROUTE, root=root))
    add_route(ROUTE, root=root)
    twin = check_route_addition_consistency({**ROUTE, "id": "r2"}, root=root)
    assert "overlap" in " ".join(one.title.lower() for one in twin)


def test_checks_look_at_the_working_directory_by_default(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert check_route_addition_consistency(ROUTE)
    monkeypatch.chdir(root.parent)
    with pytest.raises(NoWorkspace):
        check_route_addition_consistency(ROUTE)


def test_unknown_kinds_are_usage_failures_with_what_was_meant(root: Path) -> None:
    with pytest.raises(UsageFailure, match="route"):
        add_entry("rout", ROUTE, root=root)
