"""The manifest of bad inputs, each through the installed command: code, place, exit, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import Box, installed

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bad_inputs.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_bad_input_is_answered(case: dict[str, Any], box: Box) -> None:
    for path, text in case.get("files", {}).items():
        box.write(path, text)
    for path, text in case.get("raw", {}).items():
        (box.root / path).write_bytes(text.encode("latin-1"))
    before = box.files()
    words = case.get("run", ["check"])
    ran = installed(*words, "--format", "json", cwd=box.root)
    assert ran.exit == case["exit"], ran.out + ran.err
    assert "Traceback" not in ran.err
    assert box.files() == before
    if "error" in case:
        assert [one["code"] for one in ran.json["errors"]] == [case["error"]]
        assert ran.err.startswith(f"registry {words[0]}: ")
        return
    found = [(one["code"], place(one["location"])) for one in ran.json["problems"]]
    assert (case["code"], case["at"]) in found


def place(location: dict[str, Any]) -> str:
    """``path:line:column``, as far as it is known."""
    parts = [location["path"], location["line"], location["column"]]
    return ":".join(str(part) for part in parts if part)


def test_the_names_are_different() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)
