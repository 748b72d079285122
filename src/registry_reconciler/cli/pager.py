"""A pager for what is longer than the terminal, as git has it.

``REGISTRY_PAGER``, else ``PAGER``, else ``less``; an empty one or ``cat`` is none. ``less`` ends by itself where all
fits, keeps colours and leaves the text on the screen (``LESS=FRX``, unless that is set).
"""

from __future__ import annotations

import os
import shlex
import sys
from shutil import get_terminal_size, which


class Paging:
    """Whether the command may page; ``registry --no-pager`` says no."""

    allowed = True


def paged(text: str) -> bool:
    """Show a text in the pager, if it is too long for the screen and there is one; whether that was done.

    Only where standard output is a terminal and somebody can type.
    """
    words = _pager(text)
    if not words:
        return False
    import signal
    import subprocess

    from registry_reconciler.terminal.links import without_links

    environment = {"LESS": "FRX", "LV": "-c", "LESSCHARSET": "utf-8", **os.environ}
    sys.stdout.flush()
    try:
        child = subprocess.Popen(words, stdin=subprocess.PIPE, env=environment)
    except OSError:
        return False
    # Ctrl-C is the pager's: it ends when its reader says so, and we end after it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child.communicate(without_links(text).encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return True


def _pager(text: str) -> list[str]:
    """The words of the pager, none where the text is shown as it is."""
    if not Paging.allowed or os.environ.get("TERM", "dumb") == "dumb" or _fits(text):
        return []
    for name in ("REGISTRY_PAGER", "PAGER"):
        if name in os.environ:
            try:
                words = shlex.split(os.environ[name], posix=os.name != "nt")
            except ValueError:
                words = []
            return [] if words in ([], ["cat"]) else words
    found = which("less", path=_search_path())
    return [found] if found else []


def _search_path() -> str:
    """The folders of ``PATH`` but those that are relative: a workspace may have a program named ``less``."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if os.path.isabs(folder))


def _fits(text: str) -> bool:
    """Whether a text has no more lines than the screen."""
    size = get_terminal_size((80, 24))
    return text.count("\n") < size.lines
