"""The workspace of most tests here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.merge.helper import KIND, SCHEMA
from tests.support import Box


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """A workspace in git with the kind ``t``; nothing is applied or committed."""
    return Box.started(tmp_path / "work", capsys, {KIND: SCHEMA})
