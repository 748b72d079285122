"""Ten random branches of a repository of skills, merged in random order: with the driver, and as a server does it.

No line of a person is lost, no entry is lost or there twice, and every output is right after the last apply.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from registry_reconciler.editing.resolve_conflicts import resolve_conflicts
from registry_reconciler.workspace import Workspace
from tests.merge.branches import NAMES, Skills

BRANCHES = 10


def _made(home: Skills, chance: random.Random, *, applies: bool) -> list[str]:
    names = list(NAMES)
    chance.shuffle(names)
    branches = []
    for number in range(BRANCHES):
        home.git("checkout", "-q", "-b", f"b{number}", "main")
        home.work(number, chance, names)
        if applies or chance.random() < 0.5:
            home.apply()
        home.commit(f"b{number}")
        branches.append(f"b{number}")
    home.git("checkout", "-q", "main")
    chance.shuffle(branches)
    return branches


def _is_right(home: Skills, merged: list[str]) -> None:
    assert home.lost(merged) == []
    home.apply()
    plan = home.plan()
    assert plan.empty
    assert plan.outputs == ()
    declared = [entry.address for entry in Workspace(home.root).planning().loaded.fragments.entries]
    assert len(declared) == len(set(declared))
    assert home.registered() == sorted(declared)
    index = home.index()
    assert index["total"] == len(declared)
    assert index["market"] == sorted(address.partition("/")[2] for address in declared)


SEEDS = range(int(os.environ.get("REGISTRY_BRANCH_SEEDS", "1")))
"""So many histories are drawn in every run; as many more as somebody asks for."""


@pytest.mark.parametrize("seed", SEEDS)
def test_with_the_driver_nothing_is_in_conflict(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    home = Skills(
        tmp_path,
        *chance.choice([("yaml",), ("json",), ("toml",), ("jsonc",), ("yaml", "map"), ("json", "map")]),
    )
    home.use_driver()
    merged: list[str] = []
    for branch in _made(home, chance, applies=bool(seed % 2)):
        said = home.git("merge", "-q", "--no-edit", branch, fails=True)
        assert home.git("diff", "--name-only", "--diff-filter=U").split() == [], said
        merged.append(branch)
    _is_right(home, merged)


@pytest.mark.parametrize("seed", SEEDS)
def test_as_a_server_merges_with_resolve(seed: int, tmp_path: Path) -> None:
    chance = random.Random(100 + seed)
    home = Skills(
        tmp_path,
        *chance.choice([("yaml",), ("json",), ("toml",), ("jsonc",), ("yaml", "map"), ("json", "map")]),
    )
    merged: list[str] = []
    for branch in _made(home, chance, applies=bool(seed % 2)):
        home.git("merge", "-q", "--no-edit", branch, fails=True)
        if home.git("diff", "--name-only", "--diff-filter=U").split():
            done = resolve_conflicts(Workspace(home.root))
            assert done.open == ()
            assert home.git("diff", "--name-only", "--diff-filter=U").split() == []
            home.commit(f"merge {branch}")
        merged.append(branch)
    _is_right(home, merged)
