"""Durable, all-or-nothing writing of files in a workspace. See docs/durability.md for what it promises."""

from __future__ import annotations

from registry_reconciler.apply.lock import WorkspaceLock
from registry_reconciler.apply.recover import Pending, RecoverResult, pending, reader, recover
from registry_reconciler.apply.transaction import FileOp, Receipt, commit

__all__ = [
    "FileOp",
    "Pending",
    "Receipt",
    "RecoverResult",
    "WorkspaceLock",
    "commit",
    "pending",
    "reader",
    "recover",
]
