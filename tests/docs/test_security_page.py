"""Every test that docs/security.md names as holding a claim is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[^`:*]+?)`", PAGE))
    assert len(named) > 15
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    modules = set(re.findall(r"`(test_[a-z_]+\.py)`", PAGE))
    assert modules
    assert [name for name in sorted(modules) if not (ROOT / "tests/unit/runtime" / name).exists()] == []


def test_every_function_that_the_page_names_is_there() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    functions = set(re.findall(r"`(test_[a-z_]+?)(?:\.\.\.|_\.\.\.)?`", PAGE))
    assert functions
    assert [name for name in sorted(functions) if f"def {name}" not in sources] == []
