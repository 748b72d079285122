"""Small numbers for ids, and events that a workspace declares as flags of hooks in code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import Definition, RegistryDbBuilder, RegistryMeta, open_runtime
from registry_reconciler.runtime.bindings import ActionIds
from tests.unit.runtime.helper import Site


def test_a_number_once_given_never_changes() -> None:
    builder = RegistryDbBuilder(domains=["actions"])
    for id in ("b", "d"):
        builder.register("actions", Definition(RegistryMeta(id, id)))
    live = builder.build().runtime()
    numbers = ActionIds(["z", "b", "z"])
    numbers.number(live.snapshot(), "actions")
    first = {id: numbers[id] for id in ("z", "b", "d")}
    assert first == {"z": 0, "b": 1, "d": 2}
    live["actions"].register(Definition(RegistryMeta("a", "a")), layer="more")
    numbers.number(live.snapshot(), "actions")
    live.drop_layer("more")
    live["actions"].register(Definition(RegistryMeta("c", "c")))
    numbers.number(live.snapshot(), "actions")
    assert {id: numbers[id] for id in first} == first
    assert (numbers["a"], numbers["c"]) == (3, 4)
    assert [numbers.id_of(number) for number in range(5)] == ["z", "b", "d", "a", "c"]
    for number in (-1, 5):
        with pytest.raises(IndexError):
            numbers.id_of(number)
    with pytest.raises(KeyError):
        numbers["unknown"]


def test_a_hook_in_code_waits_for_an_event_that_the_workspace_declares(tmp_path: Path) -> None:
    site = Site(tmp_path / "site", {"vocabularies": {"event_types": ["Deploy"]}})
    live = open_runtime(site.root)
    heard: list[str] = []

    def guard(event: dict[str, Any], context: object) -> dict[str, Any]:
        heard.append(event["event"])
        return {"block": True, "message": "frozen"}

    live["hook"].register(Definition(RegistryMeta("h", "h", flags=("Deploy",)), guard))
    invoker = live.invoker(audit=lambda _line: None)
    outcome = invoker.fire("Deploy", {})
    assert (outcome.blocked_by, outcome.messages[0].text) == ("h", "frozen")
    assert invoker.fire("PromptSubmit", {}).blocked_by == ""
    assert heard == ["Deploy"]
