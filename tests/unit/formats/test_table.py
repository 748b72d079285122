"""The table of text formats, and what says the same elsewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import registry_reconciler
from registry_reconciler.formats.table import FORMATS, format_named, format_of
from registry_reconciler.model.kind import parse_kind
from registry_reconciler.schema.packaged import x_registry_schema

SPEC = {"kind": "k", "layout": "file", "file": "a/b.yaml", "key": "id"}
SOURCE = Path(registry_reconciler.__file__).parent


def test_the_published_schema_lists_the_formats_of_the_table() -> None:
    assert x_registry_schema()["properties"]["format"]["enum"] == list(FORMATS)


def test_a_file_has_the_format_that_its_name_says_and_a_kind_may_say_otherwise() -> None:
    for form in FORMATS.values():
        for suffix in form.suffixes:
            assert format_named(f"a/b{suffix}") is form
            assert format_named(f"a/b{suffix.upper()}") is form
        assert format_of("a/b.yaml", parse_kind({"x-registry": {**SPEC, "format": form.name}}, "s")) is form
    assert format_named("a.json/b") is FORMATS["yaml"]
    assert format_named("no-suffix") is FORMATS["yaml"]


def test_nothing_above_the_formats_asks_which_format_a_text_has() -> None:
    """Fragments, settings and schemas are YAML by definition; registry files are read and edited through the row."""
    words = set(FORMATS)
    asked = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0]
        not in ("formats", "report", "cli")  # these have formats of reports
        and path.relative_to(SOURCE).as_posix()
        != "verify/opinions.py"  # where ruamel reads YAML, and only that
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(one, ast.Constant) and one.value in words for one in ast.walk(node))
        and "format" in ast.dump(node)
    ]
    assert asked == []
