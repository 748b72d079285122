"""What can go wrong at a file-changing call: hooks for :func:`registry_reconciler.apply.files.watch`."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from registry_reconciler.apply.files import Hook

ERRORS = (
    errno.ENOSPC,
    errno.EIO,
    errno.EACCES,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.ENOTDIR,
    errno.EROFS,
    errno.EXDEV,
    errno.EBUSY,
    errno.EDQUOT,
    errno.ESTALE,
)

READS = ("open", "read", "stat", "lstat", "fstat", "listdir", "readlink")
"""Calls of the standard library that look at files and do not pass the seam."""


def kill() -> None:
    """End this process as nothing can prevent."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(number: int) -> Hook:
    """SIGKILL instead of call ``number``."""

    def hook(index: int, _name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if index == number:
            kill()
        return call()

    return hook


def tear_at(number: int) -> Hook:
    """SIGKILL after half of the bytes of call ``number``, if that is a write; otherwise after the call."""

    def hook(index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if index != number:
            return call()
        try:
            if name == "write":
                os.write(arguments[0], arguments[1][: len(arguments[1]) // 2])
            else:
                call()
        finally:
            kill()

    return hook


def fail_at(number: int, code: int, *, stuck: bool = False, kill_later: int | None = None) -> Hook:
    """Call ``number`` is refused with ``code``.

    Args:
        stuck: every later call of that name is refused as well (the disk stays full).
        kill_later: SIGKILL instead of that call, counted like ``number``.
    """
    refused: list[str] = []

    def hook(index: int, name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if index == kill_later:
            kill()
        if index == number or (stuck and name in refused):
            refused.append(name)
            raise OSError(code, os.strerror(code))
        return call()

    return hook


@contextlib.contextmanager
def reads(hook: Callable[[int], None]) -> Iterator[None]:
    """Call ``hook`` with the number of each call that looks at a file, before it is made; what it raises, the call
    raises."""
    count = itertools.count()

    def seen(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            hook(next(count))
            return original(*arguments, **more)

        return call

    originals = {name: getattr(os, name) for name in READS}
    for name, original in originals.items():
        setattr(os, name, seen(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


def fail_read(number: int, code: int) -> Callable[[int], None]:
    """The ``number``-th look at a file is refused with ``code``, once."""

    def hook(index: int) -> None:
        if index == number:
            raise OSError(code, os.strerror(code))

    return hook


def do_at(number: int, action: Callable[[], None]) -> Hook:
    """Somebody else does ``action`` just before call ``number``."""

    def hook(index: int, _name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if index == number:
            action()
        return call()

    return hook


def short_writes(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
    """Every write takes at most half of what it is given, which is legal."""
    if name == "write" and len(arguments[1]) > 1:
        return os.write(arguments[0], arguments[1][: len(arguments[1]) // 2])
    return call()


def without_exchange(inner: Hook | None = None) -> Hook:
    """A file system that knows neither an exchange of names nor a rename that refuses to replace."""
    from registry_reconciler.apply.files import Unsupported

    def hook(index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name in ("exchange", "place"):

            def call() -> Any:
                raise Unsupported(errno.ENOSYS, os.strerror(errno.ENOSYS))

        return inner(index, name, arguments, call) if inner is not None else call()

    return hook


class Count:
    """Counts calls by name, and passes them on."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, _index: int, name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        self.names.append(name)
        return call()
