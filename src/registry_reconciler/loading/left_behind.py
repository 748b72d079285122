"""Entries that only a new file of the state calls managed, which ``git checkout .`` left behind.

That command takes back what an apply changed, and leaves the files that it made. An entry that was taken over, and
that stood in its registry before, is then in no fragment any more, and a file of the state says that it is managed:
it would be deleted. Nothing in the files tells that from a fragment that was changed since. So git is asked, only
about what would be deleted: what its newest commit does not call managed, has in a registry and does not declare in
the fragment that the new file is about, nobody manages as far as can be told.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files.git import RevisionTree, commit_of
from registry_reconciler.files.git_index import untracked
from registry_reconciler.files.tree import DiskTree, MemoryTree, Recorder, Tree
from registry_reconciler.loading.workspace import load

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded


class _Committed(Struct, frozen=True):
    """What the newest commit has: its fragments, what they declare, and what stands in its registries."""

    fragments: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()


_NOTHING = _Committed()


class LeftBehind:
    """Tells of entries whether only files that were left behind call them managed. Looks at nothing until asked."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._fragments: dict[str, str] | None = None
        self._newest: _Committed | None = None

    def adopted(self, address: str) -> bool:
        """Whether an entry that no fragment declares was taken over, and that was taken back."""
        committed = self._committed(address)
        return address in committed.live and address not in committed.declared

    def _committed(self, address: str) -> _Committed:
        """What the newest commit has; nothing where git tracks what calls the entry managed, or no such fragment."""
        if self._fragments is None:
            self._fragments = self._only_untracked()
        if address not in self._fragments:
            return _NOTHING
        if self._newest is None:
            self._newest = _newest(_root(self._loaded.recorder))
        return self._newest if self._fragments[address] in self._newest.fragments else _NOTHING

    def _only_untracked(self) -> dict[str, str]:
        """By address that no file of the state which git tracks knows the fragment that owns it."""
        root = _root(self._loaded.recorder)
        files = self._loaded.state.files
        new = untracked(root, list(files)) if root is not None else frozenset()
        if not new:
            return {}
        # As long as git does not track them, the plan is not kept to be given again.
        self._loaded.recorder.inputs.update((f"{path}#tracked", "no") for path in new)
        known = {
            record.address
            for path, sides in files.items()
            if path not in new
            for file in sides
            for record in file.records
        }
        return {
            record.address: file.fragment
            for path in sorted(new)
            for file in files[path]
            for record in file.records
            if record.address not in known
        }


def _root(tree: Tree | None) -> Path | None:
    """The folder on the disk that a tree shows, whatever lies over it."""
    while isinstance(tree, Recorder | MemoryTree):
        tree = tree.tree if isinstance(tree, Recorder) else tree.below
    return tree.root if isinstance(tree, DiskTree) else None


def _newest(root: Path | None) -> _Committed:
    """What the newest commit has; nothing where there is none, or git does not say."""
    if root is None:
        return _NOTHING
    try:
        with closing(RevisionTree(root, commit_of(root, "HEAD"))) as tree:
            loaded = load(tree)
    except RegistryFailure:
        return _NOTHING
    return _Committed(
        frozenset(loaded.fragments.files),
        frozenset(entry.address for entry in loaded.fragments.entries),
        frozenset(loaded.live.entries),
    )
