"""Who refers to whom by whole numbers, in every layout and format: every command sees the same references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import Box

LAYOUTS = {
    "list in YAML": (
        "layout: list, file: nodes.yaml, at: nodes",
        {"nodes.yaml": "nodes:\n- id: 1\n- id: 2\n"},
    ),
    "map in YAML": (
        "layout: map, file: nodes.yaml, at: nodes",
        {"nodes.yaml": "nodes:\n  1: {w: x}\n  2: {}\n"},
    ),
    "a file each": (
        "layout: file, file: 'nodes/{id}.yaml'",
        {"nodes/1.yaml": "id: 1\n", "nodes/2.yaml": "id: 2\n"},
    ),
    "list in JSON": (
        "layout: list, file: n.json, at: nodes",
        {"n.json": '{"nodes": [{"id": 1}, {"id": 2}]}\n'},
    ),
    "map in JSON": ("layout: map, file: n.json, at: nodes", {"n.json": '{"nodes": {"1": {}, "2": {}}}\n'}),
    "list in TOML": (
        "layout: list, file: n.toml, at: nodes",
        {"n.toml": "[[nodes]]\nid = 1\n\n[[nodes]]\nid = 2\n"},
    ),
    "map in TOML": ("layout: map, file: n.toml, at: nodes", {"n.toml": "[nodes.1]\n\n[nodes.2]\n"}),
}
FIELDS = {
    "a field": ("a", "a: 1", "a"),
    "a field inside": ("a.b", "a: {b: 1}", "a.b"),
    "items of a list": ("a[]", "a: [1]", "a[0]"),
    "a field that is a list": ("a", "a: [1]", "a[0]"),
    "text in place of a number": ("a", "a: '1'", "a"),
}


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    return Box(tmp_path, capsys)


def make(box: Box, layout: str, field: str, entry: str) -> None:
    place, files = LAYOUTS[layout]
    schema = ".system/registry/schemas/{}.schema.yaml"
    box.write(schema.format("node"), f"x-registry: {{kind: node, {place}, key: id}}\ntype: object\n")
    user = "kind: user, layout: list, file: users.yaml, at: users, key: id"
    refers = f"references: [{{field: '{field}', kind: node}}]"
    box.write(schema.format("user"), f"x-registry: {{{user}, {refers}}}\ntype: object\n")
    for path, text in files.items():
        box.write(path, text)
    box.write("users.yaml", f"users:\n- id: u\n  {entry}\n")


def edges(box: Box) -> list[tuple[str, str, str, bool]]:
    found: list[dict[str, Any]] = box.run("graph", "--format", "json").json["edges"]
    return [(one["from"], one["to"], one["field"], one["dangling"]) for one in found]


def references(box: Box, address: str) -> dict[str, Any]:
    found: dict[str, Any] = box.run("show", address, "--format", "json").json["entry"]["references"]
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("field", FIELDS)
def test_every_command_sees_a_reference_by_number(box: Box, layout: str, field: str) -> None:
    selector, entry, shown = FIELDS[field]
    make(box, layout, selector, entry)
    assert box.run("adopt", "--all").exit == 0
    assert box.run("apply", "--yes").exit == 0

    assert edges(box) == [("user/u", "node/1", shown, False)]
    assert references(box, "node/1")["in"] == ["user/u"]
    assert [one["address"] for one in references(box, "user/u")["out"]] == ["node/1"]

    plan = box.run("rm", "node/1", "--format", "json").json
    (change,) = [one for one in plan["changes"] if one["address"] == "node/1"]
    assert change["impact"] == ["user/u"]
    assert [one["code"] for one in plan["problems"]] == ["REF001", "REF006"]

    assert box.run("rename", "node/1", "7", "--apply", "--yes").exit == 0
    assert edges(box) == [("user/u", "node/7", shown, False)]
    seven = entry.replace("1", "7")
    assert seven in box.read("users.yaml")


@pytest.mark.parametrize("field", FIELDS)
def test_a_number_that_leads_nowhere_is_found(box: Box, field: str) -> None:
    selector, entry, _ = FIELDS[field]
    make(box, "list in YAML", selector, entry.replace("1", "9"))
    found = box.run("check", "--format", "json").json
    assert [one["code"] for one in found["problems"]] == ["REF001"]
    assert edges(box)[0][1:] == ("9", FIELDS[field][2], True)


@pytest.mark.parametrize("value", ["true", "1.5", "null", "{x: 1}"])
def test_what_is_neither_text_nor_a_whole_number_is_no_reference(box: Box, value: str) -> None:
    make(box, "list in YAML", "a", f"a: {value}")
    assert edges(box) == []
    assert references(box, "node/1")["in"] == []
