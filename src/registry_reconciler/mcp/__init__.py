"""``registry mcp``: the commands as tools for an agent, over the Model Context Protocol.

A tool is a command: it runs in a process of its own, which can be ended, and answers with the command's JSON, cut to
what an agent reads. The workspace is fixed when the server starts, and so is what the tools may do.
"""

from __future__ import annotations

from pathlib import Path

from registry_reconciler.mcp.tools import Grants as Grants


def serve(root: Path, grants: Grants) -> None:
    """Serve an agent over standard input and output until it hangs up.

    Raises:
        ModuleNotFoundError: the extra ``mcp`` is not installed.
    """
    import asyncio
    import gc

    from registry_reconciler.mcp.server import run

    gc.enable()  # one command makes little garbage in cycles; a day of calls does not
    asyncio.run(run(root, grants))


def serve_http(root: Path, grants: Grants, host: str, port: int, token: str) -> None:
    """Serve over HTTP, on this machine alone and only who has the token, until somebody ends it.

    Raises:
        ModuleNotFoundError: the extra ``mcp`` is not installed.
    """
    import asyncio
    import gc

    from registry_reconciler.mcp.http import run_http

    gc.enable()
    asyncio.run(run_http(root, grants, host, port, token))
