"""The recipes of docs/agents/runtime.md run, in order, in a workspace made of the files that the page
shows.
"""

from __future__ import annotations

import doctest
import importlib
import re
import sys
import types
from pathlib import Path

import pytest

from tests.unit.runtime.helper import Site

PAGE = Path(__file__).parents[3] / "docs" / "agents" / "runtime.md"


def test_the_recipes_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path / "site")
    monkeypatch.chdir(site.root)
    module = types.ModuleType("recipes")
    monkeypatch.setitem(sys.modules, "recipes", module)
    ran = 0
    for language, block in re.findall(
        r"^```(python|yaml)\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    ):
        named = re.match(r"# (\S+\.(?:yaml|py))\n", block)
        if named:
            site.write(named.group(1), block.encode())
        else:
            assert language == "python"
            exec(compile(block, str(PAGE), "exec"), module.__dict__)
            ran += 1
    assert ran >= 7


@pytest.mark.parametrize("name", ["registry.db", "registry.index", "registry.items"])
def test_the_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(f"registry_reconciler.runtime.{name}")
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_page_says_plainly_what_gating_does_not_do() -> None:
    assert "stops mistakes, not hostile code" in " ".join(PAGE.read_text("utf-8").split())
