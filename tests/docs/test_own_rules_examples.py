"""The rules of ``docs/own-rules-examples.md``: every file on the page is written out, and ``rule test`` tries each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import Box

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own-rules-examples.md"
_FILE = re.compile(r"```yaml\n# (\S+)\n(.*?)```", re.DOTALL)


def test_every_rule_of_the_page_gives_its_problem_and_mended_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    files = dict(_FILE.findall(text))
    box = Box(tmp_path, capsys, files)
    ran = box.run("rule", "test", "--format", "json")
    assert [(one["code"], one["faults"]) for one in ran.json["rules"] if not one["ok"]] == []
    tried = {one["code"] for one in ran.json["rules"] if one["has_example"]}
    assert tried == set(re.findall(r"^\| ([A-Z]+[0-9]{3}) \|", text, re.MULTILINE))
    assert len(tried) == 12
    assert ran.exit == 0
