"""What each kind of implementation means: the one place that knows them.

``script``, ``python``, ``api`` and ``mcp`` run here, the last two with what an extra installs; anything else, and
any of these, the program may run in its own way (``Invoker(handlers=...)``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_reconciler.runtime.errors import HandleError
from registry_reconciler.runtime.execution.calling import as_it_is, call
from registry_reconciler.runtime.execution.context import Context
from registry_reconciler.runtime.execution.extras import missing_extra
from registry_reconciler.runtime.execution.handlers import (
    Finished,
    HandlerError,
    RunLimits,
    clean_environment,
    command_line,
    run_script,
)
from registry_reconciler.runtime.execution.loading import load_function
from registry_reconciler.runtime.registry.source import EntryItem

if TYPE_CHECKING:
    from registry_reconciler.runtime.execution.invocation import Invoker

NO_WORKSPACE = "there is no workspace to run it in"

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
    options = context.options
    limits = (options.limits or invoker.limits).narrowed(how.get("timeout_seconds"))
    own = invoker.handlers.get(str(kind))
    if own is not None:
        seconds = invoker.seconds_of_code(options)
        run = as_it_is if plain else call
        return Returned(run(lambda: own(how, payload, context), None, None, seconds=seconds), own=True)
    if invoker.root is None:
        raise HandlerError(NO_WORKSPACE)
    if kind == "script":
        more = {"REGISTRY_ROOT": str(invoker.root), **extra}
        given = clean_environment(how.get("env"), more)
        # What a hook writes is its answer, and for nobody else.
        output = None if "REGISTRY_HOOK" in extra else options.output
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

        server = server_named(options.snapshot, how.get("server"))
        return Returned(call_tool(invoker.root, server, str(how.get("tool")), payload, limits))
    raise HandlerError(f"nothing here runs {kind!r}: give the invoker a handler for it")


def _python(
    invoker: Invoker, how: Mapping[str, Any], payload: Any, context: Context, limits: RunLimits, plain: bool
) -> Any:
    if not invoker.python_runs():
        raise HandlerError(NOT_PYTHON)
    assert invoker.root is not None
    function = load_function(invoker.root, how.get("function"))
    process = how.get("process") is True or context.options.process
    run = as_it_is if plain and not process else call
    return run(function, payload, context, seconds=limits.seconds, process=process)


def cannot_run(
    invoker: Invoker,
    fields: Mapping[str, Any],
    snapshot: Any,
    payload: Any = ...,
    above: tuple[str, ...] = (),
) -> str:
    """Why nothing here would run an ability, as far as that can be said without running it; "" when it would.

    Args:
        payload: what it would get; ``...`` where that is not known yet.
        above: the workflows whose steps lead to it.
    """
    how = fields.get("implementation")
    if not how:
        return _cannot_do_without(invoker, fields, snapshot, above)
    if not isinstance(how, Mapping):
        return "its implementation is no mapping"
    kind = str(how.get("kind"))
    if kind in invoker.handlers:
        return ""
    judge = _JUDGES.get(kind)
    if judge is None:
        return f"nothing here runs {kind!r}: give the invoker a handler for it"
    try:
        return judge(invoker, how, snapshot, payload)
    except HandlerError as error:
        return str(error)


def _no_script(invoker: Invoker, how: Mapping[str, Any], _snapshot: Any, _payload: Any) -> str:
    if invoker.root is None:
        return NO_WORKSPACE
    command_line(invoker.root, how.get("command"))
    return ""


def _no_python(invoker: Invoker, _how: Mapping[str, Any], _snapshot: Any, _payload: Any) -> str:
    if invoker.root is None:
        return NO_WORKSPACE
    return "" if invoker.python_runs() else NOT_PYTHON


def _no_api(_invoker: Invoker, how: Mapping[str, Any], _snapshot: Any, payload: Any) -> str:
    from registry_reconciler.runtime.execution.web import cannot_call

    return cannot_call(how, payload)


def _no_mcp(invoker: Invoker, how: Mapping[str, Any], snapshot: Any, payload: Any) -> str:
    missing = missing_extra("mcp")
    if missing:
        return missing
    from registry_reconciler.runtime.execution.tools import cannot_reach, server_named

    return cannot_reach(invoker.root, server_named(snapshot, how.get("server")), payload)


_JUDGES = {"script": _no_script, "python": _no_python, "api": _no_api, "mcp": _no_mcp}


def _cannot_do_without(
    invoker: Invoker, fields: Mapping[str, Any], snapshot: Any, above: tuple[str, ...]
) -> str:
    if fields.get("type") == "workflow":
        return _no_workflow(invoker, fields, snapshot, above)
    if fields.get("type") == "agent" and "agent" not in invoker.handlers:
        return "nothing here runs an agent: give the invoker a handler for it"
    return "" if fields.get("type") else "it has no implementation"


def _no_workflow(invoker: Invoker, fields: Mapping[str, Any], snapshot: Any, above: tuple[str, ...]) -> str:
    from registry_reconciler.runtime.execution.lookup import find, unknown
    from registry_reconciler.runtime.execution.workflows import NO_STEP, steps_of

    try:
        steps = [step for step in steps_of(fields) if step.when is not False]
    except HandlerError as error:
        return str(error)
    for missing in unknown(snapshot, (step.ability for step in steps)):
        return f"{NO_STEP} {missing!r}"
    for step in steps:
        with contextlib.suppress(HandleError):  # it leads to several, and the call says so
            item = find(snapshot, step.ability)
            if isinstance(item, EntryItem) and item.meta.id not in above:
                why = cannot_run(invoker, item.value, snapshot, ..., (*above, item.meta.id))
                if why:
                    return f"step {step.name}: {why}"
    return ""
