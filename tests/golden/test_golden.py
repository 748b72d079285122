"""Golden scenarios: each folder is one situation a person can read.

``applied/`` are the fragments as they were last applied (the state comes of them), ``live/`` the registries as they are
now, ``desired/`` the fragments now, ``options`` the words behind ``registry plan``. The expected plan stands in
``expected.txt`` (as in a terminal) and ``expected.json``; for some also as Markdown, SARIF, annotations and in brief
(to ask for it, make an empty file). ``after/`` holds the registries after the apply, byte for byte.

``python -m tests.golden.update`` writes the expectations anew; read the diff before you commit it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.scenario import SCENARIOS, SHOWN, Outcome, run


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda folder: folder.name)
def test_scenario(folder: Path, tmp_path: Path) -> None:
    outcome = run(folder, tmp_path)
    assert outcome == Outcome.expected(folder)


def test_every_scenario_says_what_it_shows() -> None:
    assert all((folder / "README.md").read_text().strip() for folder in SCENARIOS)
    assert len(SCENARIOS) >= 36


@pytest.mark.parametrize("suffix", SHOWN)
def test_every_format_is_shown_by_several_scenarios(suffix: str) -> None:
    assert sum((folder / f"expected.{suffix}").is_file() for folder in SCENARIOS) >= 3
