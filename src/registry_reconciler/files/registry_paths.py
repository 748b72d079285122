"""Which paths the engine may write as registry files."""

from __future__ import annotations

from registry_reconciler.files.names import PathNames
from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import Recorder, Tree

JOURNAL_FOLDER = ".system/registry/.apply"
FORMER_PREFIX = "\x01former/"
"""Begins the names, in memory only, of texts that others take the place of: no file can be called so."""


def registry_path_fault(path: str, tree: Tree) -> str | None:
    """Why a new registry file may not be made at a path; ``None`` when it may."""
    if is_reserved(path):
        return "that place belongs to registry itself or to git"
    return (tree.names if isinstance(tree, Recorder) else PathNames(tree)).fault(path)
