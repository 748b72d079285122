"""What comes in over standard input, and an answer to what the protocol's library cannot read.

The library reads each line strictly and drops one that it cannot, with a word in its log: whoever sent it would
wait for ever. A request with half of a character in it (``"\\ud800"``) is such a line, and one whose ``params`` are
a list.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

import mcp_types as types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

_UNREADABLE = (
    "the request cannot be read: {}. Send JSON-RPC 2.0 in UTF-8, without half of a character in a text"
)


class Answering:
    """The stream of messages; a line that is none is answered with an error and left out."""

    def __init__(self, incoming: Any, outgoing: Any) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._incoming, name)

    async def receive(self) -> SessionMessage | Exception:
        """The next message, or what is wrong with the transport itself."""
        while True:
            item = await self._incoming.receive()
            if not isinstance(item, ValidationError):
                return item  # type: ignore[no-any-return]
            error = error_for(item)
            if error is not None:
                await self._outgoing.send(SessionMessage(error))

    def __aiter__(self) -> Answering:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        from anyio import EndOfStream

        try:
            return await self.receive()
        except EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Answering:
        await self._incoming.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        found: bool | None = await self._incoming.__aexit__(kind, error, trace)
        return found


def error_for(fault: ValidationError) -> types.JSONRPCError | None:
    """The answer to a line that is no message; ``None`` to one that expects none."""
    line = next((found["input"] for found in fault.errors() if isinstance(found["input"], str | bytes)), None)
    number: int | str | None = None
    code = types.PARSE_ERROR
    if line is not None:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            data = None
    else:
        data = next((found["input"] for found in fault.errors() if isinstance(found["input"], dict)), None)
    if isinstance(data, dict):
        if "id" not in data or "result" in data or "error" in data:
            return None
        number, code = _id(data["id"]), types.INVALID_REQUEST
    message = str(fault.errors()[0]["msg"])
    return types.JSONRPCError(
        jsonrpc="2.0", id=number, error=types.ErrorData(code=code, message=_UNREADABLE.format(message))
    )


def _id(value: object) -> int | str | None:
    if isinstance(value, str):
        # Half of a character cannot be sent back; every other name can.
        return None if any("\ud800" <= letter <= "\udfff" for letter in value) else value
    return value if isinstance(value, int) and not isinstance(value, bool) else None
