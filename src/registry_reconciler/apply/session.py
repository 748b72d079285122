"""The one way to write: take the writer's lock, finish or undo what was interrupted, commit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from registry_reconciler.apply.lock import WorkspaceLock
from registry_reconciler.apply.operations import FileOp, Receipt
from registry_reconciler.apply.recovery import RecoverResult, recover
from registry_reconciler.apply.transaction import commit
from registry_reconciler.apply.writable import Writable


class WriteSession:
    """The writer's lock on a workspace, held.

    Attributes:
        recovered: what was finished or undone first; ``None`` where nothing had been interrupted.
    """

    def __init__(self, root: Path, lock: WorkspaceLock, recovered: RecoverResult | None) -> None:
        self._root = root
        self._lock = lock
        self.recovered = recovered

    def commit(
        self,
        ops: Sequence[FileOp],
        *,
        inputs: Mapping[str, str | None],
        remove_empty: Sequence[str] = (),
        verify: Callable[[], None] | None = None,
    ) -> Receipt:
        """As :func:`registry_reconciler.apply.commit`, for paths that an apply writes here."""
        return commit(
            self._root,
            ops,
            lock=self._lock,
            inputs=inputs,
            remove_empty=remove_empty,
            verify=verify,
            may_write=Writable(self._root),
        )


@contextlib.contextmanager
def write_session(
    root: Path, command: str, timeout: float, *, recovers: bool = True
) -> Iterator[WriteSession]:
    """Hold the writer's lock.

    Args:
        command: for the message that others see who wait for the lock.
        timeout: seconds to wait for it.
        recovers: what was interrupted is recovered first; if not, a commit refuses to begin beside it.

    Raises:
        LockHeld: somebody else writes.
        WriteFailure: recovery stopped.
    """
    with WorkspaceLock.acquire(root, command=command, timeout=timeout) as lock:
        result = recover(root, lock=lock, may_write=Writable(root)) if recovers else RecoverResult()
        yield WriteSession(root, lock, result if result.direction != "nothing" else None)
