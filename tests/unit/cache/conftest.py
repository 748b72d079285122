"""What the tests of caches share."""

from __future__ import annotations

import pytest

from registry_reconciler.cache import reports
from registry_reconciler.cache.incremental import store as incremental_store


@pytest.fixture(autouse=True)
def same_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program stays what it is while a test runs, also where somebody edits its sources meanwhile.

    That a file of the package tells programs apart is held by ``test_program.py``.
    """
    monkeypatch.setattr(reports, "program", lambda: "this version")
    monkeypatch.setattr(incremental_store, "program", lambda: "this version")
