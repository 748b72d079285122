"""The example dispatcher: what a model is told, what it gets, part by part, and what it may not do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from docs.examples.dispatcher.dispatcher import Dispatcher
from docs.examples.dispatcher.tools import NOTES
from registry_reconciler.runtime import Definition, RegistryMeta


@pytest.fixture(autouse=True)
def notes() -> Iterator[None]:
    before = dict(NOTES)
    yield
    NOTES.clear()
    NOTES.update(before)


def test_the_list_of_tools_is_what_a_model_reads() -> None:
    found = {tool["name"]: tool for tool in Dispatcher().tool_list()}
    assert sorted(found) == ["notes_read", "notes_words", "notes_write"]
    assert found["notes_write"] == {
        "name": "notes_write",
        "description": "Writes a note; what was there is gone.",
        "input_schema": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "text": {"type": "string"}},
            "required": ["name", "text"],
            "additionalProperties": False,
        },
    }
    assert found["notes_words"]["input_schema"]["properties"]["most"] == {"type": "integer"}
    assert found["notes_words"]["input_schema"]["required"] == ["name"]


def test_calls_are_carried_out_in_the_loop_of_the_agent() -> None:
    agent = Dispatcher(caps=["notes.write"])

    async def turn() -> list[dict[str, Any]]:
        first, second = await asyncio.gather(
            agent.call("notes_write", {"name": "new", "text": "hello"}),
            agent.call("notes_read", {"name": "plan"}),
        )
        return [first, second, await agent.call("notes_read", {"name": "new"})]

    assert asyncio.run(turn()) == [
        {"content": {"length": 5}, "is_error": False},
        {"content": "first this, then that", "is_error": False},
        {"content": "hello", "is_error": False},
    ]
    assert sorted(agent.audit) == [("notes.read", "allow"), ("notes.read", "allow"), ("notes.write", "allow")]


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("notes_write", {"name": "a", "text": "b"}, "needs notes.write"),
        ("notes_read", {"name": "missing"}, "KeyError"),
        ("notes_read", {}, "missing 1 required"),
        ("notes_read", {"nme": "plan"}, "unexpected keyword argument 'nme'"),
        ("notes_raed", {"name": "plan"}, "no such tool"),
        ("notes_clear", {}, "no such tool"),
    ],
)
def test_what_goes_wrong_is_an_answer_for_the_model(name: str, arguments: dict[str, Any], why: str) -> None:
    answer = asyncio.run(Dispatcher().call(name, arguments))
    assert answer["is_error"]
    assert why in answer["content"]
    assert NOTES["plan"] == "first this, then that"


def parts_of(agent: Dispatcher, name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    async def turn() -> list[dict[str, Any]]:
        return [part async for part in agent.stream(name, arguments)]

    return asyncio.run(turn())


def test_a_tool_that_streams_gives_its_parts_as_they_come() -> None:
    agent = Dispatcher()
    assert parts_of(agent, "notes_words", {"name": "plan", "most": 2}) == [
        {"part": "first"},
        {"part": "this,"},
        {"is_error": False, "content": ""},
    ]
    broken = parts_of(agent, "notes_words", {"name": "missing"})
    assert [part["is_error"] for part in broken] == [True]
    assert parts_of(agent, "notes_read", {"name": "plan"})[0] == {"part": "first this, then that"}


def test_a_guard_holds_the_model_back() -> None:
    def no_plans(event: Any) -> dict[str, Any]:
        return {"block": event["payload"].get("name") == "plan", "message": "the plan is private"}

    agent = Dispatcher(guards=[Definition(RegistryMeta("private", "private"), no_plans)])
    answer = asyncio.run(agent.call("notes_read", {"name": "plan"}))
    assert (answer["is_error"], "the plan is private" in answer["content"]) == (True, True)
    assert parts_of(agent, "notes_words", {"name": "plan"})[0]["is_error"]
