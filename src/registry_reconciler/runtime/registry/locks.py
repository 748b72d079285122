"""Locks of writers, and a fork while another thread holds one.

The thread is not in the child, so the lock would stay held there for ever, over something that is half done. A fork
waits instead until nobody writes: what is written takes no other lock and waits for nothing.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Forked(Protocol):
    """What has something to do in a forked process."""

    def forked(self) -> None:
        """The process was forked, and this is the child: no other thread is there."""


_guard = threading.RLock()
_locks: weakref.WeakSet[threading.RLock] = weakref.WeakSet()
_held: list[threading.RLock] = []
_alive: weakref.WeakSet[Forked] = weakref.WeakSet()


def writer_lock() -> threading.RLock:
    """A lock that is free in a forked process, unless the thread that forked holds it."""
    lock = threading.RLock()
    with _guard:
        _locks.add(lock)
    return lock


def tell_in_a_fork(thing: Forked) -> None:
    """Call ``thing.forked()`` in each forked process, as long as the thing is there."""
    with _guard:
        _alive.add(thing)


def _hold() -> None:
    _guard.acquire()
    for lock in list(_locks):
        lock.acquire()
        _held.append(lock)


def _release() -> None:
    while _held:
        _held.pop().release()
    _guard.release()


def _release_in_child() -> None:
    _release()
    for thing in list(_alive):
        thing.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release_in_child)
