"""What the commands hand to the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.errors import NoWorkspace, UsageFailure
from registry_reconciler.runtime.serve.commands import CommandOutcome, collisions, run_ability
from tests.unit.runtime.helper import ECHO, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "site")
    made.abilities(
        {
            "ability_id": "a",
            "name": "Same",
            "required_caps": ["net.read"],
            "implementation": made.script("e", ECHO),
        },
        {"ability_id": "b", "name": "Same", "input_schema": {"type": "integer"}},
        {"ability_id": "bad", "implementation": made.script("bad", "raise SystemExit(2)")},
    )
    return made


def run(site: Site, ability: str, payload: Any = None, **asked: Any) -> CommandOutcome:
    return run_ability(site.root, ability, payload, audit=lambda line: None, **asked)


def test_run_says_the_value(site: Site) -> None:
    outcome = run(site, "a", {"n": 1}, caps=["net.read"])
    assert outcome.exit == 0
    assert outcome.data["result"]["value"] == {"got": {"n": 1}}
    assert '"n": 1' in outcome.lines[0]


@pytest.mark.parametrize(
    ("ability", "exit", "status"),
    [
        ("a", 3, "capability_denied"),
        ("b", 3, "invalid"),
        ("bad", 1, "failed"),
        ("absent", 64, "not_found"),
    ],
)
def test_each_status_has_its_exit_code(site: Site, ability: str, exit: int, status: str) -> None:
    outcome = run(site, ability, "text")
    assert (outcome.exit, outcome.data["result"]["status"]) == (exit, status)
    assert outcome.errors


def test_a_dry_run_says_what_would_run(site: Site) -> None:
    outcome = run(site, "a", caps=["net.read"], dry_run=True)
    assert outcome.exit == 0
    assert outcome.lines == ("would run:", "  script: a")
    assert outcome.data["dry_run"] is True


def test_an_unknown_word_of_the_call_is_a_usage_failure(site: Site, tmp_path: Path) -> None:
    with pytest.raises(UsageFailure, match=r"net\.raed"):
        run(site, "a", caps=["net.raed"])
    with pytest.raises(NoWorkspace):
        run_ability(tmp_path / "user", "a", None)


def test_collisions_are_listed_once_with_who_wins(site: Site) -> None:
    outcome = collisions(site.root)
    assert outcome.data == {
        "collisions": [
            {
                "kind": "ability",
                "key": "Same",
                "key_kind": "name",
                "winner": "a",
                "loser": "b",
                "action": "smaller_id",
            }
        ]
    }
    assert outcome.lines == ("ability: name 'Same' leads to a, not to b (smaller id)",)
    site.abilities({"ability_id": "a"})
    assert collisions(site.root).lines == ("no collisions",)


def test_a_workspace_that_cannot_be_served_blocks(site: Site) -> None:
    site.write(".system/registry/low-level/bad.yaml", b"abilities: [\n")
    for outcome in (collisions(site.root), run(site, "a")):
        assert outcome.exit == 3
        assert "low-level/bad.yaml" in outcome.errors[0]
