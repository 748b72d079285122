"""From a plan to file operations, those of the history and of the old forms included."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from registry_reconciler.apply import FileOp, history
from registry_reconciler.apply.writable import not_of_a_plan
from registry_reconciler.errors import WriteFailure
from registry_reconciler.files.tree import DiskTree, Recorder, Tree
from registry_reconciler.files.unreadable import Hidden, UnreadablePath
from registry_reconciler.loading.settings import load_config
from registry_reconciler.loading.state.files import conflict_line
from registry_reconciler.model.config import HISTORY_BEFORE_PATH, OLD_HISTORY_PATH, STATE_FOLDER
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.plan import Plan

ATTRIBUTES_PATH = ".gitattributes"
_OLD_ATTRIBUTES = (
    f"{STATE_FOLDER}/** merge=union".encode(),
    f"{OLD_HISTORY_PATH} merge=union".encode(),
)
"""What ``init`` once wrote there. A merge by union brings lines back that one side removed."""


def file_ops(root: Path, plan: Plan, besides: Iterable[str] = ()) -> list[FileOp]:
    """The operations that carry out a plan.

    Args:
        besides: what is written with it, for the record of the apply.

    Raises:
        WriteFailure: the plan names a file that no plan writes.
    """
    outside = not_of_a_plan(plan)
    if outside:
        raise WriteFailure(f"nothing was written: {outside[0]!r} is no registry and no file of the state")
    tree = DiskTree(root)
    ops = [FileOp(file.path, file.before, file.content) for file in plan.files]
    try:
        ops += _attributes(tree)
        record = history.new_file(plan, sorted({*besides, *(operation.path for operation in ops)}))
        return [*ops, *_history(tree, dict([record]))]
    except UnreadablePath as fault:
        raise WriteFailure(
            f"nothing was written: the history or {ATTRIBUTES_PATH} cannot be read: {fault}"
        ) from fault


def housekeeping(tree: Tree, done: Collection[str]) -> list[FileOp]:
    """What is carried over from old forms without an apply; ``done`` are paths that are written already."""
    return [
        operation for operation in (*_history(tree, {}), *_attributes(tree)) if operation.path not in done
    ]


def _history(tree: Tree, new: dict[str, bytes]) -> Iterator[FileOp]:
    """The file of this apply; the old history, renamed as it is; and the oldest go.

    Git follows the rename: what an older program adds on another branch is merged. Where there is a renamed one
    already, or the marks of a conflict stand in it, its lines become files.
    """
    there = history.paths(tree)
    old = _old_history(tree)
    if old is not None:
        before = tree.read(HISTORY_BEFORE_PATH)
        if before is None and conflict_line(old) is None:
            yield FileOp(HISTORY_BEFORE_PATH, None, old)
        elif old != before:
            known = {path for path, _ in history.carried_over(before or b"")}
            found = history.carried_over(old)
            new.update((path, content) for path, content in found if path not in there and path not in known)
        yield FileOp(OLD_HISTORY_PATH, digest_bytes(old), None)
    keep = load_config(Recorder(tree))[0].history_keep
    gone = set(history.surplus({*there, *new}, max(keep, 1)))
    yield from (FileOp(path, None, content) for path, content in sorted(new.items()) if path not in gone)
    for path in sorted(gone.intersection(there)):
        try:
            data = tree.read(path)
        except Hidden:
            continue  # it goes when a whole checkout applies
        if data is not None:
            yield FileOp(path, digest_bytes(data), None)


def _old_history(tree: Tree) -> bytes | None:
    """The history of the old form; ``None`` also where it cannot be read: then it stays, and blocks nothing."""
    try:
        return tree.read(OLD_HISTORY_PATH)
    except UnreadablePath:
        return None


def _attributes(tree: Tree) -> Iterator[FileOp]:
    """``.gitattributes`` without the lines that ``init`` once wrote."""
    try:
        old = tree.read(ATTRIBUTES_PATH)
    except Hidden:
        return
    if old is None:
        return
    lines = old.splitlines(keepends=True)
    kept = b"".join(line for line in lines if line.strip() not in _OLD_ATTRIBUTES)
    if kept != old:
        yield FileOp(ATTRIBUTES_PATH, digest_bytes(old), kept or None)


def removable_folders(plan: Plan) -> list[str]:
    """Folders that go when a deletion leaves them empty: those that placeholders made, and folders of the state."""
    found: set[str] = set()
    for file in plan.files:
        if file.content is None:
            found.update(_state_folders(file.path))
            for change in plan.changes:
                if file.path in (change.file, change.live.file if change.live else ""):
                    found.update(_placeholder_folders(plan, change.kind, file.path))
    return sorted(found, key=lambda path: (-path.count("/"), path))


def _state_folders(path: str) -> Iterator[str]:
    parts = path.split("/")
    for size in range(len(parts) - 1, 0, -1):
        folder = "/".join(parts[:size])
        if folder.startswith(STATE_FOLDER + "/"):
            yield folder


def _placeholder_folders(plan: Plan, kind: str, path: str) -> Iterator[str]:
    pattern = plan.kinds[kind].file.text.split("/") if kind in plan.kinds else []
    parts = path.split("/")
    if "**" in pattern or len(pattern) != len(parts):
        return
    for size in range(len(parts) - 1, 0, -1):
        if "{" not in pattern[size - 1]:
            return
        yield "/".join(parts[:size])
