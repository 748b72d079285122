"""The editor of the person who types: ``$VISUAL``, else ``$EDITOR``, else what the system has."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import CannotAsk, RegistryFailure


def editor_words() -> list[str]:
    """The editor's command. Raises :class:`~registry_reconciler.errors.CannotAsk` where there is none to start."""
    from registry_reconciler.cli.output import stdin_is_terminal

    for name in ("VISUAL", "EDITOR"):
        words = os.environ.get(name, "").strip()
        if words:
            try:
                return shlex.split(words) if os.name != "nt" else [words]
            except ValueError as error:
                raise CannotAsk(f"${name} is no command: {error}.") from error
    found = next(filter(None, map(shutil.which, ("vi", "nano", "notepad"))), None)
    if found is None or not stdin_is_terminal():
        raise CannotAsk(
            "there is no editor to open: set $EDITOR. Without one: registry set ADDRESS FIELD=VALUE"
        )
    return [found]


def edited(path: Path, text: str) -> str:
    """The text as it is when the editor ends.

    Raises:
        RegistryFailure: the editor cannot be started, or says that it failed.
    """
    words = editor_words()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        done = subprocess.run([*words, str(path)], check=False)
    except OSError as error:
        raise RegistryFailure(
            f"nothing was written: the editor {visible(words[0])} cannot be started: {error.strerror or error}."
        ) from error
    if done.returncode:
        raise RegistryFailure(f"nothing was written: the editor ended with {done.returncode}.")
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except OSError as error:
        raise RegistryFailure(
            f"nothing was written: what the editor left cannot be read: {error.strerror or error}."
        ) from error
