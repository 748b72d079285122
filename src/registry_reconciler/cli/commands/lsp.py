"""``registry lsp``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.errors import MissingExtra

EXAMPLE = """\
  registry lsp

  An editor starts it and talks to it over standard input and output.
  docs/editors.md has the set-up for Neovim, VS Code, Helix, Zed and Emacs.
"""


def command(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Ignored: it always talks over standard input and output.")
    ] = False,
) -> int:
    """Serve an editor: problems while typing, completion, hover, rename, fixes, formatting.

    It speaks the Language Server Protocol. It needs the extra: pip install
    'registry-reconciler[lsp]'. It starts no program of the workspace and writes no file.
    """
    del stdio
    try:
        import pygls  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra("lsp", "the language server") from error
    from registry_reconciler.lsp import serve

    return serve()
