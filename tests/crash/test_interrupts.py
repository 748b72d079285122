"""Ctrl-C at some system calls of each command. ``python -m tests.crash.interrupts`` tries many more."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.crash import interrupts

POINTS = 3


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.name == "nt" or (why := interrupts.available()):
        pytest.skip("signals of POSIX" if os.name == "nt" else why)
    folder = tmp_path_factory.mktemp("interrupted") / "base"
    interrupts.build(folder)
    return folder


@pytest.mark.parametrize("words", interrupts.COMMANDS, ids=" ".join)
def test_wherever_it_is_interrupted_it_says_so_and_leaves_nothing_half_done(
    words: tuple[str, ...], base: Path
) -> None:
    command = interrupts.Command(base, words)
    ends = {point: command.judge(point) for point in command.some(POINTS)}
    assert [(point, end) for point, end in ends.items() if end.startswith("WRONG")] == []
    assert Counter(ends.values())["interrupted"] >= POINTS // 2
