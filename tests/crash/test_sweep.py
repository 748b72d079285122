"""A part of the sweep in every run; all of it by ``pytest tests/crash --all-points``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from registry_reconciler.apply import files
from tests.crash import reorder, sweep

pytestmark = pytest.mark.skipif(
    not files.DURABLE, reason="a durable apply needs folder descriptors and flock"
)

FAST = {
    "kill": 3,
    "recovery-kill": 7,
    "error": 29,
    "recovery-error": 14,
    "recovery-code": 61,
    "recovery-read": 9,
    "name": 29,
    "error-kill": 9,
    "edit": 61,
    "kill-edit": 37,
    "signal": 17,
    "short": 1,
}


@pytest.fixture(scope="module")
def ground() -> Iterator[sweep.Ground]:
    with sweep.Ground() as made:
        yield made


def finish(tally: sweep.Tally) -> None:
    print(tally.text())
    assert tally.points, "no point was tried"
    assert not tally.damaged, tally.text()


@pytest.mark.parametrize("mode", sweep.MODES)
def test_a_fault_leaves_all_old_or_all_new(mode: str, ground: sweep.Ground, all_points: bool) -> None:
    tally = sweep.Tally()
    sweep.MODES[mode](ground, tally, 1 if all_points else FAST[mode])
    finish(tally)


@pytest.mark.parametrize("mode", ["kill", "error", "error-kill"])
def test_a_fault_leaves_all_old_or_all_new_where_names_cannot_be_exchanged(
    mode: str, all_points: bool
) -> None:
    tally = sweep.Tally()
    with sweep.Ground(exchange=False) as ground:
        sweep.MODES[mode](ground, tally, 1 if all_points else FAST[mode] * 3)
    finish(tally)


@pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin")), reason="needs the path of a descriptor")
def test_a_power_cut_leaves_all_old_or_all_new(all_points: bool) -> None:
    tally = sweep.Tally()
    reorder.sweep(tally, 1 if all_points else 40)
    finish(tally)
