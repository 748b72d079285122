"""A workspace that each test gets a copy of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.helper import copy_of, make_base


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An applied workspace; nobody changes it."""
    return make_base(tmp_path_factory.mktemp("hostile") / "base")


@pytest.fixture
def root(base: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copy_of(base, tmp_path / "work")
