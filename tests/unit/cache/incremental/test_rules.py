"""Which kinds plans of a part remember."""

from __future__ import annotations

from typing import Any

import pytest

from registry_reconciler.cache.incremental.full_plan import supports_incremental
from registry_reconciler.model.kind import Kind, parse_kind
from registry_reconciler.rules import RULES
from registry_reconciler.schema.packaged import builtin_schemas
from tests.rules.helper import kinds


def plain_kind(**more: Any) -> Kind:
    place = {"kind": "note", "layout": "list", "file": "notes.yaml", "at": "notes", "key": "id"}
    return parse_kind({"x-registry": {**place, **more}}, "schemas/note.schema.yaml")


def test_a_kind_is_remembered_where_every_rule_for_it_supports_that() -> None:
    note = plain_kind(references=[{"field": "next", "kind": "note"}], unique=[["path"]])
    assert supports_incremental(note, {"note": note})
    for rule in RULES:
        assert rule.supports_incremental or not rule.concerns_kind(note), rule.code


@pytest.mark.parametrize("name", builtin_schemas())
def test_kinds_with_rules_that_look_further_are_not(name: str) -> None:
    kind = kinds()[name]
    assert not supports_incremental(kind, {name: kind})
    assert any(rule.concerns_kind(kind) for rule in RULES if not rule.supports_incremental)


@pytest.mark.parametrize("more", [{"paths": [{"field": "path", "missing": "error"}]}, {"acyclic": ["next"]}])
def test_neither_are_kinds_with_fields_that_such_rules_follow(more: dict[str, Any]) -> None:
    kind = plain_kind(**more)
    assert not supports_incremental(kind, {"note": kind})
    assert any(rule.concerns_kind(kind) for rule in RULES if not rule.supports_incremental)


def test_a_rule_that_says_nothing_about_it_makes_no_kind_one_that_is_remembered() -> None:
    silent = [rule for rule in RULES if not rule.supports_incremental and not rule.needs]
    assert all(rule.concerns is not None for rule in silent)
