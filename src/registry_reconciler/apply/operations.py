"""The files of a transaction: what is to be written, what stands there now, and what would be in the way.

All that can be refused is refused here, where nothing has been written yet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from registry_reconciler.apply.anchor import APPLY, Anchor, FileState, NotAFile, UnsafePath, why_unsafe
from registry_reconciler.apply.failures import stale
from registry_reconciler.errors import WriteFailure
from registry_reconciler.files.git_index import untracked
from registry_reconciler.files.names import PathNames, short, spelling
from registry_reconciler.files.reserved import leads_astray
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.files.unreadable import Hidden, UnreadablePath
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.fleet_view import CATALOG_INPUT


class FileOp(Struct, frozen=True):
    """One file to write or delete.

    Attributes:
        path: from the root, ``/``-separated. A link there that stays inside the workspace stays a link; the
            file that it leads to gets the content.
        before: ``sha256:...`` of the bytes that must be there now; ``None``: nothing may be there.
        content: the new bytes; ``None``: delete.
    """

    path: str
    before: str | None
    content: bytes | None


class Receipt(Struct, frozen=True):
    """What was done: files with new content, new files, files that are gone (as the plan calls them)."""

    written: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class OpTarget(Struct, frozen=True):
    """An op with what was found at its place."""

    op: FileOp
    real: str
    state: FileState | None
    after: str | None

    @property
    def before(self) -> str | None:
        """The digest that the plan expects here; ``None``: nothing."""
        return self.op.before


def look(anchor: Anchor, ops: Sequence[FileOp], may_write: Callable[[str], bool] | None) -> list[OpTarget]:
    """Find every file and compare it with what the plan expects. Only reads.

    Raises:
        WriteFailure: two paths are one file, or a file is not what the plan expects.
    """
    targets: list[OpTarget] = []
    taken: dict[str, str] = {}
    changed: list[str] = []
    names = PathNames(DiskTree(anchor.root))
    # Where a system may take two names for one file, the one that goes makes room first.
    made = {spelling(file_op.path) for file_op in ops if file_op.content is not None}
    ops = sorted(ops, key=lambda file_op: file_op.content is not None or spelling(file_op.path) not in made)
    for op in ops:
        real = _real_path(anchor, op, may_write)
        if real in taken:
            raise WriteFailure(f"nothing was written: {op.path!r} and {taken[real]!r} are the same file")
        taken[real] = op.path
        try:
            state = anchor.state(real)
        except NotAFile as error:
            raise WriteFailure(f"nothing was written: {op.path!r} cannot be written: {error}") from error
        if (state.digest if state else None) != op.before:
            changed.append(op.path)
            continue
        if op.before is None and op.content is not None:
            fault = names.fault(op.path) or names.fault(real)
            if fault is not None:
                raise WriteFailure(f"nothing was written: {short(op.path)} cannot be made: {fault}")
            names.take(real)
        elif op.content is None:
            names.leave(real)
        targets.append(OpTarget(op, real, state, None if op.content is None else digest_bytes(op.content)))
    if changed:
        raise stale(tuple(changed))
    return targets


def _real_path(anchor: Anchor, op: FileOp, may_write: Callable[[str], bool] | None) -> str:
    reason = why_unsafe(op.path)
    if reason is None and may_write is not None and not may_write(op.path):
        reason = "it is not a path that an apply writes"
    if reason is not None:
        raise WriteFailure(f"nothing was written: {op.path!r} is refused: {reason}")
    try:
        real = anchor.resolve(op.path)
    except UnsafePath as error:
        raise WriteFailure(f"nothing was written: {op.path!r} is refused: {error}") from error
    if leads_astray(op.path, real):
        raise WriteFailure(
            f"nothing was written: {op.path!r} is refused: a symbolic link leads to {real!r}, "
            "which belongs to registry itself or to git"
        )
    if real != op.path and op.content is None:
        raise WriteFailure(
            f"nothing was written: {op.path!r} is to be deleted and is reached through a symbolic link to "
            f"{real!r}; remove the link by hand and plan again"
        )
    return real


def refuse_early(anchor: Anchor, work: Sequence[OpTarget], device: int) -> None:
    """Find what would fail after the commit point while failing is still free.

    Raises:
        WriteFailure: something would.
    """
    for target in work:
        folder = folder_there(anchor, target)
        fd = anchor.folder(folder)
        if os.fstat(fd).st_dev != device or (target.state is not None and target.state.device != device):
            raise WriteFailure(
                f"nothing was written: {target.op.path!r} is on another file system than {APPLY!r}, "
                "and renames between them are not atomic"
            )
        shown = folder or "the workspace's root"
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=fd):
            raise WriteFailure(
                f"nothing was written: no permission to write in {shown!r}; change its mode or owner"
            )
        name = target.real.rpartition("/")[2]
        if target.state is not None and not os.access(name, os.W_OK, dir_fd=fd):
            raise WriteFailure(
                f"nothing was written: {target.op.path!r} is read-only; change its mode or owner"
            )


def folder_there(anchor: Anchor, target: OpTarget) -> str:
    """The folder of a file, or the nearest one above that is there already."""
    folder = target.real.rpartition("/")[0]
    while folder and not anchor.is_folder(folder):
        folder = folder.rpartition("/")[0]
    return folder


def check_inputs(root: Path, inputs: Mapping[str, str | None], ours: Container[str] = ()) -> None:
    """Raise StalePlan unless every input is what the plan was computed from.

    Args:
        ours: folders that were missing then, and were made since by whoever asks.
    """
    tree = DiskTree(root)
    changed = tuple(path for path, expected in inputs.items() if not _same_input(tree, path, expected, ours))
    if changed:
        raise stale(changed)


def _same_input(tree: DiskTree, path: str, expected: str | None, ours: Container[str]) -> bool:
    if path == CATALOG_INPUT:
        return True  # no file: the plan was made anew under the lock, and that asked the catalogue
    if path.endswith("#executable"):
        return tree.executable(path.removesuffix("#executable")) == (expected is not None)
    if path.endswith("#tracked"):
        return bool(untracked(tree.root, [path.removesuffix("#tracked")]))
    if path.endswith("#writable"):
        return not tree.room(path.removesuffix("#writable")).writable
    if expected in ("unreadable", "hidden"):
        return _fault_of(tree, path) == expected
    if expected is None or not expected.startswith("sha256:"):
        return tree.kind(path) == ("dir" if path in ours and expected is None else expected or "absent")
    try:
        data = tree.read(path)
    except UnreadablePath:
        return False
    return data is not None and digest_bytes(data) == expected


def _fault_of(tree: DiskTree, path: str) -> str | None:
    """How an input says that something is no file that can be read; ``None`` where it is one."""
    try:
        tree.read(path)
    except Hidden:
        return "hidden"
    except UnreadablePath:
        return "unreadable"
    return None
