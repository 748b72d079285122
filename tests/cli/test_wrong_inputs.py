"""What people type and write by mistake: the answer says what, where, why and what to type next; nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import Box

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("wrong_inputs.yaml").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_wrong_input_is_answered(
    case: dict[str, Any], applied: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in case.get("files", {}).items():
        applied.write(path, text)
    for name, value in case.get("env", {}).items():
        monkeypatch.setenv(name, value)
    if case.get("git"):
        applied.git("init", "-q")
        applied.git("add", "-A")
        applied.git("commit", "-qm", "first")
    before = applied.files()
    ran = applied.run(*case["run"])
    answer = " ".join((ran.out + ran.err).split())
    assert ran.exit == case["exit"], ran.out + ran.err
    assert "Traceback" not in answer
    for words in case["says"]:
        assert " ".join(words.split()) in answer
    assert applied.files() == before


def test_there_are_many_and_each_says_something() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 170
    assert all(case["says"] for case in CASES)
