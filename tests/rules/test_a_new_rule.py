"""What the addition of a rule touches: a module of rules, a page, and for a new family a row of the table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import registry_reconciler

MODULE = '''\
"""Colours, made up by a test (COL)."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.entry_set import EntrySet


def _grey(world: EntrySet) -> Iterator[Finding]:
    for item in world.of("module_type"):
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

TABLE = ("    capabilities,\n", '    Family("CAP", "Capabilities", capabilities.RULES),\n')


class House:
    """A copy of the package, and a workspace."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "src"
        self.box = folder / "box"
        self.box.mkdir()
        package = Path(registry_reconciler.__file__).parent
        shutil.copytree(
            package, self.source / "registry_reconciler", ignore=shutil.ignore_patterns("__pycache__")
        )
        self.rules = self.source / "registry_reconciler" / "rules"

    def python(self, *words: str) -> str:
        """The output of a module of the copy, run in the workspace."""
        settings = {"PYTHONPATH": str(self.source), "REGISTRY_NO_CACHE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.box,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:
        """A command's JSON."""
        return json.loads(self.python("registry_reconciler", *words))


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The copy with a rule of a new family."""
    made = House(tmp_path)
    (made.rules / "colours.py").write_text(MODULE, encoding="utf-8")
    (made.rules / "pages/COL001.md").write_text(PAGE, encoding="utf-8")
    table = made.rules / "__init__.py"
    text = table.read_text(encoding="utf-8")
    imported, row = TABLE
    assert text.count(imported) == text.count(row) == 1
    text = text.replace(imported, imported + "    colours,\n")
    table.write_text(
        text.replace(row, row + '    Family("COL", "Colours", colours.RULES),\n'), encoding="utf-8"
    )
    made.python("registry_reconciler", "init")
    (made.box / "desired/all.yaml").write_text("module_type:\n- {id: grey_api}\n", encoding="utf-8")
    return made


def test_a_new_rule_is_found_explained_documented_and_set_by_its_row_and_page(house: House) -> None:
    plan = house.json("plan", "--format", "json")
    (problem,) = plan["problems"]
    assert (problem["code"], problem["severity"], problem["path"]) == ("COL001", "warning", ["id"])
    assert problem["fix"]["description"] == "Choose another colour."
    assert [notice["title"] for notice in plan["notices"]] == ["Widened capability"]
    (rule,) = house.json("plan", "--format", "sarif")["runs"][0]["tool"]["driver"]["rules"]
    assert "Nobody sees it at night." in rule["help"]["text"]
    assert house.json("explain", "col001", "--format", "json")["subjects"][0]["use_instead"] == (
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
    assert house.json("plan", "--format", "json")["problems"][0]["severity"] == "record"
