"""The same tools over HTTP, for a client that does not start programs: on this machine alone, and with a token.

A page in a browser can reach a port of its machine, under a name that it chose. So whoever asks has to have the token,
has to call the machine by its own name, and must not come from a page of elsewhere.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from registry_reconciler.mcp.server import Session, make_server, telling_changes
from registry_reconciler.mcp.tools import Grants


class WithToken:
    """Lets only those through who have the token; everything else that they ask for is the application's."""

    def __init__(self, app: Any, token: str) -> None:
        self._app = app
        self._token = f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # nothing here speaks it
            return
        if scope["type"] == "http" and not self._has_token(scope["headers"]):
            headers = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"the token is missing or another one\n"})
            return
        await self._app(scope, receive, send)

    def _has_token(self, headers: Any) -> bool:
        given = [value for name, value in headers if name.lower() == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(given[0], self._token)


def application(session: Session, host: str, port: int, token: str) -> WithToken:
    """What answers requests."""
    names = [f"{name}:{port}" for name in dict.fromkeys((host, "127.0.0.1", "localhost"))]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=names,
        allowed_origins=[f"http://{name}" for name in names],
    )
    app = make_server(session).streamable_http_app(host=host, transport_security=security)
    return WithToken(app, token)


async def run_http(root: Path, grants: Grants, host: str, port: int, token: str) -> None:
    """Serve until somebody ends it."""
    session = Session(root, grants)
    app = application(session, host, port, token)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="on")
    async with telling_changes(session):
        await uvicorn.Server(config).serve()
