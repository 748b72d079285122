"""The table of text formats, and what says the same elsewhere."""

from __future__ import annotations

from pathlib import Path

import registry_reconciler
from registry_reconciler.formats.codes import TITLES
from registry_reconciler.formats.table import FORMATS, format_named, format_of
from registry_reconciler.model.kind import parse_kind
from registry_reconciler.model.structural import TEXT_FAMILIES
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


def test_codes_about_texts_are_known_as_such() -> None:
    """Of a file with secrets, a problem with such a code does not repeat the text."""
    assert {code[:3] for code in TITLES} == set(TEXT_FAMILIES)
