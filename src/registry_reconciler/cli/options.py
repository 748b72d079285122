"""How commands declare what may be typed, and the reading of calls that are typed plainly.

The parser that knows everything (help, numbers, what is wrong with a call) is typer, and importing it takes a fifth of
the time of a small plan. So commands declare their options with the words of this module. ``cli/parser.py`` tells
typer of them; :func:`plain_arguments` reads the calls that need nobody's judgement, and leaves all others to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_origin


class Option:
    """An option, inside ``Annotated``: its names, and what typer's ``Option`` is told besides."""

    __slots__ = ("names", "settings")

    def __init__(self, *names: str, **settings: Any) -> None:
        self.names = names
        self.settings = settings


class Argument:
    """A word without a name, inside ``Annotated``: what typer's ``Argument`` is told."""

    __slots__ = ("settings",)

    def __init__(self, **settings: Any) -> None:
        self.settings = settings


_ASK: Final = object()
"""Let typer judge."""


def plain_arguments(command: Callable[..., int], words: Sequence[str]) -> dict[str, Any] | None:
    """What to call a command with; ``None`` where only typer knows, be it that the words are wrong.

    Plain are whole names of options, each with a value behind it or after ``=`` where it takes one. Whatever typer
    converts or checks in a way of its own is not: numbers, values with a dash, files that are not there.
    """
    if command.__code__.co_argcount != len(command.__defaults__ or ()):
        return None
    found: dict[str, Any] = {}
    for word, value in _pairs(command, words):
        name = _parameter(word)
        base = _declared(command, word) if name else None
        read = _ASK if base is None else _read(base, value)
        if base == list[str] | None and isinstance(read, str):
            found.setdefault(name, []).append(read)
        elif read is _ASK or name in found:
            return None
        else:
            found[name] = read
    return found


def _pairs(command: Callable[..., int], words: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """The options with their values; ``None`` is no value."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if equals:
            yield name, value
        elif _declared(command, name) in (bool, None):
            yield name, None
        else:
            yield name, next(rest, "")


def _parameter(word: str) -> str:
    return word[2:].replace("-", "_") if word.startswith("--") else ""


def _declared(command: Callable[..., int], word: str) -> Any:
    """The type of the option that is called so; ``None`` where there is none."""
    annotations: Mapping[str, Any] = command.__annotations__
    hint = annotations.get(_parameter(word))
    if isinstance(hint, str):
        # Only what was typed is looked up: all hints of a command together take a millisecond.
        hint = eval(hint, command.__globals__)
    declared = getattr(hint, "__metadata__", (None,))[0]
    if isinstance(declared, Option) and declared.names == (word,):
        return hint.__origin__  # type: ignore[union-attr]
    return None


def _read(base: Any, value: str | None) -> Any:
    """A value as the command gets it."""
    if base is bool:
        return True if value is None else _ASK
    if not value or value.startswith("-"):
        return _ASK
    if base in (str, str | None, list[str] | None):
        return value
    if get_origin(base) is Literal and value in base.__args__:
        return value
    if base in (Path, Path | None) and _readable(value):
        return Path(value)
    return _ASK


def _readable(path: str) -> bool:
    try:
        return os.access(path, os.R_OK)
    except ValueError:  # a zero byte
        return False
