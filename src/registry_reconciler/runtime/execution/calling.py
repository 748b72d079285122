"""Calls a Python function with what it asks for, and carries out what it returns.

The context goes to the parameter that asks for it, by its annotation or its name; no other parameter gets
it. A coroutine is awaited and a generator is run to its end: its value is the list of what it gave.
"""

from __future__ import annotations

import contextlib
import contextvars
import inspect
import threading
import weakref
from collections.abc import Callable
from typing import Any, Literal

from registry_reconciler.runtime.execution.handlers import HandlerError, HandlerTimeout

CONTEXT_NAMES = frozenset({"context", "ctx", "_context", "_ctx"})
_CONTEXT_TYPE = "Context"
_BY_NAME, _FIRST, _LAST = range(3)

_known: weakref.WeakKeyDictionary[Any, tuple[bool, str, int]] = weakref.WeakKeyDictionary()


class _Late(BaseException):
    """Ends a function that took too long, wherever it is in Python code."""


def arguments(
    function: Callable[..., Any], payload: object, context: object
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What to call a function with."""
    try:
        shape = _known[function]
    except (KeyError, TypeError):
        shape = _shape(function)
        with contextlib.suppress(TypeError):  # neither everything can be hashed nor pointed at
            _known[function] = shape
    takes_payload, name, place = shape
    given: tuple[Any, ...] = (payload,) if takes_payload else ()
    if not name:
        return given, {}
    if place == _BY_NAME:
        return given, {name: context}
    return ((context, *given) if place == _FIRST else (*given, context)), {}


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
    said = parameter.annotation
    if said is not parameter.empty and said is not Any and said != "Any":
        text = said if isinstance(said, str) else getattr(said, "__name__", str(said))
        words = {word.strip(" '\"").rpartition(".")[2] for word in text.split("|")}
        if _CONTEXT_TYPE in words:
            return True
    return parameter.name in CONTEXT_NAMES


def carried_out(value: Any) -> Any:
    """What came of a returned coroutine or generator; any other value as it is."""
    if inspect.isawaitable(value):
        return _in_a_loop(_awaited(value))
    if inspect.isasyncgen(value):
        return _in_a_loop(_all_of(value))
    return list(value) if inspect.isgenerator(value) else value


async def carried_out_async(value: Any) -> Any:
    """As :func:`carried_out`, in the loop that runs."""
    if inspect.isawaitable(value):
        return await carried_out_async(await value)
    if inspect.isasyncgen(value):
        return [item async for item in value]
    return list(value) if inspect.isgenerator(value) else value


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
    return _elsewhere(lambda: asyncio.run(work), None, "")


def call(
    function: Callable[..., Any], payload: object, context: object, *, seconds: float | None = None
) -> Any:
    """Call a function in this thread and context, or, with a limit, in a thread that ends with it.

    Raises:
        HandlerTimeout: it did not return in time.
        HandlerError: it ended the program.
        Exception: whatever it raises.
    """
    given, named = arguments(function, payload, context)
    if seconds is None:
        return _ended(lambda: carried_out(function(*given, **named)))
    name = getattr(function, "__name__", "the function")
    return _elsewhere(lambda: carried_out(function(*given, **named)), seconds, name)


def as_it_is(function: Callable[..., Any], payload: object, context: object, *, seconds: float | None) -> Any:
    """As :func:`call`, and what it returned is not touched: a guard's answer has to be plain."""
    given, named = arguments(function, payload, context)
    if seconds is None:
        return _ended(lambda: function(*given, **named))
    return _elsewhere(
        lambda: function(*given, **named), seconds, getattr(function, "__name__", "the function")
    )


def _ended(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (SystemExit, GeneratorExit) as error:
        raise HandlerError(f"the function ended the program: {type(error).__name__}") from error


def _elsewhere(work: Callable[[], Any], seconds: float | None, name: str) -> Any:
    answer: list[tuple[Literal["value", "error"], Any]] = []

    def run() -> None:
        try:
            answer.append(("value", work()))
        except BaseException as error:
            answer.append(("error", error))

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(run,), daemon=True, name="registry-handler"
    )
    thread.start()
    try:
        thread.join(seconds)
    except BaseException:
        _stop(thread)
        raise
    if not answer and thread.is_alive():
        _stop(thread)
    if not answer or isinstance(answer[0][1], _Late):
        raise HandlerTimeout(f"{name} did not return within {seconds:g} s")
    kind, result = answer[0]
    if kind == "error":
        if not isinstance(result, (Exception, KeyboardInterrupt)):
            raise HandlerError(f"the function ended the program: {type(result).__name__}") from result
        raise result
    return result


def _stop(thread: threading.Thread) -> None:
    """Raise in a thread. What waits in C ends as soon as it is back in Python."""
    import ctypes

    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Late))
        thread.join(0.05)
