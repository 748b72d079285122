"""A new file of the workspace, written as every other: under the lock, whole, and never over one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_reconciler.cli.common import warn

if TYPE_CHECKING:
    from registry_reconciler.workspace import Workspace


def write_new_file(workspace: Workspace, command: str, path: str, content: bytes) -> None:
    """Place a file. Raises :class:`RegistryFailure` where one is there already."""
    from registry_reconciler.apply import FileOp

    with workspace.write_session(command) as session:
        receipt = session.commit([FileOp(path, None, content)], inputs={})
    warn(receipt.warnings)
