"""A tree that keeps what it answered, to tell whether other files would have given other answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from registry_reconciler.files.names import Room
from registry_reconciler.files.tree import MemoryTree, Tree
from registry_reconciler.files.unreadable import UnreadablePath

_T = TypeVar("_T")


class TrackingTree:
    """Another tree, and every answer that it gave."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._answers: dict[tuple[str, str], object] = {}

    def read(self, path: str) -> bytes | None:
        """See :class:`.tree.Tree`."""
        return self._kept("read", self.tree.read, path)

    def kind(self, path: str) -> str:
        """See :class:`.tree.Tree`."""
        return self._kept("kind", self.tree.kind, path)

    def executable(self, path: str) -> bool:
        """See :class:`.tree.Tree`."""
        return self._kept("executable", self.tree.executable, path)

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """See :class:`.tree.Tree`."""
        return self._kept("children", self.tree.children, folder)

    def room(self, folder: str) -> Room:
        """See :class:`.tree.Tree`."""
        return self._kept("room", self.tree.room, folder)

    def _kept(self, question: str, ask: Callable[[str], _T], path: str) -> _T:
        try:
            answer = ask(path)
        except UnreadablePath:
            self._answers[question, path] = UnreadablePath
            raise
        self._answers[question, path] = answer
        return answer

    def answers_alike_over(self, files: Mapping[str, bytes | None]) -> bool:
        """Whether every answer would be the same with these files over those that are there."""
        other = MemoryTree(files, self.tree)
        concerned = set(files)
        for path in files:
            while path:  # a folder comes with what lies in it, and lists it
                path = path.rpartition("/")[0]
                concerned.add(path)
        return all(
            _answer(other, question, path) == known
            for (question, path), known in self._answers.items()
            if path in concerned
        )


def _answer(tree: Tree, question: str, path: str) -> object:
    try:
        return getattr(tree, question)(path)
    except UnreadablePath:
        return UnreadablePath
