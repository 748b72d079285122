"""Lists inside sentences."""

from __future__ import annotations

import pytest

from registry_reconciler.base.first_few import first_few


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, ""), (1, "0"), (3, "0, 1, 2"), (4, "0, 1, 2 and 1 more"), (2_003, "0, 1, 2 and 2,000 more")],
)
def test_of_many_the_first_are_shown(count: int, shown: str) -> None:
    assert first_few([str(number) for number in range(count)], 3) == shown
