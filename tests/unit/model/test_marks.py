"""Marks are found on every way through a schema, and what stands in place of a secret is masked in any shape."""

from __future__ import annotations

from typing import Any

import pytest

from registry_reconciler.base.mask import MASK
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.marks import Marks
from registry_reconciler.schema.validator import SchemaSet

SECRET = {"type": "string", "x-secret": True}
OBJECT = {"type": "object", "properties": {"s": SECRET}}


def marks(schema: dict[str, Any], **more: Any) -> Marks:
    """The marks of a kind with a field ``id`` and one ``f`` of this schema."""
    whole = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "f": schema},
        "x-registry": {"kind": "k", "layout": "list", "file": "k.yaml", "key": "id"},
        **more,
    }
    schemas = SchemaSet({"s/k.schema.yaml": whole})
    assert schemas.check_schema("s/k.schema.yaml") == []
    return schemas.secrets("s/k.schema.yaml")


WAYS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "itself": (SECRET, "x", MASK),
    "a field": (OBJECT, {"s": "x"}, {"s": MASK}),
    "items": ({"items": SECRET}, ["x"], [MASK]),
    "prefixItems": ({"prefixItems": [SECRET]}, ["x"], [MASK]),
    "contains": ({"contains": SECRET}, ["x"], [MASK]),
    "unevaluatedItems": ({"unevaluatedItems": SECRET}, ["x"], [MASK]),
    "additionalProperties": ({"additionalProperties": SECRET}, {"a": "x"}, {"a": MASK}),
    "unevaluatedProperties": ({"unevaluatedProperties": SECRET}, {"a": "x"}, {"a": MASK}),
    "patternProperties": ({"patternProperties": {"^a": SECRET}}, {"a": "x"}, {"a": MASK}),
    "propertyNames": ({"propertyNames": SECRET}, {"a": "x"}, MASK),
    "allOf": ({"allOf": [OBJECT]}, {"s": "x"}, {"s": MASK}),
    "anyOf": ({"anyOf": [{"type": "integer"}, OBJECT]}, {"s": "x"}, {"s": MASK}),
    "oneOf": ({"oneOf": [{"type": "integer"}, SECRET]}, "x", MASK),
    "not": ({"not": SECRET}, "x", MASK),
    "if": ({"if": OBJECT}, {"s": "x"}, {"s": MASK}),
    "then": ({"if": {}, "then": OBJECT}, {"s": "x"}, {"s": MASK}),
    "else": ({"if": {}, "else": OBJECT}, {"s": "x"}, {"s": MASK}),
    "dependentSchemas": ({"dependentSchemas": {"a": OBJECT}}, {"s": "x"}, {"s": MASK}),
    "$ref": ({"$ref": "#/$defs/o"}, {"s": "x"}, {"s": MASK}),
    "names beside": ({**OBJECT, "additionalProperties": {"type": "object"}}, {"z": {"s": "x"}}, {"z": MASK}),
    "a list for a mapping": (OBJECT, ["x"], MASK),
    "a text for a mapping": (OBJECT, "x", MASK),
    "a mapping for a list": ({"type": "array", "items": OBJECT}, {"s": "x"}, MASK),
    "a text for an item": ({"type": "array", "items": OBJECT}, ["x", {"s": "y"}], [MASK, {"s": MASK}]),
    "an empty one": (OBJECT, None, None),
    "a misspelt name": (OBJECT, {"ss": "x"}, {"ss": MASK}),
    "another form": ({"anyOf": [{"type": "string"}, OBJECT]}, "shown", "shown"),
    "free names": ({"additionalProperties": OBJECT}, {"a": {"s": "x"}}, {"a": {"s": MASK}}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_mark_is_found(way: str) -> None:
    schema, value, shown = WAYS[way]
    found = marks(schema, **{"$defs": {"o": OBJECT}})
    assert found.mask({"id": "a", "f": value}) == {"id": "a", "f": shown}
    hidden = list(found.hidden({"id": "a", "f": value}))
    assert bool(hidden) is (shown != value)


@pytest.mark.parametrize("depth", [1, 33, 150])
def test_a_schema_that_refers_to_itself_is_followed_as_deep_as_the_value_goes(depth: int) -> None:
    tree = {"type": "object", "properties": {"s": SECRET, "t": {"$ref": "#/$defs/t"}}}
    value: Any = {"s": "x"}
    shown: Any = {"s": MASK}
    for _ in range(depth):
        value, shown = {"t": value}, {"t": shown}
    found = marks({"$ref": "#/$defs/t"}, **{"$defs": {"t": tree}})
    assert found.mask({"id": "a", "f": value}) == {"id": "a", "f": shown}
    assert found.depth(("f", *["t"] * depth, "s", "k", 0)) == depth + 2


def test_nothing_is_marked_where_no_schema_that_applies_is() -> None:
    assert not marks({"type": "string"}, **{"$defs": {"unused": SECRET}})


def test_a_field_that_only_x_registry_names_is_shown() -> None:
    schemas = SchemaSet(
        {
            "s/k.schema.yaml": {
                "properties": {"s": SECRET},
                "x-registry": {"kind": "k", "layout": "list", "file": "{scope}.yaml", "key": "meta.id"},
            }
        }
    )
    found = schemas.secrets("s/k.schema.yaml")
    value = {"meta": {"id": "a"}, "scope": "b", "s": "x", "other": "y"}
    assert found.mask(value) == {"meta": {"id": "a"}, "scope": "b", "s": MASK, "other": MASK}


@pytest.mark.parametrize(
    ("selector", "secret"),
    [("f.s", True), ("f", True), ("f.s.k", True), ("f[].s", True), ("id", False), ("f.other", False)],
)
def test_selectors_that_may_lead_to_a_secret_are_told(selector: str, secret: bool) -> None:
    assert marks(OBJECT).touches(Selector.parse(selector)) is secret
