"""``--all-points``: every point of the crash sweep, not the part that every run takes."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-points", action="store_true", help="crash tests: try every point (minutes)")


@pytest.fixture
def all_points(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--all-points", default=False))
