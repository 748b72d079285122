"""One file of a repository, merged from three sides by entry and field.

:func:`merge_file` is the door, for ``registry merge-driver`` and ``registry resolve``. What it does not understand it
leaves to git.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_reconciler.merging.lines import Labels

if TYPE_CHECKING:
    from registry_reconciler.merging.files import MergedFile
    from registry_reconciler.merging.known import KindsAndOutputs

__all__ = ["Labels", "merge_file"]


def merge_file(
    path: str,
    before: bytes | None,
    ours: bytes | None,
    theirs: bytes | None,
    known: KindsAndOutputs,
    labels: Labels,
) -> MergedFile | None:
    """The merged file; ``None``: git's own merge stands. See :func:`registry_reconciler.merging.files.merge_file`."""
    from registry_reconciler.merging import files

    return files.merge_file(path, before, ours, theirs, known, labels)
