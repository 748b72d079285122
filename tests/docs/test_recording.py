"""The recorded session of the documentation is what the command writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs/site/record.py"


@pytest.mark.slow
def test_the_recorded_session_is_true() -> None:
    spec = importlib.util.spec_from_file_location("record", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.recorded() == module.PICTURE.read_text("utf-8")
    assert "Applied:" in module.PICTURE.read_text("utf-8")
