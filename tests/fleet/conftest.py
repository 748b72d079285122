"""What the tests of a fleet share."""

from __future__ import annotations

import pytest

from registry_reconciler.fleet import fetching


@pytest.fixture(autouse=True)
def _fetches_may_begin() -> None:
    """A run that is over lets no fetch begin in its process; the next test may stand in the same one."""
    fetching.may_begin()
