"""Abilities that call an address or a tool: tried against a real HTTP server and real MCP servers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from registry_reconciler.runtime import InvocationResult, open_runtime
from tests.unit.runtime.helper import CONFIG, Site, runs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="servers of this test are started on POSIX")


class Handler(BaseHTTPRequestHandler):
    """Answers what its path says, and remembers what it was asked."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, Any]]
    failures: list[int]

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        parts = urlsplit(self.path)
        asked = {
            "method": self.command,
            "path": parts.path,
            "query": parse_qs(parts.query),
            "body": json.loads(body) if body else None,
            "token": self.headers.get("authorization"),
        }
        self.seen.append(asked)
        name = parts.path.split("/")[1]
        if name == "fail" and self.failures:
            return self._say(self.failures.pop(0), b"not now", "text/plain")
        if name == "big":
            return self._say(200, b"x" * 3_000_000, "text/plain")
        if name == "slow":
            time.sleep(5)
        if name == "dripping":
            with contextlib.suppress(OSError):
                for sign in "HTTP/1.1 200 OK\r\nx-slow: " + "y" * 600:
                    self.wfile.write(sign.encode())
                    self.wfile.flush()
                    time.sleep(0.05)
            self.close_connection = True
            return None
        if name == "away":
            self.send_response(302)
            self.send_header("location", "/got")
            self.send_header("content-length", "0")
            self.end_headers()
            return None
        if name == "lies":
            return self._say(200, b"{", "application/json")
        if name == "text":
            return self._say(200, "grüß".encode(), "text/plain; charset=utf-8")
        if name == "nothing":
            return self._say(204, b"", "")
        return self._say(200, json.dumps(asked).encode(), "application/json")

    def _say(self, code: int, data: bytes, kind: str) -> None:
        self.send_response(code)
        if kind:
            self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            return

    do_GET = do_POST = do_PUT = do_DELETE = _answer


class Web:
    """A server on a port of its own."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.failures: list[int] = []
        handler = type("Own", (Handler,), {"seen": self.seen, "failures": self.failures})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web() -> Iterator[Web]:
    found = Web()
    yield found
    found.server.shutdown()
    found.server.server_close()


def call(site: Site, key: str, payload: Any, **asked: Any) -> InvocationResult[Any]:
    invoker = open_runtime(site.root).invoker(audit=lambda line: None)
    return invoker.invoke(key, payload, caps=(), **asked)


def api(site: Site, endpoint: str, **more: Any) -> None:
    site.abilities({"ability_id": "a", "implementation": {"kind": "api", "endpoint": endpoint, **more}})


def test_the_input_goes_where_the_entry_says(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_TOKEN", "s3cret")
    site = Site(tmp_path / "s")
    api(
        site,
        f"{web.url}/users/{{user}}/notes",
        method="PUT",
        query=["draft"],
        headers={"Authorization": {"env": "OWN_TOKEN", "prefix": "Bearer "}},
    )
    result = call(site, "a", {"user": "a/b ä", "draft": True, "text": "hello"})
    assert result.value == {
        "method": "PUT",
        "path": "/users/a%2Fb%20%C3%A4/notes",
        "query": {"draft": ["true"]},
        "body": {"text": "hello"},
        "token": "Bearer s3cret",
    }
    api(site, f"{web.url}/search", method="GET", query={"q": {"input": "words"}, "limit": 5})
    found = call(site, "a", {"words": "x y", "page": 2}).value
    assert (found["query"], found["body"]) == ({"q": ["x y"], "limit": ["5"], "page": ["2"]}, None)
    api(site, f"{web.url}/plain")
    assert call(site, "a", [1, 2]).value["body"] == [1, 2]


def test_what_is_answered_is_json_or_text_or_nothing(tmp_path: Path, web: Web) -> None:
    site = Site(tmp_path / "s")
    for path, value in (("text", "grüß"), ("nothing", None)):
        api(site, f"{web.url}/{path}", method="GET")
        assert call(site, "a", {}).value == value
    api(site, f"{web.url}/lies", method="GET")
    assert "no JSON, though it says so" in call(site, "a", {}).error


def test_what_may_pass_is_tried_again_and_only_where_that_is_harmless(tmp_path: Path, web: Web) -> None:
    site = Site(tmp_path / "s")
    web.failures += [503, 429]
    api(site, f"{web.url}/fail", method="GET", retry={"attempts": 3, "seconds": 0.01})
    assert call(site, "a", {}).ok
    assert len(web.seen) == 3
    web.failures += [503]
    api(site, f"{web.url}/fail")
    result = call(site, "a", {})
    assert (result.status, len(web.seen)) == ("failed", 4)
    assert "503" in result.error
    assert "not now" in result.error
    web.failures += [404]
    api(site, f"{web.url}/fail", method="GET", retry=5)
    assert call(site, "a", {}).status == "failed"
    assert len(web.seen) == 5


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("big", "failed", "more than"),
        ("away", "failed", "302"),
        ("slow", "timeout", "did not answer within 0.5 s"),
        ("dripping", "timeout", "did not answer within 0.5 s"),
    ],
)
def test_limits_hold_and_redirects_are_not_followed(
    tmp_path: Path, web: Web, path: str, status: str, why: str
) -> None:
    site = Site(tmp_path / "s")
    api(site, f"{web.url}/{path}", method="GET", timeout_seconds=0.5 if path in ("slow", "dripping") else 30)
    result = call(site, "a", {})
    assert result.duration < 20
    assert (result.status, why in result.error) == (status, True), result.error


def test_what_cannot_be_called_is_said_with_words_and_by_a_dry_run(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_TOKEN", "s3cret\n")
    site = Site(tmp_path / "s")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"endpoint": f"http://127.0.0.1:{port}/x", "retry": 1}, "cannot be reached"),
        ({"endpoint": "notes/x"}, "no address"),
        ({"endpoint": f"{web.url}/{{who}}"}, "needs 'who' of the input"),
        ({"endpoint": "http://{host}/x"}, "no part of the input"),
        (
            {"endpoint": f"{web.url}/x", "headers": {"X": {"env": "NOT_SET_AT_ALL"}}},
            "NOT_SET_AT_ALL, which is not set",
        ),
        ({"endpoint": "http://"}, "no host"),
        ({"endpoint": "http://[::1/x"}, "is no address"),
        ({"endpoint": "http://localhost:99999/"}, "is no address"),
        ({"endpoint": "http://local host/"}, "a blank stands in its host"),
        ({"endpoint": f"{web.url}/x", "headers": {"X Y": "z"}}, "'X Y' cannot be the name of a header"),
        ({"endpoint": f"{web.url}/x", "headers": {"X": "grün"}}, "X has a character that no header"),
        (
            {"endpoint": f"{web.url}/x", "headers": {"X": {"env": "OWN_TOKEN"}}},
            "X has a character that no header",
        ),
        ({"endpoint": f"{web.url}/x", "headers": ["X"]}, "headers are a mapping"),
        ({"endpoint": f"{web.url}/x", "retry": {"attempts": "often"}}, "retry is a number of attempts"),
        ({"endpoint": f"{web.url}/x", "retry": {"seconds": -1}}, "retry.seconds is a number"),
        ({"endpoint": f"{web.url}/x", "query": 3}, "query is a list"),
    ]
    for how, why in cases:
        site.abilities({"ability_id": "a", "implementation": {"kind": "api", **how}})
        result = call(site, "a", {"host": "example.org"})
        assert result.status == "failed"
        assert why in result.error, result.error
        assert "s3cret" not in result.error
        dry = call(site, "a", {"host": "example.org"}, dry_run=True)
        assert dry.error == ("" if why == "cannot be reached" else result.error)
    api(site, f"{web.url}/{{who}}/x")
    assert "another address" in call(site, "a", {"who": ".."}).error
    assert "another address" in call(site, "a", {"who": ".."}, dry_run=True).error
    assert call(site, "a", {"who": "me"}, dry_run=True).ok
    assert web.seen == []


SERVER = """\
import os, sys, time
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
server = MCPServer("own")
if len(sys.argv) > 1 and sys.argv[1] == "note":
    open("pid", "w").write(str(os.getpid()))

@server.tool()
def add(a: int, b: int) -> int:
    return a + b

@server.tool()
def pair(a: str) -> dict[str, str]:
    return {"a": a, "root": os.environ.get("REGISTRY_ROOT", ""), "home": os.environ.get("OWN_SECRET", "none")}

@server.tool()
def fails() -> str:
    raise ToolError("no such luck")

@server.tool()
def waits() -> str:
    time.sleep(60)
    return "late"

if sys.argv[1:2] == ["http"]:
    server.run("streamable-http", port=int(sys.argv[2]))
else:
    server.run()
"""


def tools(site: Site, server: dict[str, Any], *names: str) -> None:
    site.write(".system/registry/config.yaml", {**CONFIG, "mcp_servers": {"own": server}})
    site.abilities(
        *(
            {"ability_id": name, "implementation": {"kind": "mcp", "server": "own", "tool": name}}
            for name in names
        )
    )


def own_server(site: Site, *words: str) -> list[str]:
    place = site.write("servers/own.py", SERVER.encode())
    return [sys.executable, str(place), *words]


def launcher(site: Site, *words: str) -> dict[str, Any]:
    # A program with a slash is a file of the workspace, so Python is started by a script of it.
    line = " ".join(own_server(site, *words))
    place = site.write("servers/start", f"#!/bin/sh\nexec {line}\n".encode())
    place.chmod(0o755)
    return {"command": ["servers/start"]}


@pytest.mark.slow
def test_a_tool_of_a_server_that_is_started_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN_SECRET", "x")
    site = Site(tmp_path / "s")
    tools(site, launcher(site, "note"), "add", "pair", "fails", "nowhere")
    assert call(site, "add", {"a": 2, "b": 3}).value == 5
    end = time.monotonic() + 20
    pid = int((site.root / "pid").read_text())
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not runs(pid)
    assert call(site, "pair", {"a": "x"}).value == {"a": "x", "root": str(site.root), "home": "none"}
    failed = call(site, "fails", {})
    assert failed.status == "failed"
    assert "no such luck" in failed.error
    assert call(site, "nowhere", {}).status == "failed"
    assert "takes an object" in call(site, "add", [1]).error


@pytest.mark.slow
def test_a_tool_that_takes_too_long_is_ended_with_its_server(tmp_path: Path) -> None:
    site = Site(tmp_path / "s")
    tools(site, launcher(site, "note"), "waits")
    result = call(site, "waits", {}, timeout=15)
    assert (result.status, "did not answer within 15 s" in result.error) == ("timeout", True)
    pid = int((site.root / "pid").read_text())
    end = time.monotonic() + 20
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not runs(pid)


@pytest.mark.slow
def test_a_tool_of_a_server_that_is_reached_by_http(tmp_path: Path) -> None:
    site = Site(tmp_path / "s")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        own_server(site, "http", str(port)),
        cwd=site.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        tools(site, {"url": f"http://127.0.0.1:{port}/mcp"}, "add", "fails")
        assert call(site, "add", {"a": 2, "b": 3}).value == 5
        assert "no such luck" in call(site, "fails", {}).error
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert "cannot be called" in call(site, "add", {"a": 2, "b": 3}).error


def test_a_dry_run_says_what_nothing_here_can_run(tmp_path: Path) -> None:
    site = Site(tmp_path / "s")
    tools(site, launcher(site), "add")
    assert call(site, "add", {}, dry_run=True).error == ""
    site.abilities(
        {"ability_id": "add", "implementation": {"kind": "mcp", "server": "ownn", "tool": "add"}},
        {"ability_id": "bare"},
    )
    result = call(site, "add", {}, dry_run=True)
    assert "there is no MCP server 'ownn'" in result.error
    assert "did you mean 'own'" in result.error
    assert "no implementation" in call(site, "bare", {}, dry_run=True).error
    tools(site, {"url": "http://"}, "add")
    site.flows({"ability_id": "both", "steps": ["add"]})
    assert "'http://' is no address" in call(site, "add", {}, dry_run=True).error
    assert call(site, "add", [1], dry_run=True).status == "failed"
    assert "step add: 'http://' is no address" in call(site, "both", {}, dry_run=True).error
