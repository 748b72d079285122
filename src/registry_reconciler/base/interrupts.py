"""How the program answers Ctrl-C. Importing this changes nothing, and it imports nothing that takes time."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module signal imports others, and this comes first
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

INTERRUPTED = 130
"""The exit code: 128 and the number of the signal, as shells have it."""

MESSAGE = "interrupted; nothing was left half done"
"""Where something may have been done: a script ran, or files are written."""

NOTHING = "interrupted; nothing was written"


class WriteFlag:
    """Whether this process wrote files of a workspace."""

    some = False


def message(command: str) -> str:
    """What an interruption of a command says."""
    return MESSAGE if command == "run" or WriteFlag.some else NOTHING


def new_line() -> None:
    """A terminal shows ``^C`` where the cursor was: what is said stands on a line of its own."""
    if os.isatty(2):
        os.write(2, b"\n")


def leave(*_: object, _exit: Callable[[int], object] = os._exit) -> None:
    """End now, also while modules are taken apart already: it uses nothing but its own arguments."""
    _exit(INTERRUPTED)


def too_late() -> None:
    """All is done and said: Ctrl-C does not make another end of it, also while the interpreter takes itself apart."""
    if _is_ours():
        _signal.signal(_signal.SIGINT, _signal.SIG_IGN)


_ours: list[Any] = [_signal.default_int_handler, _signal.SIG_DFL]


def _is_ours() -> bool:
    handler = _signal.getsignal(_signal.SIGINT)
    return handler in _ours or hasattr(handler, "of_registry")


def on_interrupt(handler: Callable[..., Any]) -> None:
    """Set what Ctrl-C does, unless somebody else decided that before: a shell lets background jobs ignore it."""
    if _is_ours():
        _ours.append(handler)
        _signal.signal(_signal.SIGINT, handler)


def say_plainly(command: str, words: Sequence[str], *, answer: bool = True) -> None:
    """Say it without modules that may be half imported; ``answer``: also as JSON, where that was asked for."""
    name = "registry" if command == "registry" else f"registry {command}"
    new_line()
    os.write(2, f"{name}: {message(command)}\n".encode())
    if answer and ("--format=json" in words or "--format json" in " ".join(words)):
        os.write(1, as_json(command).encode())


def as_json(command: str) -> str:
    """The report of a command that was interrupted."""
    return (
        f'{{"format_version": "1.0", "command": "{command}", "exit": {INTERRUPTED}, '
        f'"errors": [{{"code": "interrupted", "message": "{message(command)}"}}], "next": []}}\n'
    )


class Hold:
    """While it is begun, an interruption that would be raised waits: what was started has to be known first."""

    held = 0
    waiting: BaseException | None = None

    def __init__(self) -> None:
        Hold.held += 1
        self._begun = True

    def end(self) -> None:
        """Raise what came meanwhile. A second call does nothing."""
        if self._begun:
            self._begun = False
            Hold.held -= 1
        if not Hold.held and Hold.waiting is not None:
            waiting, Hold.waiting = Hold.waiting, None
            raise waiting
