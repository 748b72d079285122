"""How far a long task is, for whoever looks. Who works says it here; where nobody listens that costs nothing.

A step is named (``checking``), and may count: so many of so many. Numbers are only ever shown, never decided by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Listener(Protocol):
    """Is told of each step; only keeps what it is told, as it is told often."""

    def begin(self, name: str) -> None:
        """A step begins, and with it the one before ends."""

    def count(self, total: int) -> None:
        """The step has so many parts, none of which is done."""

    def advance(self) -> None:
        """One more part is done."""


class _Listening:
    """Who listens in this process (nobody, or one), in which phases, and how many parts are being counted."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.phases: list[str] = []
        self.counting = 0


_progress = _Listening()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell ``listener`` of what is done until the end."""
    _progress.listeners.append(listener)
    try:
        yield
    finally:
        _progress.listeners.remove(listener)


@contextmanager
def phase(name: str) -> Iterator[None]:
    """The steps until the end are those of a larger one: ``checking what was written: reading``."""
    _progress.phases.append(name)
    try:
        yield
    finally:
        _progress.phases.remove(name)


def step(name: str) -> None:
    """A step of a task begins."""
    for listener in _progress.listeners:
        listener.begin(": ".join((*_progress.phases, name)))


def counted(parts: Collection[T]) -> Iterable[T]:
    """The same parts, counted while they are gone through.

    Parts of parts are counted only where there is one part: of many files the files count, of one its entries.
    """
    if not _progress.listeners or _progress.counting > 1:
        return parts
    return _counted(parts, _progress.listeners[-1])


def _counted(parts: Collection[T], listener: Listener) -> Iterator[T]:
    outer, _progress.counting = _progress.counting, len(parts)
    listener.count(len(parts))
    try:
        for part in parts:
            yield part
            listener.advance()
    finally:
        _progress.counting = outer
