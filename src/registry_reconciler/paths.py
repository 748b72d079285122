"""Which paths the engine may write as registry files."""

from __future__ import annotations

from registry_reconciler.reserved import is_reserved
from registry_reconciler.tree import Tree, Unreadable, is_safe

JOURNAL_FOLDER = ".system/registry/.apply"


def registry_path_fault(path: str, tree: Tree) -> str | None:
    """Why a new registry file may not be made at a path; ``None`` when it may."""
    if not is_safe(path):
        return "it does not stay inside the workspace on every system"
    if is_reserved(path):
        return "that place belongs to registry itself or to git"
    folder, _, name = path.rpartition("/")
    try:
        others = tree.children(folder)
    except Unreadable as fault:
        return f"{folder}/ cannot be used: {fault}"
    for other, _kind in others:
        if other != name and other.casefold() == name.casefold():
            return f"{folder}/{other} differs from it in case only, and some systems take them for one file"
    return None
