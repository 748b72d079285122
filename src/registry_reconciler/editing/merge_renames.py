"""What the fragments of two commits say that entries were called, for registries, which say it nowhere."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING

from registry_reconciler.files.git import RevisionTree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.table import format_named
from registry_reconciler.loading.fragments import fragment_paths
from registry_reconciler.merging.known import FormerNames, moves_in, no_renames

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from registry_reconciler.files.tree import Tree


def renames_of(root: Path, commits: tuple[str, str] | None) -> Callable[[], FormerNames]:
    """The renames that the fragments of two commits say, read when they are asked for."""

    @cache
    def renames() -> FormerNames:
        if commits is None:
            return no_renames()
        sides = []
        for commit in commits:
            with closing(RevisionTree(root, commit)) as tree:
                sides.append(_moves(tree))
        ours, theirs = sides
        common = {new: former for new, former in ours.items() if theirs.get(new) == former}
        return FormerNames(common, ours, theirs)

    return renames


def _moves(tree: Tree) -> dict[str, str]:
    """What readable fragments say. One with a fault says nothing: then it is not known whose a key is."""
    found: dict[str, str] = {}
    try:
        for path in fragment_paths(tree).fragments:
            data = tree.read(path)
            if data is not None and b"moved" in data:
                found.update(moves_in(format_named(path).read(data).documents))
    except UnreadablePath:
        return {}
    return found
