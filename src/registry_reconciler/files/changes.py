"""What a plan makes of a file, held against the file that is there."""

from __future__ import annotations

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.plan import FileChange


def file_change_of(tree: Tree, path: str, content: bytes | None) -> FileChange | None:
    """A file that is to be written; ``None`` where it is that already, or nobody can tell.

    Line ends alone are no difference: git checks files out with others where it is told to.
    """
    try:
        old = tree.read(path)
    except UnreadablePath:
        return None  # a problem stands for it, and blocks
    if content == old or (content and old and old.replace(b"\r\n", b"\n") == content):
        return None
    digests = [None if data is None else digest_bytes(data) for data in (old, content)]
    return FileChange(path, digests[0], digests[1], content)
