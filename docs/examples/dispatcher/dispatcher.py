"""The list of tools for a model, and what becomes of a call."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, get_type_hints

from docs.examples.dispatcher import tools
from registry_reconciler.runtime import (
    Arguments,
    Context,
    Definition,
    Domain,
    Invoker,
    Key,
    RegistryDbBuilder,
    RuntimeDb,
    Vocabulary,
)

TOOLS = Domain[Definition[..., Any]]("tools")
SHOWN = "model"
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}


class Dispatcher:
    """Tools of one agent, with what it was granted."""

    def __init__(self, caps: Iterable[str] = (), guards: Iterable[Definition[..., Any]] = ()) -> None:
        builder = RegistryDbBuilder(domains=[TOOLS])
        builder.add_package(tools)
        for guard in guards:
            builder.register("hook", guard)
        self.db: RuntimeDb = builder.build().runtime()
        self._caps = frozenset(caps)
        self.audit: list[tuple[str, str]] = []
        self._invoker = Invoker(
            self.db,
            vocabulary=Vocabulary({"notes.write": {"mutates": True}}),
            audit=lambda line: self.audit.append((line.id, line.verdict)),
        )

    def tool_list(self) -> list[dict[str, Any]]:
        """The tools as a model is told of them. A name has no dots there, as most interfaces want it."""
        return [
            {
                "name": tool.meta.id.replace(".", "_"),
                "description": tool.meta.description,
                "input_schema": input_schema(tool),
            }
            for tool in self.db[TOOLS]
            if SHOWN in tool.meta.flags
        ]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call, for the model: ``content``, and ``is_error`` where it has to think again."""
        result = await self._invoker.ainvoke(self._key(name), Arguments((), dict(arguments)), caps=self._caps)
        return {"content": result.value if result.ok else result.error, "is_error": not result.ok}

    async def stream(self, name: str, arguments: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The parts of an answer as they come, and at the end whether it came to its end."""
        stream = self._invoker.stream(self._key(name), Arguments((), dict(arguments)), caps=self._caps)
        async for part in stream:
            yield {"part": part}
        assert stream.result is not None
        yield {"is_error": not stream.result.ok, "content": stream.result.error}

    def _key(self, name: str) -> Key[Any]:
        """The tool that a model means. One that it may not see does not exist for it."""
        names = {
            tool.meta.id.replace(".", "_"): tool.meta.id
            for tool in self.db[TOOLS]
            if SHOWN in tool.meta.flags
        }
        return Key(TOOLS, names.get(name, name if name in names.values() else f"{name} (no such tool)"))


def input_schema(tool: Definition[..., Any]) -> dict[str, Any]:
    """The arguments of a tool as JSON Schema, from its signature."""
    assert tool.target is not None
    hints = get_type_hints(tool.target)
    wanted = {
        name: parameter
        for name, parameter in inspect.signature(tool.target).parameters.items()
        if hints.get(name) is not Context
    }
    return {
        "type": "object",
        "properties": {name: {"type": _TYPES.get(hints.get(name, str), "string")} for name in wanted},
        "required": [name for name, parameter in wanted.items() if parameter.default is parameter.empty],
        "additionalProperties": False,
    }
