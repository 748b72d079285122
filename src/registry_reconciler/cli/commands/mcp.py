"""``registry mcp``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import Root
from registry_reconciler.errors import MissingExtra

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
    root: Root = None,
) -> int:
    """Serve an agent: plan, check, explain, show, list, search and more as tools.

    It speaks the Model Context Protocol. It needs the extra: pip install
    'registry-reconciler[mcp]'. Without --write nothing is changed, and a plan is only applied by
    the id with which it was shown.
    """
    from pathlib import Path

    from registry_reconciler.files.root import find_root

    folder = find_root(root or Path("."))
    try:
        import mcp  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra("mcp", "the server for agents") from error
    from registry_reconciler.mcp import Grants, serve

    serve(
        folder,
        Grants(write=write, directives=directives, abilities=abilities, capabilities=tuple(cap or ())),
    )
    return 0
