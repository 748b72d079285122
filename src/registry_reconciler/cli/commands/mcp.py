"""``registry mcp``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import Root
from registry_reconciler.errors import MissingExtra, UsageFailure

EXAMPLE = """\
  registry mcp --write

  An agent's client starts it and talks to it over standard input and output.
  docs/agents/mcp.md has the set-up for the usual clients.
"""


def command(
    write: Annotated[bool, typer.Option("--write", help="Let tools edit fragments and apply plans.")] = False,
    directives: Annotated[
        bool, typer.Option("--directives", help="Let tools stop managing entries ('removed' with keep).")
    ] = False,
    abilities: Annotated[
        bool, typer.Option("--abilities", help="Serve each ability of the workspace as a tool.")
    ] = False,
    cap: Annotated[
        list[str] | None,
        typer.Option("--cap", metavar="CAP", help="A capability that abilities may use; repeatable."),
    ] = None,
    http: Annotated[
        str | None,
        typer.Option("--http", metavar="127.0.0.1:PORT", help="Serve over HTTP, on this machine alone."),
    ] = None,
    root: Root = None,
) -> int:
    """Serve an agent: plan, check, explain, show, list, search and more as tools.

    It speaks the Model Context Protocol. It needs the extra: pip install
    'registry-reconciler[mcp]'. Without --write nothing is changed, and a plan is only applied by
    the id with which it was shown. With --http, who asks needs the token that stands in
    REGISTRY_MCP_TOKEN; where there is none, one is made and said on standard error.
    """
    from pathlib import Path

    from registry_reconciler.files.root import find_root

    folder = find_root(root or Path("."))
    place = _place(http) if http is not None else None
    try:
        import mcp  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra("mcp", "the server for agents") from error
    from registry_reconciler.mcp import Grants, serve, serve_http

    grants = Grants(write=write, directives=directives, abilities=abilities, capabilities=tuple(cap or ()))
    if place is None:
        serve(folder, grants)
    else:
        serve_http(folder, grants, *place, _token())
    return 0


def _place(word: str) -> tuple[str, int]:
    """Host and port to listen on. Raises :class:`UsageFailure` for any that others could reach."""
    host, _, port = word.rpartition(":")
    if host not in ("127.0.0.1", "localhost") or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageFailure(f"--http {word}: say 127.0.0.1:PORT; it is served on this machine alone.")
    return "127.0.0.1", int(port)


def _token() -> str:
    import os
    import secrets
    import sys

    given = os.environ.pop("REGISTRY_MCP_TOKEN", "").strip()
    if not given:
        given = secrets.token_urlsafe(32)
        print(f"token: {given}", file=sys.stderr, flush=True)
    elif not given.isascii() or len(given) < 16:
        raise UsageFailure("REGISTRY_MCP_TOKEN has to be 16 or more characters of ASCII.")
    return given
