"""The kinds that come along, the published schemas, and what is made from kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import jsonschema
import pytest

from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.model.config import parse_config
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind, parse_kind
from registry_reconciler.schema import packaged as builtin
from registry_reconciler.schema.catalog import example, fragment_schema
from registry_reconciler.schema.compiled import Validator, check_value
from registry_reconciler.schema.validator import SchemaSet, config_violations, standalone

FOLDER = ".system/registry/schemas"


def document(data: bytes) -> Json:
    read = read_yaml(data)
    assert not read.faults
    return read.documents[0]


FILES = {f"{FOLDER}/{kind}.schema.yaml": document(data) for kind, data in builtin.builtin_schemas().items()}
SCHEMAS = SchemaSet(FILES)
KINDS = {path.rpartition("/")[2].split(".")[0]: parse_kind(schema, path) for path, schema in FILES.items()}
COMMON = ("name", "aliases", "description", "status", "tags", "priority", "source", "required_caps")


def validator(kind: str) -> Validator:
    return SCHEMAS.validator(KINDS[kind])


def places(schema: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Mapping[str, Json]]]:
    """Every field that a schema describes."""
    for name, inner in schema.get("properties", {}).items():
        yield (*path, name), inner
        yield from places(inner, (*path, name))
    if isinstance(schema.get("items"), dict):
        yield from places(schema["items"], (*path, 0))


@pytest.mark.parametrize("path", FILES)
def test_the_schema_files_are_valid(path: str) -> None:
    assert SCHEMAS.check_schema(path) == []


def test_there_are_the_eight_kinds_each_with_its_place() -> None:
    found = {
        kind.name: (kind.layout, kind.file.text, kind.at[0].name if kind.at else "", kind.key[0].text)
        for kind in KINDS.values()
    }
    assert found == {
        "module_type": ("list", "modules/overview/type_registry.yaml", "types", "id"),
        "module_instance": ("list", "modules/overview/instance_registry.yaml", "instances", "module_id"),
        "module_maturity": ("list", "modules/overview/instance_maturity.yaml", "maturity", "module_id"),
        "module_interface": ("list", "modules/overview/interfaces.yaml", "interfaces", "id"),
        "route": ("list", "modules/routes/{scope}.yaml", "routes", "id"),
        "ability_low": ("list", ".system/registry/low-level/{group}.yaml", "abilities", "ability_id"),
        "ability_high": ("list", ".system/registry/high-level/{group}.yaml", "abilities", "ability_id"),
        "hook": ("file", ".system/hooks/{id}.yaml", "", "id"),
    }  # fmt: skip


def test_both_kinds_of_ability_share_one_space() -> None:
    assert {kind.name for kind in KINDS.values() if kind.space == "ability"} == {
        "ability_low",
        "ability_high",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_common_fields_are_the_same_everywhere(kind: str) -> None:
    own = KINDS[kind].schema["properties"]
    reference = KINDS["hook"].schema["properties"]
    assert {name: own[name] for name in COMMON} == {name: reference[name] for name in COMMON}
    names = KINDS[kind].names
    for role in ("name", "aliases", "priority", "source", "status", "required_caps"):
        assert getattr(names, role).text == role


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_description(kind: str) -> None:
    without = [path for path, schema in places(KINDS[kind].schema) if not schema.get("description")]
    assert without == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_x_registry_names_is_a_field(kind: str) -> None:
    known = {tuple(step for step in path if step != 0) for path, _ in places(KINDS[kind].schema)}
    one = KINDS[kind]
    selectors = [*one.key, *(reference.field for reference in one.references), *one.acyclic]
    selectors += [selector for group in one.unique for selector in group]
    for selector in selectors:
        assert tuple(step for step in selector.steps if step is not None) in known
    for reference in one.references:
        assert set(reference.kinds) <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_valid(kind: str) -> None:
    entry = example(KINDS[kind])
    assert check_value(validator(kind), entry) == []
    assert KINDS[kind].key_of(entry)


@pytest.mark.parametrize("kind", KINDS)
def test_each_required_field_is_required(kind: str) -> None:
    for field in KINDS[kind].schema["required"]:
        entry = {name: value for name, value in example(KINDS[kind]).items() if name != field}
        assert [one.keyword for one in check_value(validator(kind), entry)] == ["required"]


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_fields_are_errors_unless_they_are_ones_own(kind: str) -> None:
    entry = example(KINDS[kind])
    assert check_value(validator(kind), {**entry, "x-note": [1]}) == []
    (found,) = check_value(validator(kind), {**entry, "desciption": "x"})
    assert (found.path, found.on_key) == (("desciption",), True)
    assert "'description'" in found.message


@pytest.mark.parametrize("key", ["a", "payments.api", "a-b_c", "package::name", "a/b", "2fa", "café", "名前"])
def test_ids_that_are_fine(key: str) -> None:
    assert validator("module_type").is_valid({"id": key})


@pytest.mark.parametrize(
    "key", ["", " a", "a b", "a\n", "a\x00b", "\x1b[31m", "a\u202eb", "a\u200bb", "-a", "a" * 201, 3, None]
)
def test_ids_that_are_not(key: Json) -> None:
    assert not validator("module_type").is_valid({"id": key})


def test_what_names_a_file_has_no_slash() -> None:
    assert not validator("hook").is_valid({**example(KINDS["hook"]), "id": "a/b"})
    assert not validator("ability_low").is_valid({**example(KINDS["ability_low"]), "group": "a/b"})
    assert not validator("route").is_valid({**example(KINDS["route"]), "scope": "a/b"})
    assert validator("route").is_valid({**example(KINDS["route"]), "scope": "api.*"})


@pytest.mark.parametrize(
    ("implementation", "missing"),
    [
        ({"kind": "script"}, ["command"]),
        ({"kind": "mcp"}, ["server", "tool"]),
        ({"kind": "api"}, ["endpoint"]),
        ({"kind": "python"}, ["function"]),
        ({}, ["kind"]),
    ],
)
def test_each_implementation_needs_its_parts_and_only_those_are_named(
    implementation: Json, missing: list[str]
) -> None:
    entry = {**example(KINDS["ability_low"]), "implementation": implementation}
    found = check_value(validator("ability_low"), entry)
    assert [one.path for one in found] == [("implementation",)] * len(missing)
    assert all(f"'{name}'" in one.message for name, one in zip(missing, found, strict=True))


@pytest.mark.parametrize(
    ("kind", "field", "wrong", "meant"),
    [
        ("module_maturity", "maturity", "FUNCTONAL", "FUNCTIONAL"),
        ("module_interface", "lifecycle", "RELEASE", "RELEASED"),
        ("ability_high", "type", "agnet", "agent"),
        ("route", "status", "Active", "active"),
        ("module_type", "source", "pakage", "package"),
    ],
)
def test_closed_vocabularies_say_what_was_meant(kind: str, field: str, wrong: str, meant: str) -> None:
    (found,) = check_value(validator(kind), {**example(KINDS[kind]), field: wrong})
    assert found.path == (field,)
    assert f"Did you mean '{meant}'?" in found.message


def test_steps_are_ids_or_mappings_with_one() -> None:
    entry = example(KINDS["ability_high"])
    steps: Json = ["a", {"ability_id": "b", "when": {"type": "object"}, "with": {"n": 1}, "retry": 2}]
    assert check_value(validator("ability_high"), {**entry, "steps": steps}) == []
    # What cannot be decided is said here, and not after step one.
    undecided = [{"ability_id": "b", "when": "failed"}]
    (fault,) = check_value(validator("ability_high"), {**entry, "steps": undecided})
    assert fault.path == ("steps", 0, "when")
    found = check_value(validator("ability_high"), {**entry, "steps": ["a", {"ability": "b"}]})
    assert {one.path for one in found} == {("steps", 1), ("steps", 1, "ability")}


# A second opinion on values that are near the border: jsonschema, whose engine of patterns knows no \p{…}.

VALUES: tuple[Json, ...] = (
    None,
    True,
    0,
    1.5,
    "",
    "active",
    "x",
    [],
    ["a"],
    ["a", "a"],
    [1],
    {},
    {"kind": "script"},
    {"x-a": 1},
    {"a": 1},
)


@pytest.mark.parametrize("kind", KINDS)
def test_another_validator_gives_the_same_verdicts(kind: str) -> None:
    schema = _portable(KINDS[kind].schema)
    other = jsonschema.Draft202012Validator(schema)
    entry = example(KINDS[kind])
    verdicts = set()
    for field in schema["properties"]:
        for value in VALUES:
            changed = {**entry, field: value}
            mine = validator(kind).is_valid(changed)
            assert mine == other.is_valid(changed), (field, value)
            assert mine == (not validator(kind).violations(changed))
            verdicts.add(mine)
    assert verdicts == {True, False}


def _portable(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _portable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_portable(inner) for inner in value]
    return re.sub(r"\\p\{[LNM]\}", r"\\w", value) if isinstance(value, str) else value


# Published schemas and templates


@pytest.mark.parametrize(
    "schema",
    [builtin.x_registry_schema, builtin.config_schema, builtin.directives_schema, builtin.plan_schema],
)
def test_published_schemas_are_valid_and_every_field_is_described(schema: object) -> None:
    assert callable(schema)
    content = schema()
    jsonschema.Draft202012Validator.check_schema(content)
    standalone(content)
    definitions = content.get("$defs", {})

    def described(inner: Mapping[str, Json]) -> bool:
        target = definitions.get(str(inner.get("$ref", "")).removeprefix("#/$defs/"), {})
        return bool(inner.get("description") or target.get("description"))

    for part in (content, *definitions.values()):
        assert [path for path, inner in places(part) if not described(inner)] == []


def test_x_registry_of_the_contract_is_accepted() -> None:
    spec = document(b"""\
kind: skill
layout: list
file: skills/_registry.yml
at: domains.{domain}.skills
key: id
order: key
names: {name: title, aliases: aliases}
references:
  - {field: "skills[]", kind: skill, missing: error, allow: [any]}
paths:
  - {field: path, missing: error, unlisted: "skills/*/SKILL.md"}
unique: [[path]]
acyclic: [requires]
live_fields: [stars]
exclude: ["skills/_template/**"]
""")
    path = f"{FOLDER}/skill.schema.yaml"
    assert SchemaSet({path: {"x-registry": spec}}).check_schema(path) == []


def test_the_settings_that_init_places_are_valid_and_say_what_is_the_default() -> None:
    content = document(builtin.template("config.yaml"))
    assert config_violations(content) == []
    assert parse_config(content).mass_delete_percent == parse_config(None).mass_delete_percent


def test_an_unknown_template_is_a_failure() -> None:
    with pytest.raises(FileNotFoundError):
        builtin.template("nothing.yaml")


PLAN = {
    "format_version": "1.0", "command": "plan", "exit": 0, "plan_id": "sha256:" + "0" * 64, "root": ".",
    "options": {"target": []},
    "summary": {"create": 0, "update": 1, "delete": 0, "move": 0, "adopt": 0, "forget": 0, "unchanged": 41,
                "unmanaged": 3, "error": 0, "warning": 1, "record": 0, "suppressed": 0, "applicable": True},
    "changes": [{"address": "route/a", "kind": "route", "key": "a", "action": "update", "from": None,
                 "reason": "desired_changed", "file": "modules/routes/a.yaml",
                 "origin": {"path": "desired/a.yaml", "line": 1, "column": 5},
                 "fields": [{"path": ["docs", 0, "path"], "action": "update", "before": 1, "after": 2}],
                 "before": {}, "after": {}, "impact": ["ability_high/b"]}],
    "drift": [{"address": "route/a", "fields": [], "file": "modules/routes/a.yaml", "line": 3}],
    "problems": [{"code": "REF001", "title": "t", "severity": "error", "status": "introduced",
                  "suppressed": None, "blocking": True, "message": "m", "address": "route/a", "path": ["x"],
                  "location": {"path": "p", "line": 3, "column": 7}, "related": [],
                  "fix": {"description": "d", "safe": True, "edits": []}}],
    "files": [{"path": "p", "before": None, "after": "sha256:" + "1" * 64}],
    "inputs": {"p": None}, "errors": [], "next": [["registry", "apply"]],
}  # fmt: skip


def test_a_plan_obeys_its_schema_and_may_say_more() -> None:
    schema = standalone(builtin.plan_schema())
    assert schema.violations(PLAN) == []
    assert schema.violations({**PLAN, "new_in_1_1": 1}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"exit": 4},
        {"plan_id": "x"},
        {"format_version": "2.0"},
        {"changes": [{}]},
        {"next": ["registry"]},
        {"summary": {}},
    ],
)
def test_what_is_no_plan_does_not(change: dict[str, Json]) -> None:
    assert not standalone(builtin.plan_schema()).is_valid({**PLAN, **change})


# The schema of a fragment

FRAGMENT: dict[str, Json] = {
    "module_type": [{"id": "http_api"}],
    "module_instance": [{"module_id": "payments.api", "module_type": "http_api"}],
    "hook": None,
    "moved": [{"from": "hook/a", "to": "hook/b"}],
    "removed": [{"address": "hook/old-audit", "keep": True}],
    "protect": ["module_instance/payments.*"],
    "override": ["module_instance/payments.api"],
    "allow": [{"address": "route/a", "code": "RTE004", "reason": "shared"}],
}


@pytest.mark.parametrize(
    "ids", [None, {"module_type": ["http_api"], "module_instance": ["payments.api"], "hook": []}]
)
def test_a_fragment_obeys_the_schema_for_editors(ids: Mapping[str, list[str]] | None) -> None:
    schema = standalone(fragment_schema(KINDS.values(), ids=ids))
    assert schema.violations(FRAGMENT) == []
    assert schema.is_valid(None)
    for kind in KINDS.values():
        assert ids or schema.violations({kind.name: [example(kind)]}) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"hoook": []}, ("hoook",)),
        ({"hook": {}}, ("hook",)),
        ({"module_type": [{"id": "a", "inbund": []}]}, ("module_type", 0, "inbund")),
        ({"allow": [{"address": "a/b", "code": "RTE004"}]}, ("allow", 0)),
        ({"moved": [{"from": "a", "to": "a/b"}]}, ("moved", 0, "from")),
    ],
)
def test_what_is_wrong_with_a_fragment_is_found_by_the_schema(
    change: dict[str, Json], path: FieldPath
) -> None:
    schema = standalone(fragment_schema(KINDS.values()))
    assert [one.path for one in schema.violations({**FRAGMENT, **change})] == [path]


def test_references_are_held_to_the_ids_of_the_workspace() -> None:
    ids = {
        "module_type": ["http_api"],
        "module_instance": ["payments.api"],
        "ability_low": ["a"],
        "ability_high": ["b"],
    }
    schema = standalone(fragment_schema(KINDS.values(), ids=ids))
    wrong = {"module_instance": [{"module_id": "x", "module_type": "http-api"}]}
    (found,) = schema.violations(wrong)
    assert found.path == ("module_instance", 0, "module_type")
    assert "Did you mean 'http_api'?" in found.message
    flow = {**example(KINDS["ability_high"]), "steps": ["a", "ability_high/b", {"ability_id": "b"}]}
    assert schema.violations({"ability_high": [flow]}) == []
    assert not schema.is_valid({"ability_high": [{**flow, "steps": ["nowhere"]}]})


def own_kind(schema: dict[str, Json], **spec: Json) -> Kind:
    whole = {"kind": "skill", "layout": "list", "file": "skills.yaml", "key": "id", **spec}
    return parse_kind({"x-registry": whole, **schema}, f"{FOLDER}/skill.schema.yaml")


def test_references_between_files_are_inlined() -> None:
    common = {"$defs": {"a/b": {"$ref": "#/$defs/c d"}, "c d": {"type": "string"}}}
    schema = {"properties": {"id": {"$ref": "common.schema.yaml#/$defs/a~1b"}, "child": {"$ref": "#"}}}
    kind = own_kind(schema)
    made = fragment_schema([kind], files={f"{FOLDER}/common.schema.yaml": common})
    held = standalone(made)
    assert held.is_valid({"skill": [{"id": "a", "child": {"id": "b"}}]})
    assert not held.is_valid({"skill": [{"id": "a", "child": {"id": 3}}]})
    assert common["$defs"]["a/b"] == {"$ref": "#/$defs/c d"}


def test_live_fields_are_forbidden_in_fragments_and_not_required_of_them() -> None:
    kind = own_kind({"required": ["id", "stars"]}, live_fields=["stars", "stats.downloads"])
    held = standalone(fragment_schema([kind]))
    assert held.is_valid({"skill": [{"id": "a"}]})
    assert not held.is_valid({"skill": [{"id": "a", "stars": 3}]})
    assert not held.is_valid({"skill": [{"id": "a", "stats": {"downloads": 3}}]})


@pytest.mark.parametrize(
    ("schema", "spec"),
    [
        ({}, {}),
        ({"properties": {"id": {"type": "integer", "minimum": 5}}, "required": ["id"]}, {}),
        ({"properties": {"id": {"pattern": "^[0-9]+$"}, "b": {"enum": [3]}}, "required": ["id", "b"]}, {}),
        (
            {
                "properties": {"id": {"$ref": "#/$defs/id"}},
                "$defs": {"id": {"type": "string", "minLength": 30}},
            },
            {},
        ),
        ({"properties": {"metadata": {"type": "object", "required": ["name"]}}}, {"key": "metadata.name"}),
        (
            {
                "properties": {"l": {"type": "array", "minItems": 2, "items": {"type": "boolean"}}},
                "required": ["l"],
            },
            {},
        ),
        ({"properties": {"a": {"anyOf": [{"type": "object", "required": ["x"]}]}}, "required": ["a"]}, {}),
        ({}, {"file": "skills/{scope}.yaml", "key": ["scope", "id"]}),
    ],
)
def test_a_kind_without_examples_gets_one_that_is_valid(
    schema: dict[str, Json], spec: dict[str, Json]
) -> None:
    kind = own_kind(schema, **spec)
    entry = example(kind)
    assert check_value(SchemaSet({kind.schema_path: kind.schema}).validator(kind), entry) == []
    assert kind.key_of(entry) is not None
