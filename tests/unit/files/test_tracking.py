"""Whether other files would have given other answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from registry_reconciler.files.tracking import TrackingTree
from registry_reconciler.files.tree import MemoryTree, Tree, find
from registry_reconciler.files.unreadable import UnreadablePath

FILES = {"docs/a.md": b"a\n", "b.md": b"b\n"}


class Closed(MemoryTree):
    """A tree with a file that cannot be read."""

    def read(self, path: str) -> bytes | None:
        if path == "closed":
            raise UnreadablePath("it is closed")
        return super().read(path)


@pytest.mark.parametrize(
    ("ask", "alike", "other"),
    [
        (lambda tree: tree.read("b.md"), {"b.md": b"b\n"}, {"b.md": b"c\n"}),
        (lambda tree: tree.read("new.md"), {"docs/new.md": b""}, {"new.md": b""}),
        (lambda tree: tree.kind("b.md"), {"b.md": b"c\n"}, {"b.md": None}),
        (lambda tree: tree.kind("site"), {"docs/new.md": b""}, {"site/deep/new.md": b""}),
        (lambda tree: tree.children("docs"), {"docs/a.md": b"c\n"}, {"docs/new.md": b""}),
        (lambda tree: tree.children(""), {"docs/new.md": b""}, {"site/new.md": b""}),
        (lambda tree: list(find(tree, "docs/*.md")), {"new.md": b""}, {"docs/a.md": None}),
        (lambda tree: tree.read("closed"), {"b.md": b""}, {"closed": b""}),
    ],
)
def test_an_answer_is_another_one_where_the_files_give_it(
    ask: Callable[[Tree], object], alike: dict[str, bytes | None], other: dict[str, bytes | None]
) -> None:
    tree = TrackingTree(Closed(FILES))
    assert tree.answers_alike_over(other)  # nobody asked
    with contextlib.suppress(UnreadablePath):
        ask(tree)
    assert tree.answers_alike_over(alike)
    assert not tree.answers_alike_over(other)
