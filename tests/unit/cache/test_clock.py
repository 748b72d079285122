"""A clock that is set back, and files with times that lie, do not make an old answer look new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry_reconciler.cache import fingerprint
from registry_reconciler.cache.fingerprint import Moment, fingerprint_of, is_fresh, signature
from registry_reconciler.cache.incremental.changed_files import signatures_of
from registry_reconciler.model.entry import digest_bytes

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


class Clock:
    """Both clocks, and a disk that dates with one of them: the times of status cannot be set otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dated, self.steady = 1_000_000 * SECOND, 5_000 * SECOND
        self.times: dict[str, int] = {}
        monkeypatch.setattr("registry_reconciler.cache.fingerprint.time.time_ns", lambda: self.dated)
        monkeypatch.setattr(fingerprint, "_steady", lambda: self.steady)
        real = os.lstat

        def lstat(path: str | Path) -> os.stat_result:
            info = real(path)
            at = self.times.get(str(path), self.times.get("", 0))
            return os.stat_result(
                (*info[:7], 0, 0, 0), {**_named(info), "st_mtime_ns": at, "st_ctime_ns": at}
            )

        monkeypatch.setattr(os, "lstat", lstat)

    def passes(self, nanoseconds: int) -> None:
        self.dated += nanoseconds
        self.steady += nanoseconds

    def write(self, path: Path, text: str) -> None:
        """Write into the same file, which keeps its place and size."""
        path.write_text(text)
        self.times[str(path)] = self.dated


def _named(info: os.stat_result) -> dict[str, object]:
    return {name: getattr(info, name) for name in dir(info) if name.startswith("st_")}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def root(tmp_path: Path, clock: Clock) -> Path:
    clock.write(tmp_path / "file", "old")
    clock.passes(HOUR)
    return tmp_path


def told(text: str) -> dict[str, str | None]:
    return {"file": digest_bytes(text.encode())}


def test_what_is_old_is_believed(root: Path, clock: Clock) -> None:
    """Otherwise the other tests here would prove nothing."""
    since = Moment.now()
    clock.passes(SECOND)
    seen = fingerprint_of(str(root), told("old"), {}, since)
    assert seen.paths[0][2] is not None
    clock.passes(HOUR)
    assert is_fresh(str(root), seen) == (True, False)
    assert signatures_of(str(root), {"file": ""}, since)


def test_what_is_written_behind_a_run_whose_clock_went_back_is_found(root: Path, clock: Clock) -> None:
    since = Moment.now()
    clock.passes(5 * SECOND)
    clock.dated -= HOUR // 2
    clock.write(root / "file", "new")
    with pytest.raises(fingerprint.NotKept):
        fingerprint_of(str(root), told("old"), {}, since)
    assert signatures_of(str(root), {"file": ""}, since) == {}


def test_the_same_time_again_is_not_believed(root: Path, clock: Clock) -> None:
    written = clock.times[str(root / "file")]
    seen = fingerprint_of(str(root), told("old"), {}, Moment.now())
    before = signature(os.lstat(root / "file"))
    clock.dated = written
    clock.write(root / "file", "new")
    assert signature(os.lstat(root / "file")) == before
    assert is_fresh(str(root), seen) == (False, False)
    # Also when dates have caught up with what they were.
    clock.passes(2 * HOUR)
    assert is_fresh(str(root), seen) == (False, False)


@pytest.mark.parametrize("ahead", [0, SECOND, HOUR])
def test_a_file_of_now_or_of_the_future_is_read_each_time(ahead: int, root: Path, clock: Clock) -> None:
    clock.write(root / "file", "old")
    clock.times[str(root / "file")] += ahead
    seen = fingerprint_of(str(root), told("old"), {}, Moment.now())
    assert seen.paths[0][2] is None
    (root / "file").write_text("new")
    assert is_fresh(str(root), seen) == (False, False)


def test_where_the_system_tells_no_time_of_status_bytes_are_read(
    root: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "TIMES_TELL", False)
    seen = fingerprint_of(str(root), told("old"), {}, Moment.now())
    assert seen.paths[0][2] is None


def test_a_restart_is_no_step_back(root: Path, clock: Clock) -> None:
    seen = fingerprint_of(str(root), told("old"), {}, Moment.now())
    clock.passes(HOUR)
    clock.steady = 10 * SECOND
    assert is_fresh(str(root), seen) == (True, False)
    clock.dated -= 2 * HOUR
    assert seen.taken.clock_went_back()


def test_a_slow_correction_is_none_either(clock: Clock) -> None:
    since = Moment.now()
    clock.passes(HOUR)
    clock.dated -= SECOND
    assert not since.clock_went_back()
    clock.dated -= 10 * SECOND
    assert since.clock_went_back()


def test_a_time_of_content_that_lies_is_told_by_that_of_status(tmp_path: Path) -> None:
    """The real disk: same place, same size, same time of content."""
    path = tmp_path / "file"
    path.write_text("old")
    os.utime(path, (1, 1))
    before = signature(os.lstat(path))
    with path.open("r+") as file:
        file.write("new")
    os.utime(path, (1, 1))
    after = signature(os.lstat(path))
    assert after[:5] == before[:5]
    assert after != before
