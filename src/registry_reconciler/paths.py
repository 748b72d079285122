"""Which paths the engine may write as registry files, and which are its own."""

from __future__ import annotations

from registry_reconciler.config import (
    BASELINE_PATH,
    CONFIG_PATH,
    DESIRED_FOLDER,
    HISTORY_FOLDER,
    OLD_HISTORY_PATH,
    STATE_FOLDER,
)
from registry_reconciler.kinds import SCHEMA_FOLDER
from registry_reconciler.tree import Tree, is_safe

JOURNAL_FOLDER = ".system/registry/.apply"
_RESERVED_FOLDERS = (DESIRED_FOLDER, SCHEMA_FOLDER, STATE_FOLDER, HISTORY_FOLDER, JOURNAL_FOLDER)
_RESERVED_FILES = (CONFIG_PATH, BASELINE_PATH, OLD_HISTORY_PATH)


def is_reserved(path: str) -> bool:
    """Whether a path is the engine's own (fragments, schemas, state, journal), where no registry may lie."""
    folded = path.casefold()
    return folded in _RESERVED_FILES or any(
        folded == folder or folded.startswith(folder + "/") for folder in _RESERVED_FOLDERS
    )


def registry_path_fault(path: str, tree: Tree) -> str | None:
    """Why a new registry file may not be made at a path; ``None`` when it may."""
    if not is_safe(path):
        return "it does not stay inside the workspace on every system"
    if is_reserved(path):
        return "the folder belongs to registry itself"
    folder, _, name = path.rpartition("/")
    for other, _kind in tree.children(folder):
        if other != name and other.casefold() == name.casefold():
            return f"{folder}/{other} differs from it in case only, and some systems take them for one file"
    return None
