"""What the addition of a format of reports touches: one module in ``report/`` and one row in its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.copy import House

MODULE = '''\
"""A plan as comma-separated values, made up by a test."""

from __future__ import annotations

from registry_reconciler.model.plan import Plan
from registry_reconciler.report.options import RenderOptions


def render(plan: Plan, options: RenderOptions) -> str:
    return "".join(f"{change.action.value},{change.address}\\n" for change in plan.changes)
'''


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The copy with a format that nobody needs."""
    made = House(tmp_path)
    (made.package / "report/csv.py").write_text(MODULE, encoding="utf-8")
    made.add_row("report/__init__.py", ('    "json": FormatRow("json"),\n', '    "csv": FormatRow("csv"),\n'))
    made.registry("init")
    made.write("desired/all.yaml", "module_type:\n- {id: grey}\n")
    return made


def test_it_is_written_to_the_screen_and_to_files_completed_and_explained(house: House) -> None:
    assert house.registry("plan", "--format", "csv") == "create,module_type/grey\n"
    house.registry("plan", "--report", "csv=plan.csv")
    assert house.read("plan.csv") == "create,module_type/grey\n"
    assert "<text|json|csv|markdown|sarif|github>" in house.registry("diff", "--help")
    asked = house.registry("plan", "--format", "cvs", exits=64)
    assert asked == ""
    house.registry("apply", "--yes", "--format", "csv")
    assert house.registry("check", "--format", "csv") == ""
