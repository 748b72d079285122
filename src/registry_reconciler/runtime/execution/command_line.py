"""A command as a person types it: which one, and its arguments."""

from __future__ import annotations

import shlex
from typing import Any

from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.execution.calling import Arguments


def parsed(line: str) -> tuple[str, Arguments]:
    """The key and the arguments of a line.

    Raises:
        RegistryError: it is empty, or a quote is open.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise RegistryError(f"{line!r} is no command: {error}") from error
    if not words:
        raise RegistryError("an empty line is no command")
    key, *rest = words
    args: list[str] = []
    kwargs: dict[str, Any] = {}
    plain = False
    for word in rest:
        if word == "--" and not plain:
            plain = True
        elif plain or not word.startswith("--"):
            args.append(word)
        else:
            name, equals, text = word[2:].partition("=")
            kwargs[name.replace("-", "_")] = text if equals else True
    return key, Arguments(tuple(args), kwargs)
