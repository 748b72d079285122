"""Durable, all-or-nothing writing of files in a workspace. See docs/durability.md for what it promises."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_reconciler.apply.lock import WorkspaceLock
    from registry_reconciler.apply.operations import FileOp, Receipt, check_inputs
    from registry_reconciler.apply.reading import Pending, pending, reader
    from registry_reconciler.apply.recovery import RecoverResult, recover
    from registry_reconciler.apply.session import WriteSession, write_session
    from registry_reconciler.apply.transaction import commit

__all__ = [
    "FileOp",
    "Pending",
    "Receipt",
    "RecoverResult",
    "WorkspaceLock",
    "WriteSession",
    "check_inputs",
    "commit",
    "pending",
    "reader",
    "recover",
    "write_session",
]

_MODULES = {
    "FileOp": "operations",
    "Pending": "reading",
    "Receipt": "operations",
    "RecoverResult": "recovery",
    "WorkspaceLock": "lock",
    "WriteSession": "session",
    "check_inputs": "operations",
    "commit": "transaction",
    "pending": "reading",
    "reader": "reading",
    "recover": "recovery",
    "write_session": "session",
}
"""Where a name comes from. It is imported when it is asked for: a plan only reads, and starts without what writes."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
