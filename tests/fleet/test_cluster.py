"""What is told of an answer that a cluster has and cannot give."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from registry_reconciler.fleet.run.cluster import Cluster


class Finished:
    """A future whose work is done, and whose result nobody can fetch."""

    status = "finished"

    def add_done_callback(self, ended: Callable[[Any], None]) -> None:
        ended(self)

    def result(self, timeout: float) -> Any:
        raise OSError(f"closed within {timeout} s")


@pytest.mark.parametrize(("status", "told"), [("running", 1), ("connecting", 0), ("closed", 0)])
def test_a_result_that_is_lost_with_its_scheduler_is_no_failure_of_the_worker(status: str, told: int) -> None:
    cluster = Cluster.__new__(Cluster)
    cluster._number, cluster._futures = 0, set()
    cluster._client = SimpleNamespace(status=status, submit=lambda *_, **__: Finished())
    found: list[Any] = []
    cluster.submit(dict, {}, found.append)
    assert len(found) == told
