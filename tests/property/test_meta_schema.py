"""What the library's own meta-schema lets pass, the compiled one that finds places lets pass too."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry_reconciler.schema.validator import DIALECT, _is_plain_schema, _meta

WORDS = st.sampled_from(
    [
        "$schema", "$id", "$ref", "$anchor", "$defs", "$vocabulary", "$dynamicRef", "$recursiveAnchor",
        "type", "enum", "const", "items", "prefixItems", "additionalItems", "contains", "properties",
        "patternProperties", "required", "dependencies", "dependentRequired", "minimum", "exclusiveMinimum",
        "multipleOf", "minLength", "pattern", "format", "allOf", "not", "if", "uniqueItems", "definitions",
        "title", "examples", "deprecated", "x-registry", "unknown",
    ]
)  # fmt: skip
LEAVES = st.sampled_from(
    [None, True, False, 0, -1, 1.5, "", "string", "object", "^a", "(", "#/$defs/a", "a#b", "\ud800", DIALECT]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, SCHEMAS, max_size=4))
@example({"items": [{"type": "string"}]})
@example({"exclusiveMinimum": True})
@example({"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": True})
@example({"$schema": DIALECT, "type": "strin"})
@example({"$id": "a#b"})
@example({"required": ["a", "a"]})
@example({"title": "\ud800"})
def test_a_schema_that_passes_at_once_has_no_findings(schema: dict[str, Any]) -> None:
    if _is_plain_schema(schema):
        assert _meta().violations(schema) == []


@pytest.mark.parametrize(
    ("schema", "passes"),
    [
        ({}, True),
        ({"type": "object", "properties": {"a": {"items": {"type": "string"}}}}, True),
        ({"$schema": DIALECT, "type": "object"}, True),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, False),
        ({"type": "strin"}, False),
        (True, False),
        (None, False),
    ],
)
def test_ordinary_schemas_pass_at_once(schema: Any, passes: bool) -> None:
    assert _is_plain_schema(schema) is passes
