"""The built-in rules hold for what a schema says that a kind is, whatever the kind is called."""

from __future__ import annotations

import pytest
import yaml

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.kind import ROLES
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.schema.packaged import builtin_schemas

ENTRY = {"id": "r", "scope": "api", "topic": "t", "module_id": "m", "when_to_use": ""}


def codes(schemas: dict[str, bytes], **fragments: object) -> set[str]:
    files: dict[str, bytes | None] = {
        f".system/registry/schemas/{name}.schema.yaml": text for name, text in schemas.items()
    }
    files["desired/all.yaml"] = yaml.safe_dump(fragments).encode()
    return {one.code for one in make_plan(MemoryTree(files)).plan.problems}


def schema(**changes: object) -> bytes:
    """The built-in schema of routes, with other words in its x-registry."""
    made = yaml.safe_load(builtin_schemas()["route"])
    made["x-registry"]["references"] = []
    made["x-registry"].update(changes)
    if changes.get("role") is None:
        made["x-registry"].pop("role")
    return yaml.safe_dump(made).encode()


def test_every_built_in_schema_names_its_role() -> None:
    roles = {name: yaml.safe_load(text)["x-registry"]["role"] for name, text in builtin_schemas().items()}
    assert roles == {name: name for name in ROLES}


def test_a_kind_of_any_name_is_a_route_where_its_schema_says_so() -> None:
    assert "RTE001" in codes({"way": schema(kind="way", role="route")}, way=[ENTRY])
    assert "RTE001" not in codes({"way": schema(kind="way", role=None)}, way=[ENTRY])


def test_an_older_copy_of_a_built_in_schema_goes_on_as_it_was() -> None:
    assert "RTE001" in codes({"route": schema(role=None)}, route=[ENTRY])
    assert "RTE001" not in codes({"route": schema(role="")}, route=[ENTRY])


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_foreign_kind_with_the_name_of_a_role_gets_none_of_its_rules(name: str) -> None:
    foreign = {
        "x-registry": {"kind": name, "layout": "list", "file": "x.yaml", "key": "id"},
        "properties": {"id": {}, "path": {}, "handler": {}, "enabled": {}, "blocking": {}, "outbound": {}},
    }
    entry = {
        "id": "a",
        "path": "no/where",
        "handler": {"command": ["gone"]},
        "blocking": True,
        "outbound": ["b"],
    }
    assert codes({name: yaml.safe_dump(foreign).encode()}, **{name: [entry]}) == set()
