"""Calls a Python function with what it asks for, and carries out what it returns.

The context goes to the parameter that asks for it, by its annotation or its name; no other parameter gets
it. A coroutine is awaited and a generator is run to its end: its value is the list of what it gave.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from io import IOBase
from typing import Any, get_args

from registry_reconciler.runtime.execution.limited import elsewhere, ended, within

CONTEXT_NAMES = frozenset({"context", "ctx", "_context", "_ctx"})
_CONTEXT_TYPE = "Context"
_NOT_NAMES = re.compile(r"[^\w.]+")
_BY_NAME, _FIRST, _LAST = range(3)

_known: weakref.WeakKeyDictionary[Any, tuple[bool, str, int]] = weakref.WeakKeyDictionary()


_TO_CARRY_OUT = (Awaitable, Iterator, AsyncIterator)
_PLAIN = frozenset((type(None), bool, int, float, str, bytes, list, tuple, dict, set))
"""What most functions return: asked first, as asking for abstract types takes longer than a call."""


@dataclass(frozen=True)
class Arguments:
    """A payload of several parts: what a command was given."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def to_data(self) -> Any:
        """As an ability of a workspace, and a hook, get it."""
        return {**self.kwargs, "args": list(self.args)} if self.args else dict(self.kwargs)


def arguments(
    function: Callable[..., Any], payload: object, context: object
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What to call a function with.

    Args:
        context: or what makes it, which is asked only where the function wants it.
    """
    try:
        shape = _known[function]
    except (KeyError, TypeError):
        shape = _shape(function)
        with contextlib.suppress(TypeError):  # neither everything can be hashed nor pointed at
            _known[function] = shape
    takes_payload, name, place = shape
    if callable(context) and name:
        context = context()
    given: tuple[Any, ...] = (payload,) if takes_payload else ()
    named: dict[str, Any] = {}
    if isinstance(payload, Arguments):
        given, named = payload.args, dict(payload.kwargs)
    if not name:
        return given, named
    if place == _BY_NAME:
        return given, {**named, name: context}
    return ((context, *given) if place == _FIRST else (*given, context)), named


def _shape(function: Callable[..., Any]) -> tuple[bool, str, int]:
    """Whether it takes a payload, the parameter for the context or "", and where that stands."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return True, "", _BY_NAME
    wants = next((parameter for parameter in parameters if _is_context(parameter)), None)
    rest = [parameter for parameter in parameters if parameter is not wants]
    takes = any(
        parameter.kind
        in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.VAR_POSITIONAL)
        for parameter in rest
    )
    if wants is None:
        return takes, "", _BY_NAME
    first = wants.kind is not wants.KEYWORD_ONLY and parameters[0] is wants
    if first:
        return takes, wants.name, _FIRST
    return takes, wants.name, _LAST if wants.kind is wants.POSITIONAL_ONLY else _BY_NAME


def _is_context(parameter: inspect.Parameter) -> bool:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return False
    annotation = parameter.annotation
    if (
        annotation is not parameter.empty
        and annotation is not Any
        and annotation != "Any"
        and _names_context(annotation)
    ):
        return True
    return parameter.name in CONTEXT_NAMES


def _names_context(annotation: object) -> bool:
    """Whether an annotation is the context's type: itself, one of it, or one among others."""
    annotation = getattr(annotation, "__forward_arg__", annotation)
    if isinstance(annotation, str):
        return _CONTEXT_TYPE in {word.rpartition(".")[2] for word in _NOT_NAMES.split(annotation)}
    if isinstance(annotation, type) and not get_args(annotation):
        return _CONTEXT_TYPE in {part.__name__ for part in annotation.__mro__}
    return any(map(_names_context, get_args(annotation)))


def carried_out(value: Any) -> Any:
    """What came of a returned coroutine or generator; any other value as it is."""
    if inspect.isawaitable(value):
        return _in_a_loop(_awaited(value))
    if isinstance(value, AsyncIterator):
        return _in_a_loop(_all_of(value))
    return list(value) if is_stream(value) else value


def is_stream(value: object) -> bool:
    """Whether it gives its parts one after the other, once. A file is not taken for its lines."""
    return isinstance(value, Iterator) and not isinstance(value, IOBase)


def is_async(function: object) -> bool:
    """Whether a call of it is awaited, or gives its parts in a loop."""
    call = getattr(function, "__call__", None)  # noqa: B004  # an object may be called, and that be a coroutine
    return any(
        inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body)
        for body in (inspect.unwrap(function) if callable(function) else function, call)
    )


async def carried_out_async(value: Any) -> Any:
    """As :func:`carried_out`, in the loop that runs."""
    if inspect.isawaitable(value):
        return await carried_out_async(await value)
    if isinstance(value, AsyncIterator):
        return [item async for item in value]
    return list(value) if is_stream(value) else value


async def _awaited(value: Any) -> Any:
    return await carried_out_async(value)


async def _all_of(value: Any) -> list[Any]:
    return [item async for item in value]


def _in_a_loop(work: Any) -> Any:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    # Its caller is itself in a loop, which cannot run another; this one ends before the call does.
    return elsewhere(lambda: asyncio.run(work), None, "")


def call(
    function: Callable[..., Any],
    payload: object,
    context: object,
    *,
    seconds: float | None = None,
    process: bool = False,
) -> Any:
    """Call a function and carry out what it returns. Where it runs: :mod:`.limited`.

    Raises:
        HandlerTimeout: it did not return in time.
        HandlerError: it ended the program.
        Exception: whatever it raises.
    """
    given, named = arguments(function, payload, context)
    if process or seconds is not None:
        return within(
            lambda: carried_out(function(*given, **named)), seconds, name_of(function), process=process
        )
    try:
        value = function(*given, **named)
        if type(value) in _PLAIN or not isinstance(value, _TO_CARRY_OUT):
            return value
        return carried_out(value)
    except (SystemExit, GeneratorExit) as error:
        raise ended(error) from error


def as_it_is(
    function: Callable[..., Any],
    payload: object,
    context: object,
    *,
    seconds: float | None,
    process: bool = False,
) -> Any:
    """As :func:`call`, and what it returned is not touched: a guard's answer has to be plain."""
    given, named = arguments(function, payload, context)
    return within(lambda: function(*given, **named), seconds, name_of(function), process=process)


def name_of(function: object) -> str:
    """What a function is called in messages."""
    return str(getattr(function, "__name__", "the function"))
