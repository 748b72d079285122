"""A new file of the workspace, written as every other: under the lock, whole, and never over one that is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from registry_reconciler.cli.common import warn
from registry_reconciler.errors import RegistryFailure

if TYPE_CHECKING:
    from registry_reconciler.workspace import Workspace


def write_new_file(workspace: Workspace, command: str, path: str, content: bytes) -> None:
    """Place a file. Raises :class:`RegistryFailure` where one is there already."""
    from registry_reconciler.apply import FileOp

    if os.path.lexists(workspace.root / path):
        raise RegistryFailure(
            f"nothing was written: {path} is there already. Edit it, or delete it to begin anew"
        )
    with workspace.write_session(command) as session:
        receipt = session.commit([FileOp(path, None, content)], inputs={})
    warn(receipt.warnings)
