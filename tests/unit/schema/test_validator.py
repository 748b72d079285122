"""Validation: what is wrong is found, named and explained; what is hostile stays bounded."""

from __future__ import annotations

from typing import Any

import pytest

from registry_reconciler.base.mask import MASK
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.schema.compiled import MOST_FINDINGS, SchemaFault, Validator, check_value
from registry_reconciler.schema.validator import (
    SchemaSet,
    Violation,
    config_violations,
    directive_violations,
    standalone,
)
from registry_reconciler.schema.walk import MOST_APPLIED

FOLDER = ".system/registry/schemas"
SKILL = f"{FOLDER}/skill.schema.yaml"
COMMON = f"{FOLDER}/common.schema.yaml"


def skill(**schema: Json) -> dict[str, Json]:
    """A schema file of a small kind, with ``schema`` laid over it."""
    spec = {"kind": "skill", "layout": "list", "file": "skills.yaml", "at": "skills", "key": "id"}
    return {"x-registry": spec, "type": "object", **schema}


def only(violations: list[Violation]) -> Violation:
    assert len(violations) == 1, violations
    return violations[0]


def one(schema: Json, value: Json) -> Violation:
    """The only violation of a value."""
    validator = standalone(schema)
    assert not validator.is_valid(value)
    return only(validator.violations(value))


def properties(**inner: Json) -> dict[str, Json]:
    return {"type": "object", "properties": inner, "additionalProperties": False}


# What is wrong, in words


def test_a_valid_value_has_no_violations() -> None:
    validator = standalone(properties(id={"type": "string"}))
    assert validator.is_valid({"id": "a"})
    assert validator.violations({"id": "a"}) == []


def test_an_unknown_field_is_named_at_its_key_with_what_was_meant() -> None:
    found = one(properties(summary={"type": "string"}), {"sumary": "x"})
    assert (found.path, found.on_key, found.keyword) == (("sumary",), True, "additionalProperties")
    assert found.message == "'sumary' is no field. Did you mean 'summary'?"
    assert found.fix == "Write 'summary' instead."


def test_each_unknown_field_is_a_violation_of_its_own() -> None:
    found = standalone(properties(a={})).violations({"zzz": 1, "yyy": 2})
    assert [violation.path for violation in found] == [("yyy",), ("zzz",)]


def test_fields_of_ones_own_are_offered_only_where_they_are_taken() -> None:
    schema = {**properties(summary={}), "patternProperties": {"^x-": {}}}
    assert "x-" in one(schema, {"sumary": 1}).fix
    assert "x-" not in one(properties(summary={}), {"sumary": 1}).fix


def test_a_missing_field_is_said_of_the_mapping_with_what_it_is_for() -> None:
    schema = {**properties(id={"type": "string", "description": "The id."}), "required": ["id"]}
    found = one(schema, {})
    assert (found.path, found.on_key) == ((), False)
    assert "needs the field 'id'" in found.message
    assert found.fix == "Add id: The id."


def test_a_word_that_is_not_in_the_list_gets_the_one_that_was_meant() -> None:
    found = one(properties(status={"enum": ["planned", "active"]}), {"status": "activ"})
    assert found.path == ("status",)
    assert found.message == "status is 'activ', not one of planned, active. Did you mean 'active'?"
    assert found.fix == "Write 'active'."


@pytest.mark.parametrize(
    ("wanted", "value", "message", "fix"),
    [
        ("string", 12, "f is a whole number (12), and text is expected", "Put it in quotes."),
        ("string", None, "f is empty, and text is expected", "Give it a value, or remove the field."),
        ("array", "a", "f is text ('a'), and a list is expected", "Write it as a list: [a]."),
        (
            "boolean",
            "no",
            "f is text ('no'), and true or false is expected",
            "Write true or false: in YAML 1.2 this is text.",
        ),
        ("object", [], "f is a list, and a mapping is expected", "Write a mapping."),
        (
            ["integer", "null"],
            "3",
            "f is text ('3'), and a whole number is expected",
            "Write it without quotes.",
        ),
    ],
)
def test_a_wrong_type_says_what_is_there_and_what_is_expected(
    wanted: Json, value: Json, message: str, fix: str
) -> None:
    found = one(properties(f={"type": wanted}), {"f": value})
    assert (found.message, found.fix) == (message, fix)


@pytest.mark.parametrize(
    ("schema", "value", "part"),
    [
        ({"pattern": "^a"}, "b", "is 'b', which does not match ^a"),
        ({"minLength": 1}, "", "is empty"),
        ({"maxLength": 2}, "abc", "at most 2 characters"),
        ({"minItems": 2}, [1], "at least 2 items"),
        ({"uniqueItems": True}, ["a", "b", "a"], "has 'a' more than once"),
        ({"minimum": 3}, 2, "is 2, and must be at least 3"),
        ({"exclusiveMaximum": 3}, 3, "must be less than 3"),
        ({"multipleOf": 5}, 3, "a multiple of 5"),
        ({"const": "a"}, "b", "is 'b', not a"),
        ({"contains": {"const": 1}}, [2], "needs at least 1 item"),
        ({"not": {"type": "string"}}, "a", "must not be text"),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, "'b' cannot be the name of a field of f"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "needs the field 'b'"),
    ],
)
def test_each_keyword_has_its_words(schema: Json, value: Json, part: str) -> None:
    assert part in one(properties(f=schema), {"f": value}).message


def test_what_follows_from_a_wrong_type_is_not_said() -> None:
    found = one(properties(f={"type": "string", "enum": ["a"], "pattern": "^a"}), {"f": 3})
    assert found.keyword == "type"


def test_long_values_are_cut() -> None:
    assert len(one(properties(f={"pattern": "^a"}), {"f": "b" * 10_000}).message) < 200


def test_only_so_many_things_are_worded_and_the_rest_is_said() -> None:
    found = standalone({"items": {"type": "string"}}).violations([1] * (MOST_FINDINGS + 5))
    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].keyword == "more"


def test_names_that_are_missing_are_said_one_by_one_in_large_values_too() -> None:
    found = standalone({"items": {"required": ["x", "y"], "maxProperties": 0}}).violations([{"z": 1}] * 9_000)
    assert {one.path for one in found if "needs the field 'y'" in one.message} >= {(0,), (1,)}


def test_lone_surrogates_are_no_text() -> None:
    validator = standalone(properties(a={"pattern": "^a"}))
    assert not validator.is_valid({"a": "\ud800"})
    assert (
        only(validator.violations({"a": "\ud800"})).message == "it holds something that JSON cannot express"
    )


# Alternatives

FORMS = {
    "oneOf": [
        {"properties": {"kind": {"const": "script"}, "command": {"type": "string"}}, "required": ["command"]},
        {"properties": {"kind": {"const": "api"}, "endpoint": {"type": "string"}}, "required": ["endpoint"]},
    ]
}


def test_of_several_forms_the_one_that_the_kind_names_is_reported() -> None:
    found = one(FORMS, {"kind": "api"})
    assert "needs the field 'endpoint'" in found.message


def test_a_kind_that_no_form_has_lists_all_of_them() -> None:
    found = one(FORMS, {"kind": "scrip"})
    assert found.path == ("kind",)
    assert found.message == "kind is 'scrip', not one of script, api. Did you mean 'script'?"


def test_alternatives_of_type_are_one_sentence() -> None:
    found = one(properties(f={"anyOf": [{"type": "string"}, {"type": "array"}]}), {"f": 3})
    assert found.message == "f is a whole number (3), and a list or text is expected"


def test_a_branch_of_the_right_type_is_the_one_that_was_meant() -> None:
    schema = properties(f={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
    assert one(schema, {"f": ["a", 3]}).path == ("f", 1)


def test_a_value_that_fits_forms_that_exclude_each_other() -> None:
    schema = {"oneOf": [{"required": ["a"]}, {"minProperties": 1}]}
    assert "fits several of the forms" in one(schema, {"a": 1, "b": 1}).message


def test_forms_that_only_fields_tell_apart_are_named_by_them() -> None:
    schema = {"oneOf": [{"required": ["a"]}, {"required": ["b", "c"]}]}
    assert (
        "has 'a' and 'b' with 'c', which exclude each other" in one(schema, {"a": 1, "b": 1, "c": 1}).message
    )
    assert "needs one of 'a' or 'b' with 'c'" in one(schema, {}).message


def test_a_named_field_is_not_described_as_those_of_a_pattern() -> None:
    schema = {
        "properties": {"a": {"type": "array"}},
        "patternProperties": {"^x-": {"description": "A field of your own.", "type": "array"}},
    }
    assert "of your own" not in one(schema, {"a": "text"}).fix
    assert "of your own" in one(schema, {"x-a": "text"}).fix


def test_conditions_are_reported_at_what_they_demand() -> None:
    schema = {"if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["command"]}}
    assert "needs the field 'command'" in one(schema, {"kind": "a"}).message


def test_fields_that_only_count_as_unevaluated_because_of_another_error_are_not_reported() -> None:
    schema = {
        "allOf": [{"properties": {"a": {"type": "string"}, "b": {}}}],
        "unevaluatedProperties": False,
    }
    assert one(schema, {"a": 3, "b": 1}).path == ("a",)


# Secrets


@pytest.mark.parametrize(
    "inner",
    [
        {"type": "integer"},
        {"enum": ["hunter1"]},
        {"pattern": "^x$"},
        {"maxLength": 3},
        {"const": "hunter1"},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    ],
)
def test_a_secret_is_never_shown(inner: dict[str, Json]) -> None:
    found = one(properties(token={"x-secret": True, **inner}), {"token": "hunter2"})
    assert "hunter2" not in repr(found)
    assert "Did you mean" not in found.message


def test_a_masked_value_is_shown_as_such() -> None:
    found = one(properties(token={"x-secret": True, "enum": ["a"]}), {"token": "hunter2"})
    assert found.message == f"token is {MASK}, not a"


@pytest.mark.parametrize("value", [{"hunter2": 1}, {"known": "hunter2"}])
def test_what_lies_inside_a_secret_is_secret_with_its_names(value: Json) -> None:
    schema = properties(token={"x-secret": True, **properties(known={"type": "integer"})})
    found = one(schema, {"token": value})
    assert "hunter2" not in repr(found)
    assert found.path == ("token",)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/t"}}, "$defs": {"t": {"x-secret": True}}},
        {"allOf": [{"properties": {"a": {"x-secret": True}}}]},
        {"patternProperties": {"^a": {"x-secret": True}}},
        {"additionalProperties": {"x-secret": True}},
    ],
)
def test_a_secret_is_known_however_it_is_marked(schema: Json) -> None:
    validator = standalone(schema)
    assert validator.secret(("a",))
    assert validator.secret(("a", "deeper", 0))
    assert not validator.secret(())


# Schema files


def check(schema: Json, **others: Json) -> list[Violation]:
    files = {SKILL: schema, **{f"{FOLDER}/{name}.schema.yaml": content for name, content in others.items()}}
    return SchemaSet(files).check_schema(SKILL)


def test_a_good_schema_has_no_violations_and_a_validator() -> None:
    schemas = SchemaSet({SKILL: skill(properties={"id": {"type": "string"}})})
    assert schemas.check_schema(SKILL) == []
    assert schemas.validator(SKILL).is_valid({"id": "a"})
    assert not schemas.validator(SKILL).is_valid({"id": 1})


def test_a_validator_is_built_once() -> None:
    schemas = SchemaSet({SKILL: skill()})
    assert schemas.validator(SKILL) is schemas.validator(SKILL)


@pytest.mark.parametrize(
    ("schema", "path", "part"),
    [
        (skill(type="strin"), ("type",), "Did you mean 'string'?"),
        (skill(required="id"), ("required",), "a list is expected"),
        (skill(properties={"a": {"minLength": -1}}), ("properties", "a", "minLength"), "at least 0"),
        (skill(**{"$schema": "http://json-schema.org/draft-07/schema#"}), ("$schema",), "2020-12"),
        ({"type": "object"}, (), "needs the field 'x-registry'"),
        ({"x-registy": {}, "type": "object"}, ("x-registy",), "Did you mean 'x-registry'?"),
        (skill(**{"x-registry": {"kind": "a"}}), ("x-registry",), "needs the field"),
        (skill(properties={"a": {"pattern": "("}}), ("properties", "a", "pattern"), "regular expression"),
        (skill(patternProperties={"[": {}}), ("patternProperties", "["), "regular expression"),
        (skill(properties={"a": {"$dynamicRef": "#a"}}), ("properties", "a", "$dynamicRef"), "$dynamicRef"),
        (skill(properties={"a": {"$id": "b"}}), ("properties", "a", "$id"), "$id"),
        ([], (), "a mapping"),
    ],
)
def test_what_is_wrong_with_a_schema_file_is_said_where_it_stands(
    schema: Json, path: FieldPath, part: str
) -> None:
    found = check(schema)
    assert any(one.path == path and part in one.message for one in found), found


@pytest.mark.parametrize(
    ("change", "path", "part"),
    [
        ({"layout": "lists"}, ("x-registry", "layout"), "Did you mean 'list'?"),
        ({"refrences": []}, ("x-registry", "refrences"), "Did you mean 'references'?"),
        ({"kind": "moved"}, ("x-registry", "kind"), "kind"),
        ({"kind": "a/b"}, ("x-registry", "kind"), "does not match"),
        ({"key": "ids[]"}, ("x-registry", "key"), "key"),
        ({"at": "a..b"}, ("x-registry", "at"), "cannot be understood"),
        ({"references": [{"field": "a"}]}, ("x-registry", "references", 0), "'kind'"),
        ({"paths": [{"field": "a", "missing": "fatal"}]}, ("x-registry", "paths", 0, "missing"), "fatal"),
    ],
)
def test_what_is_wrong_with_x_registry_is_said_where_it_stands(
    change: dict[str, Json], path: FieldPath, part: str
) -> None:
    schema = skill()
    schema["x-registry"] = {**schema["x-registry"], **change}
    found = check(schema)
    assert any(one.path == path and part in one.message for one in found), found


def test_a_file_that_keeps_only_definitions_is_no_kind() -> None:
    schemas = SchemaSet({COMMON: {"$defs": {"a": {"type": "string"}}}, SKILL: skill()})
    assert not schemas.is_kind(COMMON)
    assert schemas.is_kind(SKILL)
    assert schemas.check_schema(COMMON) == []


# References


def test_references_lead_to_other_files_of_the_folder() -> None:
    common = {
        "$id": "https://example.org/common",
        "$defs": {"title": {"type": "string"}, "a b/c": {"const": 1}},
    }
    schema = skill(
        properties={
            "title": {"$ref": "common.schema.yaml#/$defs/title"},
            "other": {"$ref": "./common.schema.yaml#/$defs/a%20b~1c"},
            "child": {"$ref": "#"},
            "named": {"$ref": "#here"},
        },
        additionalProperties=False,
        **{"$id": "https://example.org/skill", "$defs": {"x": {"$anchor": "here", "type": "boolean"}}},
    )
    schemas = SchemaSet({SKILL: schema, COMMON: common})
    assert schemas.check_schema(SKILL) == []
    validator = schemas.validator(SKILL)
    assert validator.is_valid({"title": "a", "other": 1, "child": {"child": {"title": "b"}}, "named": True})
    assert not validator.is_valid({"named": 1})
    found = only(validator.violations({"child": {"child": {"title": 3}}}))
    assert found.path == ("child", "child", "title")


@pytest.mark.parametrize(
    "reference",
    [
        "http://example.org/a",
        "https://json-schema.org/draft/2020-12/schema",
        "file:///etc/passwd",
        "//example.org/a",
        "/etc/passwd",
        "../config.yaml",
        "../../secrets.yaml#/a",
        "a\\b",
        "urn:a:b",
        "http://[",
        "nowhere.schema.yaml",
        "#/$defs/none",
        "#none",
        "#/x-registry/kind",
    ],
)
def test_references_that_lead_out_or_nowhere_are_refused(reference: str) -> None:
    found = only(check(skill(properties={"a": {"$ref": reference}})))
    assert found.path == ("properties", "a", "$ref")
    assert reference in found.message


def test_a_reference_to_nothing_says_what_was_meant() -> None:
    schema = skill(properties={"a": {"$ref": "#/$defs/titel"}}, **{"$defs": {"title": {}}})
    assert "Did you mean 'title'?" in only(check(schema)).message
    schema = skill(properties={"a": {"$ref": "comon.schema.yaml"}})
    assert "Did you mean 'common.schema.yaml'?" in only(check(schema, common={"$defs": {}})).message


@pytest.mark.parametrize(
    "definitions",
    [
        {"a": {"$ref": "#/$defs/a"}},
        {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        {"a": {"allOf": [{"$ref": "#/$defs/a"}]}},
        {"a": {"anyOf": [{"type": "string"}, {"not": {"$ref": "#/$defs/a"}}]}},
        {"a": {"dependentSchemas": {"x": {"$ref": "#/$defs/a"}}}},
        {"a": {"if": {"$ref": "#/$defs/a"}}},
    ],
)
def test_a_reference_that_applies_itself_again_is_a_loop(definitions: Json) -> None:
    schema = skill(properties={"f": {"$ref": "#/$defs/a"}}, **{"$defs": definitions})
    found = check(schema)
    assert found
    assert all(one.path[-1] == "$ref" and "in a circle" in one.message for one in found)


def test_a_loop_through_two_files_is_found_in_each() -> None:
    schemas = SchemaSet(
        {
            SKILL: skill(
                properties={"f": {"$ref": "#/$defs/a"}},
                **{"$defs": {"a": {"$ref": "common.schema.yaml#/$defs/b"}}},
            ),
            COMMON: {"$defs": {"b": {"$ref": "skill.schema.yaml#/$defs/a"}}},
        }
    )
    assert schemas.check_schema(SKILL)
    assert schemas.check_schema(COMMON)


def test_a_schema_that_speaks_of_parts_like_itself_is_no_loop() -> None:
    node = {"type": "object", "properties": {"children": {"items": {"$ref": "#/$defs/node"}}}}
    assert check(skill(properties={"tree": {"$ref": "#/$defs/node"}}, **{"$defs": {"node": node}})) == []


def test_combinations_that_multiply_are_refused() -> None:
    levels = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 4} for n in range(30)}
    schema = skill(
        properties={"f": {"$ref": "#/$defs/l0"}}, **{"$defs": {**levels, "l30": {"type": "string"}}}
    )
    assert any(str(MOST_APPLIED) in one.message for one in check(schema))


def test_a_long_chain_of_references_is_no_loop_and_no_stack_overflow() -> None:
    chain = {f"l{n}": {"$ref": f"#/$defs/l{n + 1}"} for n in range(3_000)}
    schema = skill(
        properties={"f": {"$ref": "#/$defs/l0"}}, **{"$defs": {**chain, "l3000": {"type": "string"}}}
    )
    assert [one for one in check(schema) if "circle" in one.message] == []


def test_a_broken_file_that_is_needed_is_named_at_the_reference() -> None:
    schema = skill(properties={"a": {"$ref": "common.schema.yaml#/$defs/a"}})
    files = {SKILL: schema, COMMON: {"$defs": {"a": {"type": "strin"}}}}
    schemas = SchemaSet(files)
    found = only(schemas.check_schema(SKILL))
    assert (found.path, found.message) == (
        ("properties", "a", "$ref"),
        f"it needs {COMMON}, which cannot be used",
    )
    with pytest.raises(SchemaFault) as caught:
        schemas.validator(SKILL)
    assert caught.value.file == COMMON


def test_a_broken_file_that_is_not_needed_hides_nothing() -> None:
    schemas = SchemaSet({SKILL: skill(), COMMON: {"$defs": {"a": {"type": "strin"}}}})
    assert schemas.check_schema(SKILL) == []
    assert schemas.validator(SKILL).is_valid({})


NODE = {"$ref": "#/$defs/node"}


def nested(depth: int) -> Json:
    value: Json = 3
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "alternatives",
    [
        {"anyOf": [{"properties": {"a": NODE}}, {"properties": {"a": NODE}, "minProperties": 1}]},
        {"oneOf": [{"properties": {"a": NODE}}, {"additionalProperties": NODE}]},
        {"anyOf": [{"patternProperties": {"^a": NODE}}, {"patternProperties": {"a$": NODE}}]},
    ],
)
def test_alternatives_that_multiply_with_depth_are_bounded(alternatives: dict[str, Json]) -> None:
    validator = standalone({**NODE, "$defs": {"node": {"type": "object", **alternatives}}})
    found = only(validator.violations(nested(150)))
    assert "nested too deeply" in found.message
    assert "500,000 ways" in found.message
    assert not validator.is_valid(nested(150))
    assert only(validator.violations(nested(3))).path == ("a", "a", "a")


def test_deep_values_without_alternatives_are_worded() -> None:
    validator = standalone({"type": "object", "properties": {"a": {"$ref": "#"}}})
    assert only(validator.violations(nested(150))).path == ("a",) * 150


def test_wide_values_are_worded() -> None:
    validator = standalone({"items": {"anyOf": [{"type": "string"}, {"type": "null"}]}})
    assert only(validator.violations(["a"] * 20_000 + [3])).path == (20_000,)


# Patterns


ALMOST = "a" * 5_000 + "!"
"""A backtracking engine without a limit would not return from this, and the run would hang."""


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*a){12}$", "(a+a+)+y"])
def test_catastrophic_patterns_are_bounded(pattern: str) -> None:
    assert not standalone({"pattern": pattern}).is_valid(ALMOST)


@pytest.mark.parametrize("pattern", [r"^(a+)+\1$", r"^((a|a)*)+(?=b)\1c$", r"^(a|a)*(?=c)$"])
def test_catastrophic_patterns_that_look_around_are_bounded(pattern: str) -> None:
    validator = standalone(properties(f={"pattern": pattern}))
    assert not validator.is_valid({"f": ALMOST})
    assert only(validator.violations({"f": ALMOST})).path == ("f",)


def test_patterns_that_look_around_work() -> None:
    validator = standalone({"pattern": r"^(?!-)(?!.*--)[a-z-]+$"})
    assert validator.is_valid("a-b")
    assert not validator.is_valid("a--b")


def test_a_pattern_that_takes_too_many_steps_is_said_to() -> None:
    found = one(properties(f={"pattern": r"^(a|b|ab)*(?=c)\w$|^(a+)+\2$"}), {"f": "a" * 400 + "!"})
    assert "too many steps" in found.message


def test_a_pattern_that_would_need_too_much_memory_is_refused() -> None:
    assert check(skill(properties={"a": {"pattern": "(?:a{1000}){1000}"}}))


def test_many_large_patterns_are_refused_together() -> None:
    large = {f"f{n}": {"pattern": rf"^[\p{{L}}{n}]{{1,100}}$"} for n in range(60)}
    assert any("too large together" in one.message for one in check(skill(properties=large)))


def test_formats_are_annotations_and_fetch_nothing() -> None:
    assert standalone({"format": "uri"}).is_valid("no uri")


# Published schemas


def test_settings_are_held_against_their_schema() -> None:
    assert config_violations(None) == []
    assert config_violations({"severities": {"RTE": "warning", "RTE004": "error"}}) == []
    found = config_violations({"severitys": {}, "brakes": {"mass_delete_percent": 130}})
    assert [(violation.path, violation.keyword) for violation in found] == [
        (("brakes", "mass_delete_percent"), "maximum"),
        (("severitys",), "additionalProperties"),
    ]


def test_directives_are_held_against_their_schema() -> None:
    good: dict[str, Any] = {
        "moved": [{"from": "hook/a", "to": "hook/b"}],
        "removed": [{"address": "hook/c", "keep": True}],
        "protect": ["hook/*"],
        "override": None,
        "allow": [{"address": "hook/b", "code": "REF001", "reason": "known"}],
        "hook": [],
    }
    assert directive_violations(good) == []
    found = directive_violations(
        {"allow": [{"address": "hook/b", "code": "REF001", "reason": " "}], "moved": {}}
    )
    assert {violation.path for violation in found} == {("allow", 0, "reason"), ("moved",)}


def test_check_value_puts_the_place_in_front() -> None:
    validator: Validator = standalone({"type": "string"})
    assert check_value(validator, "a", ("x", 0)) == []
    assert only(check_value(validator, 1, ("x", 0))).path == ("x", 0)
