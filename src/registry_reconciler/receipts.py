"""From a plan to file operations, and the line that an apply leaves in the history."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from registry_reconciler.apply import FileOp
from registry_reconciler.changes import Action
from registry_reconciler.config import HISTORY_PATHS, STATE_FOLDER
from registry_reconciler.errors import WriteFailure
from registry_reconciler.model import Json, digest_bytes
from registry_reconciler.plan import Plan
from registry_reconciler.problems import Severity, Status
from registry_reconciler.tree import DiskTree, Unreadable
from registry_reconciler.writable import not_of_a_plan

MOST_HISTORY = 64 * 1024 * 1024
"""Bytes of a history; a longer one is not read again for a line more."""


def file_ops(root: Path, plan: Plan) -> list[FileOp]:
    """The operations that carry out a plan, the history line included."""
    outside = not_of_a_plan(plan)
    if outside:
        raise WriteFailure(f"nothing was written: {outside[0]!r} is no registry and no file of the state")
    ops = [FileOp(one.path, one.before, one.content) for one in plan.files]
    path, old = _history(root)
    line = json.dumps(history_line(plan), ensure_ascii=False, sort_keys=True) + "\n"
    before = old or b""
    # A merge or an editor may have left the last line without its end.
    glue = b"" if not before or before.endswith(b"\n") else b"\n"
    content = before + glue + line.encode("utf-8", "replace")
    ops.append(FileOp(path, None if old is None else digest_bytes(old), content))
    return ops


def _history(root: Path) -> tuple[str, bytes | None]:
    """The history that the next line goes to. One that is too large to be read stays as it is."""
    for path in HISTORY_PATHS:
        try:
            if (root / path).stat().st_size > MOST_HISTORY:
                continue
        except OSError:
            # Not there, or not to be looked at: reading it says which.
            pass
        try:
            return path, DiskTree(root).read(path)
        except Unreadable as fault:
            raise WriteFailure(f"nothing was written: {path} cannot be read: {fault}") from fault
    raise WriteFailure(
        f"nothing was written: all of {len(HISTORY_PATHS)} histories are full; move old ones away"
    )


def history_line(plan: Plan) -> dict[str, Json]:
    """What is remembered of an apply: when, what, who, how many, which flags, and problems that are only logged."""
    from datetime import UTC, datetime

    options = plan.options.to_json()
    if not options["target"]:
        del options["target"]
    return {
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "plan": plan.plan_id,
        "who": _who(),
        "counts": {action.value: plan.count(action) for action in Action if plan.count(action)},
        "flags": options,
        "records": [
            {"code": one.code, "address": one.address, "message": one.message}
            for one in plan.problems
            if one.severity is Severity.RECORD and one.status is Status.INTRODUCED
        ],
    }


def _who() -> str:
    import getpass

    for name in ("REGISTRY_ACTOR", "GITHUB_ACTOR"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container may run under a user id that nobody named.
        return "unknown"


def removable_folders(plan: Plan) -> list[str]:
    """Folders that go when a deletion leaves them empty: those that placeholders made, and folders of the state."""
    found: set[str] = set()
    for one in plan.files:
        if one.content is None:
            found.update(_state_folders(one.path))
            for change in plan.changes:
                if one.path in (change.file, change.live.file if change.live else ""):
                    found.update(_placeholder_folders(plan, change.kind, one.path))
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
