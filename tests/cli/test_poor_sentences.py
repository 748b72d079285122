"""Sentences about what a schema forbids: they say what is wrong, whatever keyword says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ("not: {type: string}", "x", "v must not be text"),
        ("not: {pattern: x}", "xy", "v is 'xy', and must not match x"),
        ("not: {const: q}", "q", "v is 'q', which is not allowed here"),
        ("not: {enum: [q, r]}", "r", "Choose another word than q, r."),
        ("not: {required: [x, y]}", {"x": 1, "y": 2}, "v must not have x and y together"),
        ("not: {required: [x]}", {"x": 1}, "v must not have x fix: Remove it."),
        ("not: {minLength: 1}", "x", 'v is what its schema forbids: {"minLength":1}'),
        ("contains: {const: main}", ["a"], 'needs at least 1 item that fits {"const":"main"}'),
        ("prefixItems: [{type: string}], unevaluatedItems: false", ["a", 1], "v has more items than its schema knows"),
        ("maxProperties: 1", {"a": 1, "b": 2}, "v must have at most 1 field fix:"),
    ],
)  # fmt: skip
def test_what_is_forbidden_is_said_in_words(shop: Shop, schema: str, value: object, message: str) -> None:
    path = ".system/registry/schemas/item.schema.yaml"
    shop.write(path, (shop.root / path).read_text().replace("v: {}", f"v: {{{schema}}}"))
    shop.items({"id": "a", "v": value})
    words = " ".join(shop.run("plan").out.split())
    assert message in words
    assert "is not allowed (" not in words


@pytest.mark.parametrize(
    "line",
    ["mirrors: [{field: 'a[]', kind: item}]", "live_fields: ['a[].b']", "key: 'id[]'"],
    ids=["mirrors", "live_fields", "key"],
)
def test_a_list_where_one_value_is_meant_is_said_with_what_is_meant(shop: Shop, line: str) -> None:
    path = ".system/registry/schemas/item.schema.yaml"
    text = (
        (shop.root / path).read_text().replace("  key: id\n", "" if line.startswith("key") else "  key: id\n")
    )
    shop.write(path, text.replace("  at: items\n", f"  at: items\n  {line}\n"))
    words = " ".join(shop.run("check").out.split())
    assert "must not match \\[\\]" in words
    assert "without []" in words
