"""The examples of docs/python.md, each in a fresh workspace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import builtin_files, lay_out

PAGE = Path(__file__).parents[2] / "docs/python.md"
EXAMPLES = re.findall(r"## ([^\n]+)\n(?:(?!```).)*?```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize(("title", "code"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_example(title: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path, builtin_files())
    (tmp_path / "desired").mkdir()
    monkeypatch.chdir(tmp_path)
    exec(compile(code, f"docs/python.md: {title}", "exec"), {})


def test_every_section_has_an_example() -> None:
    assert len(EXAMPLES) == PAGE.read_text("utf-8").count("\n## ")
