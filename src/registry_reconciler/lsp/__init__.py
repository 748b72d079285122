"""``registry lsp``: what ``check`` says, and what an editor asks for, from the texts as they are being written.

Everything reads through a tree, so an open text is one more layer over the disk. No program of the workspace is
started, nothing outside of it is read, and nothing is written: edits are handed to the editor.
"""

from __future__ import annotations


def serve() -> int:
    """Serve an editor over standard input and output until it says goodbye.

    Returns:
        the exit code: 1 where it was told to exit and not to shut down before, as the protocol has it.

    Raises:
        ModuleNotFoundError: the extra ``lsp`` is not installed.
    """
    from registry_reconciler.lsp.features import make_server

    server = make_server()
    server.garbage.begin()
    server.start_io()
    return server.exit_code
