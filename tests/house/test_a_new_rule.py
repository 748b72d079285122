"""What the addition of a rule touches: a module of rules, a page, and for a new family a row of the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house.copy import House

MODULE = '''\
"""Colours, made up by a test (COL)."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.entry_set import EntrySet


def _grey(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.of("module_type"):
        if item.key.startswith("grey"):
            yield Finding(item, f"{item.key} is grey.", ("id",))


COL001 = Rule(
    "COL001",
    "A type is grey",
    Severity.WARNING,
    check=_grey,
    needs=("module_type",),
    relations=(Relation("any entry", "it turns grey", "its colour"),),
    widens_capability=True,
)

RULES = (COL001,)
'''

PAGE = """\
## What it checks

No type is grey.

## Why it matters

Nobody sees it at night.

## Example

```yaml
module_type:
  - {id: grey_api}
```

## Use instead

```yaml
module_type:
  - {id: red_api}
```

## Fix

Choose another colour.
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The copy with a rule of a new family."""
    made = House(tmp_path)
    (made.rules / "colours.py").write_text(MODULE, encoding="utf-8")
    (made.rules / "pages/COL001.md").write_text(PAGE, encoding="utf-8")
    made.add_row(
        "rules/__init__.py",
        ("    capabilities,\n", "    colours,\n"),
        (
            '    Family("CAP", "Capabilities", capabilities.RULES),\n',
            '    Family("COL", "Colours", colours.RULES),\n',
        ),
    )
    made.python("registry_reconciler", "init")
    (made.box / "desired/all.yaml").write_text("module_type:\n- {id: grey_api}\n", encoding="utf-8")
    return made


def test_a_new_rule_is_found_explained_documented_and_set_by_its_row_and_page(house: House) -> None:
    plan = house.json("plan")
    (problem,) = plan["problems"]
    assert (problem["code"], problem["severity"], problem["path"]) == ("COL001", "warning", ["id"])
    assert problem["fix"]["description"] == "Choose another colour."
    assert [notice["title"] for notice in plan["notices"]] == ["Widened capability"]
    (rule,) = json.loads(house.registry("plan", "--format", "sarif"))["runs"][0]["tool"]["driver"]["rules"]
    assert "Nobody sees it at night." in rule["help"]["text"]
    assert house.json("explain", "col001")["subjects"][0]["use_instead"] == (
        "module_type:\n  - {id: red_api}\n"
    )
    house.python("registry_reconciler.queries.guide", "--write", ".")
    documented = (house.box / "docs/rules/COL001.md").read_text(encoding="utf-8")
    assert documented.startswith("# COL001: A type is grey\n\nSeverity: warning")
    assert PAGE.rstrip("\n") in documented
    assert "## Colours (COL)" in (house.box / "docs/rules/README.md").read_text(encoding="utf-8")
    page = (house.box / ".system/registry/registry_coordination.md").read_text(encoding="utf-8")
    assert "| it turns grey | its colour | COL001: A type is grey | warns |" in page
    (house.box / ".system/registry/config.yaml").write_text("severities: {COL: record}\n", encoding="utf-8")
    assert house.json("plan")["problems"][0]["severity"] == "record"
