"""Abilities that call a tool of an MCP server: ``kind: mcp``. With the extra ``mcp``, the official client.

Servers are declared once, under ``mcp_servers`` of the configuration: ``command`` for one that is started here and
talks over its standard input and output, ``url`` for one that is reached by streamable HTTP. A server that is started
gets the environment of a script, and ends with the call.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.errors import or_meant
from registry_reconciler.runtime.execution.extras import missing_extra
from registry_reconciler.runtime.execution.handlers import (
    HandlerError,
    HandlerTimeout,
    RunLimits,
    clean_environment,
    command_line,
)
from registry_reconciler.runtime.execution.web import check_address, headers_of
from registry_reconciler.runtime.registry.near import probably_meant
from registry_reconciler.runtime.registry.source import SideTables, servers_in

if TYPE_CHECKING:
    from mcp import StdioServerParameters
    from mcp.types import CallToolResult

NO_ARGUMENTS = "a tool takes an object with its arguments as input"

_LONGEST_SHOWN = 500


def server_named(db: SideTables, name: Any) -> Mapping[str, Any]:
    """The declaration of a server.

    Raises:
        HandlerError: there is none of this name.
    """
    servers = servers_in(db)
    found: Mapping[str, Any] | None = servers.get(str(name))
    if found is None:
        raise HandlerError(
            f"there is no MCP server {name!r} under mcp_servers of .system/registry/config.yaml"
            + or_meant(probably_meant(str(name), servers))
        )
    return found


def cannot_reach(root: Path | None, server: Mapping[str, Any], payload: Any) -> str:
    """Why a server cannot be reached with an input, as far as that can be said without it; "" when it can.

    Raises:
        HandlerError: its command, address or headers cannot be meant.
    """
    if payload is not ... and not isinstance(payload, Mapping):
        return NO_ARGUMENTS
    if "command" not in server:
        check_address(str(server.get("url")))
        headers_of(server.get("headers"))
    elif root is None:
        return "there is no workspace to start it in"
    else:
        command_line(root, server.get("command"))
    return ""


def call_tool(root: Path, server: Mapping[str, Any], tool: str, payload: Any, limits: RunLimits) -> Any:
    """Call a tool; what it answers: its structured content, else JSON or text.

    Raises:
        HandlerTimeout: the server did not start or answer in time; it is ended.
        HandlerError: it cannot be reached, has no such tool, or the tool failed.
    """
    missing = missing_extra("mcp")
    if missing:
        raise HandlerError(missing)
    if not isinstance(payload, Mapping):
        raise HandlerError(NO_ARGUMENTS)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errlog:
        result = _in_a_thread(lambda: _run(root, server, tool, dict(payload), limits, errlog))
    return _value(result, tool, limits)


def _in_a_thread(work: Any) -> Any:
    """The client runs in a loop of its own; its caller may be in one."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    found: list[Any] = []

    def run() -> None:
        try:
            found.append((work(), None))
        except BaseException as error:
            found.append((None, error))

    thread = threading.Thread(target=run, daemon=True, name="registry-mcp")
    thread.start()
    thread.join()
    value, error = found[0]
    if error is not None:
        raise error
    return value


def _run(
    root: Path,
    server: Mapping[str, Any],
    tool: str,
    arguments: dict[str, Any],
    limits: RunLimits,
    errlog: Any,
) -> CallToolResult:
    import asyncio

    try:
        return asyncio.run(_talk(root, server, tool, arguments, limits, errlog))
    except TimeoutError as error:
        raise HandlerTimeout(f"the tool {tool} did not answer within {limits.seconds:g} s") from error
    except HandlerError:
        raise
    except Exception as error:
        raise HandlerError(
            f"the tool {tool} cannot be called: {_words(error)}{_last_words(errlog)}"
        ) from error


async def _talk(
    root: Path,
    server: Mapping[str, Any],
    tool: str,
    arguments: dict[str, Any],
    limits: RunLimits,
    errlog: Any,
) -> CallToolResult:
    import asyncio
    from contextlib import AsyncExitStack

    from mcp import Client, stdio_client

    async with asyncio.timeout(limits.seconds), AsyncExitStack() as stack:
        if "command" in server:
            transport: Any = stdio_client(_started(root, server), errlog=errlog)
        else:
            transport = await _reached(stack, server)
        client = await stack.enter_async_context(Client(transport, cache=None))
        return await client.call_tool(tool, arguments)


def _started(root: Path, server: Mapping[str, Any]) -> StdioServerParameters:
    from mcp import StdioServerParameters

    program, *rest = command_line(root, server.get("command"))
    given = clean_environment(server.get("env"), {"REGISTRY_ROOT": str(root)})
    return StdioServerParameters(command=program, args=rest, env=given, cwd=root)


async def _reached(stack: Any, server: Mapping[str, Any]) -> Any:
    import httpx2  # what the client itself speaks HTTP with
    from mcp.client.streamable_http import streamable_http_client

    check_address(str(server.get("url")))
    http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers_of(server.get("headers"))))
    return streamable_http_client(str(server.get("url")), http_client=http)


def _words(error: BaseException) -> str:
    """What went wrong, out of the groups that the client puts it in."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    text = visible(str(error)[:_LONGEST_SHOWN])
    return text or type(error).__name__


def _last_words(errlog: Any) -> str:
    errlog.seek(0)
    lines = errlog.read().strip().splitlines()
    return f" (the server said: {visible(lines[-1][:_LONGEST_SHOWN])})" if lines else ""


def _value(result: CallToolResult, tool: str, limits: RunLimits) -> Any:
    texts = [part.text for part in result.content if part.type == "text"]
    text = "\n".join(texts)
    if len(text.encode()) > limits.output:
        raise HandlerError(f"the tool {tool} answered more than {limits.output} bytes")
    if result.is_error:
        raise HandlerError(f"the tool {tool} failed: {visible(text[:_LONGEST_SHOWN])}".rstrip(": "))
    if result.structured_content is not None:
        value = result.structured_content
        # A tool that returns no object has its value wrapped in one.
        return value["result"] if isinstance(value, dict) and set(value) == {"result"} else value
    if len(texts) == len(result.content):
        from registry_reconciler.runtime.execution.plainjson import read_json

        try:
            return read_json(text) if text else None
        except ValueError:
            return text
    return [part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in result.content]
