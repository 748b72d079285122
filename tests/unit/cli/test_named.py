"""Files that the user names: regular ones only, and nothing waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry_reconciler.cli.named import read_named
from registry_reconciler.errors import UsageFailure


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert read_named(tmp_path / "a") == b"x"


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero")):
        with pytest.raises(UsageFailure, match="no regular file; say so"):
            read_named(path, instead="say so")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UsageFailure, match="no more are read"):
        read_named(tmp_path / "sparse")
