"""The page for the review of the schemas shows every kind, an entry that fits, and one that does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from registry_reconciler.schema.packaged import KINDS, builtin_schemas
from registry_reconciler.schema.validator import SchemaSet, check_value

PAGE = Path(__file__).parents[2] / "docs" / "schema-review.md"

SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE))

SCHEMAS = SchemaSet({kind: yaml.safe_load(content) for kind, content in builtin_schemas().items()})


def test_every_kind_is_shown() -> None:
    assert tuple(name for name in SECTIONS if name in KINDS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_what_fits_fits_and_what_does_not_is_said(kind: str) -> None:
    blocks = [
        yaml.safe_load(block)
        for block in re.findall(r"^```yaml\n(.*?)^```", SECTIONS[kind], re.DOTALL | re.MULTILINE)
    ]
    good, bad = blocks
    assert check_value(SCHEMAS.validator(kind), good["fits"]) == []
    found = check_value(SCHEMAS.validator(kind), bad["does not fit"])
    words = " ".join(f"{violation.path} {violation.message}" for violation in found)
    assert found
    assert bad["says"] in words, words
    for field in re.findall(r"`(\w+)`", SECTIONS[kind].partition("Needs")[2].partition(". ")[0]):
        rest = {name: value for name, value in good["fits"].items() if name != field}
        assert check_value(SCHEMAS.validator(kind), rest), f"{field} is not demanded"
