"""Registries whose conflicts follow from those of fragments: people solve one conflict, and not its copy as well.

An entry of a registry follows its fragment where both sides had in it what they had applied. What people make of the
fragment is then written by the next apply; what somebody edited by hand in a registry is theirs to decide.
"""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from registry_reconciler.files.git import RevisionTree
from registry_reconciler.files.git_conflicts import both_sides
from registry_reconciler.files.tree import Recorder
from registry_reconciler.loading.fragments import Fragments, load_fragments
from registry_reconciler.loading.registries import load_live
from registry_reconciler.loading.state import load_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry_reconciler.files.tree import Tree
    from registry_reconciler.loading.state import StateEntry
    from registry_reconciler.model.entry import LiveEntry
    from registry_reconciler.model.kind import Kind


class _FollowerSide(NamedTuple):
    state: Mapping[str, StateEntry]
    live: Mapping[str, LiveEntry]

    def applied(self, address: str, kinds: Mapping[str, Kind]) -> bool:
        """Whether the registry of this side has of an entry what was applied, or has it no more as was applied."""
        state, live = self.state.get(address), self.live.get(address)
        if state is None or live is None:
            return state is None and live is None
        return state.all_say(kinds.get(live.kind), live.value)


class Followers:
    """Answers :data:`~registry_reconciler.merging.known.Decided`.

    Args:
        tree: the work tree, with the fragments as they are merged.
    """

    def __init__(self, root: Path, kinds: Mapping[str, Kind], tree: Tree) -> None:
        self._root = root
        self._kinds = kinds
        self._tree = tree

    @cached_property
    def _sides(self) -> list[_FollowerSide]:
        found = []
        for commit in both_sides(self._root) or ():
            with closing(RevisionTree(self._root, commit)) as revision:
                tree = Recorder(revision)
                fragments = load_fragments(tree, self._kinds)
                state = load_state(tree, fragments.files).entries
                found.append(_FollowerSide(state, load_live(tree, self._kinds).entries))
        return found

    @cached_property
    def _fragments(self) -> Fragments:
        return load_fragments(Recorder(self._tree), self._kinds)

    @cached_property
    def _declared(self) -> frozenset[str]:
        return frozenset(entry.address for entry in self._fragments.entries)

    @property
    def wait(self) -> bool:
        """Whether people have to decide about a fragment first."""
        return bool(self._fragments.unreadable)

    def decided(self, address: str) -> bool | None:
        """Whether an entry is to be there; ``None`` where no fragment decides."""
        if not self._sides or not any(address in side.state for side in self._sides):
            return None
        if not all(side.applied(address, self._kinds) for side in self._sides):
            return None
        return address in self._declared
