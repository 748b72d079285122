"""What is written down and made again: databases, snapshots, handles, declared items, errors, results."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import (
    Definition,
    DuplicateIdError,
    InvocationResult,
    Invoker,
    Key,
    RegistryDbBuilder,
    RegistryMeta,
    RuntimeDb,
    RuntimeRegistry,
    StaleHandleError,
    UnknownKeyError,
    open_runtime,
)
from tests.unit.runtime import declared
from tests.unit.runtime.helper import Site, index, thing


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def filled() -> RuntimeDb:
    builder = RegistryDbBuilder(domains=["empty"])
    builder.add_package(declared)
    builder.side("keys", {"key": "w"})
    live = builder.build().runtime(allow_id_overrides=True)
    live["commands"].register(
        Definition(RegistryMeta("tests::write", "write", priority=3), len), layer="over"
    )
    live["empty"].register(Definition(RegistryMeta("e", "E", ("x",)), str.upper))
    return live


def test_a_database_is_the_same_after_it_was_written_down() -> None:
    live = filled()
    found = again(live)
    for domain in live.snapshot():
        mine, other = live[domain], found[domain]
        assert [item.meta for item in other.items_all()] == [item.meta for item in mine.items_all()]
        assert other.collisions() == mine.collisions()
        assert other.layers() == mine.layers()
    assert found.snapshot().table("keys") == ({"key": "w"},)
    assert Invoker(found, audit=lambda line: None).invoke("write", "abc", caps=()).value == 3
    found.drop_layer("over")
    assert found["commands"].require("write")("a") == "a False 1"
    assert live["commands"].require("write").target is len
    with pytest.raises(UnknownKeyError):
        found["nothing"]


@pytest.mark.parametrize("take", ["base", "snapshot", "registry", "of_a_domain", "index"])
def test_each_part_can_be_written_down(take: str) -> None:
    live = filled()
    part = {
        "base": live.snapshot().base,
        "snapshot": live.snapshot(),
        "registry": RuntimeRegistry(index(thing("a", "A"))),
        "of_a_domain": live["commands"],
        "index": live.snapshot().base["commands"],
    }[take]
    assert type(again(part)) is type(part)
    assert type(copy.deepcopy(part)) is type(part)


def test_a_snapshot_goes_on_by_itself() -> None:
    live = filled()
    old = live.snapshot()
    live["empty"].register(Definition(RegistryMeta("later", "later"), len))
    found = again(old)
    assert found["empty"].get("later") is None
    assert found["empty"].get("x").meta.id == "e"
    assert found["empty"].get("E") is found["empty"].get_by_id("e")


def test_handles_of_an_item_that_left_find_it_again() -> None:
    live = RuntimeRegistry(index(thing("a")), allow_id_overrides=True)
    key = live.key("a")
    live.register(thing("a", priority=5), layer="over")
    found = again(live)
    with pytest.raises(StaleHandleError):
        found.resolve(key)
    found.drop_layer("over")
    assert found.resolve(key).meta.priority == 0


def test_a_declared_item_is_the_very_one() -> None:
    assert again(declared.write) is declared.write
    definition = declared.write.definition
    assert again(definition) is definition
    assert again([definition, declared.write])[0] is definition
    assert again(Definition(RegistryMeta("a", "a"), len)) == Definition(RegistryMeta("a", "a"), len)
    code = (
        "import pickle, sys\n"
        "handle, db = pickle.loads(sys.stdin.buffer.read())\n"
        "print(handle('x'), db['commands'].require('w')('y'))\n"
    )
    data = pickle.dumps((declared.write, filled().snapshot().base))
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=data,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.decode().split() == ["x", "False", "1", "y", "False", "1"]


@pytest.mark.parametrize(
    "part",
    [
        declared.Panel,
        declared.Panel(2),
        declared.Panel.Part(),
        declared.Tool.twice,
        declared.Tool.named,
        declared.twofold,
    ],
)
def test_what_is_declared_in_any_way_is_written_down(part: Any) -> None:
    found = again(part)
    assert type(found) is type(part)
    assert found is part or found == part


def test_a_class_method_is_written_down_with_its_database() -> None:
    builder = RegistryDbBuilder()
    builder.add_module(declared)
    found = again(builder.build())["commands"].require("named")
    assert found("x") == "Tool x"
    handle = declared.Tool.named.__func__
    assert again(handle) is handle
    assert again(found) is handle.definition


def test_errors_and_results_are_written_down() -> None:
    error = again(DuplicateIdError("things", "a", "why"))
    assert (type(error), error.id, str(error)) == (DuplicateIdError, "a", "things: the id 'a' is taken; why")
    unknown = again(UnknownKeyError("things", "a", ("b",)))
    assert (unknown.suggestions, str(unknown)) == (("b",), "things: there is no 'a'; did you mean 'b'?")
    result = again(InvocationResult("failed", "a", error="no", exception=ValueError("no")))
    assert (result.status, str(result.exception)) == ("failed", "no")
    assert again(Key("a", "b", 2)) == Key("a", "b", 2)


def test_a_workspace_is_written_down_as_its_database(tmp_path: Path) -> None:
    site = Site(tmp_path / "s")
    site.abilities({"ability_id": "a", "name": "Alpha"})
    runtime = open_runtime(site.root)
    whole = again(runtime)
    assert whole["ability"].require("Alpha").address == "ability_low/a"
    assert not whole.reload()
    site.abilities({"ability_id": "b"})
    assert whole.reload()
    assert whole["ability"].get("a") is None
    assert whole["ability"].require("b").address == "ability_low/b"
    found = again(runtime.db)
    assert found["ability"].require("Alpha").address == "ability_low/a"
    assert (
        again(runtime.snapshot())["ability_low"].require("a").value
        == runtime["ability_low"].require("a").value
    )
