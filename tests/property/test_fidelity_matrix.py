"""Random entries by every command that writes; thousands of them: ``python -m tests.property.fidelity_matrix``."""

from __future__ import annotations

import pytest

from tests.property.fidelity_matrix import run


@pytest.mark.parametrize("seed", [3, 10, 18, 23, 25, 53, 72, 202, 209, 399])
def test_what_is_asked_for_is_what_is_written(seed: int) -> None:
    """Seeds that broke once: nodes with tags, blank lines of ``|+``, lines in brackets, keys that a place says."""
    assert run(seed) != "unreadable"
