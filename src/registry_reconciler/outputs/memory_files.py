"""The files of the state that remember outputs, as they are to be after a plan. Pure; asks the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from registry_reconciler.files.changes import file_change_of
from registry_reconciler.files.tree import Tree
from registry_reconciler.model.plan import FileChange
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.memory import Memory, new_form, new_path, render
from registry_reconciler.outputs.targets import DesiredContent
from registry_reconciler.version import __version__


def memory_files(
    tree: Tree, memory: Memory, written: Iterable[tuple[Output, DesiredContent]], known: frozenset[str] | None
) -> Iterator[FileChange]:
    """The files that differ afterwards.

    Args:
        written: the outputs that are written or taken over, with what they are to be.
        known: the ids of those that there are: others are forgotten. ``None``: nothing is.
    """
    after: dict[str, bytes | None] = {}
    for output, desired in written:
        after.update(_account(memory, output, desired))
    if known is not None:
        for path, accounts in memory.files.items():
            if not any(account.id in known for account in accounts):
                after[path] = None
    changes = (file_change_of(tree, path, content) for path, content in sorted(after.items()))
    yield from filter(None, changes)


def _account(memory: Memory, output: Output, desired: DesiredContent) -> Iterator[tuple[str, bytes | None]]:
    paths = memory.paths(output.id)
    known = memory.accounts.get(output.id, ())
    form = known[0].form if known else new_form(output.id, desired.digest)
    content = render(output.id, form, __version__, desired.text, output.where, memory.digests)
    yield from ((path, None) for path in paths[1:])
    yield (paths[0] if paths else new_path(output.id, content)), content
