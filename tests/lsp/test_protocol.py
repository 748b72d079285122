"""What the installed language server says to what is no request, or comes at the wrong time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lsp.editor import PATIENCE

INITIALIZE = {"method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
SHUTDOWN = {"method": "shutdown"}
EXIT = {"method": "exit"}


def framed(message: bytes | dict[str, Any]) -> bytes:
    """A message as it is sent; a dictionary is one of the protocol."""
    data = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(data) + data


def answers(output: bytes) -> Iterator[dict[str, Any]]:
    """The answers among what was said."""
    while output:
        head, _, output = output.partition(b"\r\n\r\n")
        length = int(
            next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")).split()[1]
        )
        message = json.loads(output[:length])
        output = output[length:]
        if "method" not in message:
            yield message


def talk(*messages: bytes | dict[str, Any]) -> tuple[int, list[tuple[Any, int | None]]]:
    """The exit code, and of each answer its id and the code of its error."""
    script = Path(sys.executable).parent / "registry"
    done = subprocess.run(
        [script, "lsp"],
        input=b"".join(map(framed, messages)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
    )
    found = [(message["id"], message.get("error", {}).get("code")) for message in answers(done.stdout)]
    return done.returncode, found


AT = {"textDocument": {"uri": "file://[x/y"}, "position": {"line": 0, "character": 0}}


MESSAGES: list[tuple[bytes | dict[str, Any], tuple[Any, int | None]]] = [
    (b"{nope", (None, -32700)),
    (b'{"method": "\xff"}', (None, -32700)),
    (b"[" * 5000 + b"]" * 5000, (None, -32700)),
    (b"[1]", (None, -32600)),
    (b"null", (None, -32600)),
    (b'{"id": 11, "method": "shutdown"}', (11, -32600)),
    ({"id": 12, "method": 5}, (12, -32603)),
    ({"id": 13, "method": "textDocument/hover"}, (13, -32602)),
    ({"id": "a", "method": "textDocument/hover", "params": "x"}, ("a", -32602)),
    ({"id": 14, "method": "workspace/nothing", "params": {}}, (14, -32601)),
    ({"id": 15, "method": "textDocument/hover", "params": AT}, (15, None)),
]


def test_each_message_has_its_answer_and_the_server_goes_on() -> None:
    code, found = talk(
        {"id": 1, **INITIALIZE}, *(message for message, _ in MESSAGES), {"id": 2, **SHUTDOWN}, EXIT
    )
    expected = [(1, None), *(answer for _, answer in MESSAGES), (2, None)]
    # What is worked out in another thread is answered when it is ready.
    assert (code, sorted(found, key=repr)) == (0, sorted(expected, key=repr))


def test_requests_before_the_beginning_and_after_the_end_are_refused() -> None:
    other = {"method": "workspace/symbol", "params": {"query": "a"}}
    code, found = talk(
        {"id": 1, **other}, {"id": 2, **INITIALIZE}, {"id": 3, **SHUTDOWN}, {"id": 4, **other}, EXIT
    )
    assert (code, found) == (0, [(1, -32002), (2, None), (3, None), (4, -32600)])


def test_a_server_that_was_not_told_to_shut_down_exits_with_1() -> None:
    assert talk({"id": 1, **INITIALIZE}, EXIT) == (1, [(1, None)])
