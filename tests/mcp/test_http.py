"""The server over HTTP: on this machine alone, for whoever has the token, and for no page of elsewhere."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.lsp.editor import workspace
from tests.support import installed

TOKEN = "a-token-of-this-test"
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
PLAIN = {"accept": "application/json, text/event-stream"}
MINE = {**PLAIN, "authorization": f"Bearer {TOKEN}"}


async def each_agent_applies_what_it_was_shown(url: str, root: Path) -> None:
    """Two agents with one token: neither applies a plan that only the other one was shown."""
    docs = root / "desired/docs.yaml"
    docs.write_text(docs.read_text().replace("topic: errors", "topic: faults"))

    async def ask(agent: Client, tool: str, **arguments: str) -> dict[str, Any]:
        found = await agent.call_tool(tool, arguments)
        assert isinstance(found, types.CallToolResult)
        data: dict[str, Any] | None = found.structured_content
        assert data is not None
        return data

    async with httpx.AsyncClient(headers=MINE) as one, httpx.AsyncClient(headers=MINE) as two:
        ways = [streamable_http_client(url, http_client=client) for client in (one, two)]  # type: ignore[arg-type]
        async with Client(ways[0], mode="legacy") as first, Client(ways[1], mode="legacy") as second:
            shown = (await ask(first, "plan"))["plan_id"]
            refused = await ask(second, "apply", plan_id=shown)
            assert "no plan with this id was shown" in refused["errors"][0]["message"]
            assert (await ask(first, "apply", plan_id=shown))["exit"] == 0


@pytest.mark.asyncio
async def test_only_who_has_the_token_and_comes_from_here_is_served(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mcp"
    root = workspace(tmp_path)
    server = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "registry"),
        "mcp",
        f"--http=127.0.0.1:{port}",
        f"--root={root}",
        "--write",
        env={**os.environ, "REGISTRY_MCP_TOKEN": TOKEN},
    )
    try:
        async with httpx.AsyncClient(headers=MINE) as client, asyncio.timeout(90):
            while server.returncode is None:
                try:
                    await client.get(url)
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
            for headers, status in (
                (PLAIN, 401),
                ({**PLAIN, "authorization": "Bearer another"}, 401),
                ({**MINE, "origin": "http://pages.example"}, 403),
                ({**MINE, "host": f"pages.example:{port}"}, 421),
                ({**MINE, "origin": f"http://localhost:{port}"}, 200),
            ):
                async with httpx.AsyncClient() as other:
                    assert (await other.post(url, json=HELLO, headers=headers)).status_code == status, headers
            transport = streamable_http_client(url, http_client=client)  # type: ignore[arg-type]
            async with Client(transport) as agent:
                assert "apply" in {tool.name for tool in (await agent.list_tools()).tools}
                found = await agent.call_tool("check", {})
                assert isinstance(found, types.CallToolResult)
                assert found.structured_content is not None
                assert found.structured_content["exit"] == 0
            await each_agent_applies_what_it_was_shown(url, root)
    finally:
        if server.returncode is None:
            server.terminate()
        await asyncio.wait_for(server.wait(), 60)


@pytest.mark.parametrize(
    "place", ["0.0.0.0:8000", "8000", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", ""]
)
def test_another_place_than_this_machine_is_refused(tmp_path: Path, place: str) -> None:
    if place == "0.0.0.0:8000":
        done = installed("mcp", f"--http={place}", cwd=workspace(tmp_path))
        assert done.exit == 64
        assert "this machine alone" in done.err
    from registry_reconciler.cli.commands.mcp import _place
    from registry_reconciler.errors import UsageFailure

    with pytest.raises(UsageFailure, match=r"127\.0\.0\.1:PORT"):
        _place(place)
