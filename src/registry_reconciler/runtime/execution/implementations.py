"""What each kind of implementation means: the one place that knows them.

``script``, ``python``, ``api`` and ``mcp`` run here, the last two with what an extra installs; anything else, and
any of these, the program may run in its own way (``Invoker(handlers=...)``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_reconciler.runtime.execution.calling import as_it_is, call
from registry_reconciler.runtime.execution.context import Context
from registry_reconciler.runtime.execution.extras import EXTRAS, missing_extra
from registry_reconciler.runtime.execution.handlers import (
    Finished,
    HandlerError,
    Limits,
    clean_environment,
    command_line,
    run_script,
)
from registry_reconciler.runtime.execution.loading import load_function

if TYPE_CHECKING:
    from registry_reconciler.runtime.execution.invocation import Invoker

NOT_PYTHON = (
    "Python handlers run code of the workspace in this process, which only you can allow: "
    "--allow-python, or allow_python under [run] in your own config.toml"
)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a function returned; ``own``: one of the program, whose values are its own affair."""

    value: Any
    own: bool = False


def carry_out(
    invoker: Invoker,
    how: Mapping[str, Any],
    payload: Any,
    context: Context,
    extra: Mapping[str, str],
    *,
    plain: bool = False,
) -> Finished | Returned:
    """How the script ended, or what anything else returned; ``plain``: a coroutine or generator as it is.

    Raises:
        HandlerError, HandlerTimeout, CapabilityDenied: see there; a Python function may raise anything.
    """
    kind = how.get("kind")
    asked = context.asked
    limits = (asked.limits or invoker.limits).narrowed(how.get("timeout_seconds"))
    own = invoker.handlers.get(str(kind))
    if own is not None:
        seconds = invoker.seconds_of_code(asked)
        run = as_it_is if plain else call
        return Returned(run(lambda: own(how, payload, context), None, None, seconds=seconds), own=True)
    if invoker.root is None:
        raise HandlerError("there is no workspace to run it in")
    if kind == "script":
        more = {"REGISTRY_ROOT": str(invoker.root), **extra}
        given = clean_environment(how.get("env"), more)
        # What a hook writes is its answer, and for nobody else.
        output = None if "REGISTRY_HOOK" in extra else asked.output
        return run_script(
            invoker.root, how.get("command"), payload, environment=given, limits=limits, output=output
        )
    if kind == "python":
        return Returned(_python(invoker, how, payload, context, limits, plain))
    if kind == "api":
        from registry_reconciler.runtime.execution.web import call_api

        return Returned(call_api(how, payload, limits))
    if kind == "mcp":
        from registry_reconciler.runtime.execution.tools import call_tool, server_named

        server = server_named(asked.snapshot, how.get("server"))
        return Returned(call_tool(invoker.root, server, str(how.get("tool")), payload, limits))
    raise HandlerError(f"nothing here runs {kind!r}: give the invoker a handler for it")


def _python(
    invoker: Invoker, how: Mapping[str, Any], payload: Any, context: Context, limits: Limits, plain: bool
) -> Any:
    if not invoker.python_runs():
        raise HandlerError(NOT_PYTHON)
    assert invoker.root is not None
    function = load_function(invoker.root, how.get("function"))
    process = how.get("process") is True or context.asked.process
    run = as_it_is if plain and not process else call
    return run(function, payload, context, seconds=limits.seconds, process=process)


def cannot_run(invoker: Invoker, fields: Mapping[str, Any], snapshot: Any) -> str:
    """Why nothing here would run an ability, as far as that can be said without running it; "" when it would."""
    how = fields.get("implementation")
    if not how:
        return _cannot_do_without(invoker, fields, snapshot)
    kind = str(how.get("kind")) if isinstance(how, Mapping) else ""
    if kind in invoker.handlers:
        return ""
    if kind == "python":
        return "" if invoker.python_runs() else NOT_PYTHON
    if kind in EXTRAS:
        missing = missing_extra(kind)
        if missing or kind == "api":
            return missing
        from registry_reconciler.runtime.execution.tools import server_named

        try:
            server_named(snapshot, how.get("server"))
        except HandlerError as error:
            return str(error)
    if kind == "script" and invoker.root is not None:
        try:
            command_line(invoker.root, how.get("command"))
        except HandlerError as error:
            return str(error)
    return (
        ""
        if kind in ("script", *EXTRAS)
        else f"nothing here runs {kind!r}: give the invoker a handler for it"
    )


def _cannot_do_without(invoker: Invoker, fields: Mapping[str, Any], snapshot: Any) -> str:
    if fields.get("type") == "workflow":
        from registry_reconciler.runtime.execution.lookup import unknown
        from registry_reconciler.runtime.execution.workflows import NO_STEP, steps_of

        try:
            steps = steps_of(fields)
        except HandlerError as error:
            return str(error)
        missing = unknown(snapshot, (step.ability for step in steps if step.when is not False))
        return f"{NO_STEP} {missing[0]!r}" if missing else ""
    if fields.get("type") == "agent" and "agent" not in invoker.handlers:
        return "nothing here runs an agent: give the invoker a handler for it"
    return "" if fields.get("type") else "it has no implementation"
