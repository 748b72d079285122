"""Invocation: an item is resolved, its input checked, the gate asked, the guards run, and then it runs.

Gating inside one process stops mistakes, not hostile code. A ``python`` implementation runs in this process
with all of its rights, which is why only the user, never a workspace, can let it run; a script runs with the
user's rights. What must be held back from hostile code needs a sandbox around the process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.execution import answers
from registry_reconciler.runtime.execution.audit import AuditSink, default_sink, make_line
from registry_reconciler.runtime.execution.calling import as_it_is, call
from registry_reconciler.runtime.execution.context import Context, Handler
from registry_reconciler.runtime.execution.handlers import (
    Finished,
    HandlerError,
    Limits,
    clean_environment,
    output_value,
    returned_value,
    run_script,
)
from registry_reconciler.runtime.execution.hooks import (
    Event,
    HookEvent,
    HookMessage,
    HookOutcome,
    deniable,
    fire,
    message_of,
)
from registry_reconciler.runtime.execution.loading import load_function
from registry_reconciler.runtime.execution.lookup import bound_hooks, check_event, find, hooks_of
from registry_reconciler.runtime.execution.plainjson import json_fault
from registry_reconciler.runtime.execution.results import Asked, InvocationResult
from registry_reconciler.runtime.execution.single_call import SingleCall
from registry_reconciler.runtime.registry.capabilities import Decision, Grant, Mode, Vocabulary, decide
from registry_reconciler.runtime.registry.items import Definition
from registry_reconciler.runtime.registry.meta import HasMeta, Key
from registry_reconciler.runtime.registry.source import EntryItem, environments_in, vocabulary_in

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import DbSnapshot, RegistryDb, RuntimeDb

log = logging.getLogger("registry_reconciler.runtime")


@dataclass(frozen=True, slots=True)
class _Returned:
    """What a function returned; ``own``: one of the program, whose values are its own affair."""

    value: Any
    own: bool = False


class _Snapshots(Protocol):
    def snapshot(self) -> DbSnapshot: ...


class Invoker:
    """Runs items of a database.

    Args:
        db: what to look up in; a :class:`RegistryDb` counts as one without extras.
        root: the workspace; ``None`` when only Python definitions are run.
        vocabulary: the declared capabilities; by default those that the database was built with.
        audit: takes one line for each decision; by default a file in the user's state directory.
        allow_python: whether ``python`` handlers of the workspace may run; ``None`` asks the user's own
            configuration.
        handlers: by implementation kind (``mcp``, ``api``) or ``agent``: the program's own way to run them.
        limits: of each script and function; an entry can narrow its time.
    """

    def __init__(
        self,
        db: RuntimeDb | RegistryDb,
        root: Path | None = None,
        *,
        vocabulary: Vocabulary | None = None,
        audit: AuditSink | None = None,
        allow_python: bool | None = None,
        handlers: Mapping[str, Handler] | None = None,
        limits: Limits | None = None,
    ) -> None:
        from registry_reconciler.runtime.registry.db import RegistryDb

        self._db: _Snapshots = db.runtime() if isinstance(db, RegistryDb) else db
        self.root = root
        self._vocabulary = vocabulary
        self._audit = audit or default_sink()
        self._allow_python = allow_python
        self._handlers = dict(handlers or {})
        self.limits = limits or Limits()
        self._limits_said = limits is not None

    def seconds_of_code(self, asked: Asked) -> float | None:
        """The time limit of what is code of the program: none, unless the call or the program asks for one."""
        if asked.limits is not None:
            return asked.limits.seconds
        return self.limits.seconds if self._limits_said else None

    def invoke(
        self,
        key: str | Key[Any],
        payload: Any,
        *,
        caps: Iterable[str],
        mode: Mode = "enforce",
        readonly: bool = False,
        caller: str = "",
        environment: str | None = None,
        changed_paths: Iterable[str] | None = None,
        stage: str | None = None,
        dry_run: bool = False,
        timeout: float | None = None,
    ) -> InvocationResult:
        """Run an item.

        Args:
            key: id, name, alias or address of an ability, or a handle of any domain.
            payload: JSON data for an entry, anything for a Python definition.
            caps: the capabilities that the caller has; everything else is denied.
            mode: ``log`` warns about missing capabilities and goes on.
            readonly: deny what needs a mutating capability, in either mode.
            environment: where it runs; an entry that lists others is denied, and one that lists any is denied
                when none is given.
            changed_paths, stage: what hooks may ask for.
            dry_run: decide everything, run nothing.
            timeout: seconds for each script and function of this call, in place of the invoker's limits. A
                definition of the program has no other limit, and runs in this very thread without one.

        Raises:
            UnknownCapabilityError: a capability that is granted, or that the item needs, is not declared.
            RegistryError: the mode or the environment is no known word.
        """
        asked = self._asked(caps, caller, readonly, changed_paths, stage)
        if mode not in ("enforce", "log"):
            raise RegistryError(f"mode is enforce or log, not {mode!r}")
        known = environments_in(asked.snapshot)
        if environment is not None and known is not None and environment not in known:
            raise RegistryError(f"unknown environment {environment!r}; declared: {', '.join(known)}")
        limits = self._limits_for(timeout)
        asked = replace(asked, mode=mode, environment=environment, dry_run=dry_run, limits=limits)
        return self.run(key, payload, asked)

    async def ainvoke(self, key: str | Key[Any], payload: Any, **asked: Any) -> InvocationResult:
        """As :meth:`invoke`, without holding up the loop: in a thread with the context of the caller.

        A coroutine function of the program is awaited in a loop of that thread.
        """
        import asyncio

        return await asyncio.to_thread(self.invoke, key, payload, **asked)

    def _limits_for(self, timeout: float | None) -> Limits | None:
        if timeout is None:
            return None
        if isinstance(timeout, bool) or not 0 < timeout <= threading.TIMEOUT_MAX:
            raise RegistryError(f"timeout is a number of seconds above 0, not {timeout!r}")
        return Limits(timeout, self.limits.output)

    def _asked(
        self,
        caps: Iterable[str],
        caller: str,
        readonly: bool,
        changed_paths: Iterable[str] | None,
        stage: str | None,
    ) -> Asked:
        if isinstance(changed_paths, (str, bytes)):
            # It would silently become one path for each letter, and clear guards that wait for the whole.
            raise RegistryError(f"changed_paths is a list of paths, not the text {changed_paths!r}")
        snapshot = self._db.snapshot()
        vocabulary = vocabulary_in(snapshot) if self._vocabulary is None else self._vocabulary
        return Asked(
            snapshot,
            vocabulary,
            vocabulary.checked(caps, caller or "caller"),
            readonly=readonly,
            caller=caller,
            changed_paths=None if changed_paths is None else tuple(changed_paths),
            stage=stage,
        )

    def run(self, key: str | Key[Any], payload: Any, asked: Asked) -> InvocationResult:
        """As :meth:`invoke`, with everything about the asking in one value."""
        return SingleCall(self, key, payload, asked).finish()

    def fire(
        self,
        event: Event | str,
        payload: Any,
        *,
        caps: Iterable[str] = (),
        ability: str = "",
        changed_paths: Iterable[str] | None = None,
        stage: str | None = None,
        readonly: bool = False,
        caller: str = "",
    ) -> HookOutcome:
        """Run the hooks of an event that is no call: PromptSubmit, PreAbilityCreate, SessionStop.

        It leaves one audit line, under the ability's id or the event's name; an event that can be denied is
        denied when that line cannot be left.

        Raises:
            UnknownCapabilityError: a granted capability is not declared.
            RegistryError: there is no such event.
        """
        asked = self._asked(caps, caller, readonly, changed_paths, stage)
        check_event(event, asked.snapshot)
        item = find(asked.snapshot, ability) if ability else None
        bound = bound_hooks(item, event)
        id = ability if item is None else item.meta.id
        hook_event = HookEvent(event, id, bound, asked.changed_paths, None, stage)
        outcome = self.run_hooks(hook_event, payload, asked)
        verdict = "hook_blocked" if outcome.blocked_by else "allow"
        fault = self.log_decision(id or event, (), verdict, asked)
        if fault and deniable(event) and not outcome.blocked_by:
            return HookOutcome("audit", (*outcome.messages, HookMessage("audit", fault)))
        return outcome

    def run_hooks(self, hook_event: HookEvent, payload: Any, asked: Asked, **more: Any) -> HookOutcome:
        """Run the hooks that an event concerns."""
        event = {
            "event": hook_event.event,
            "ability": hook_event.ability,
            "payload": payload,
            "caller": asked.caller,
            "environment": asked.environment,
            "readonly": asked.readonly,
            "stage": asked.stage,
            **more,
        }

        def run(item: HasMeta, fields: Mapping[str, Any], event: Mapping[str, Any]) -> answers.Answer:
            return self._run_hook(item, fields, event, asked)

        return fire(hooks_of(asked.snapshot, hook_event), event, run)

    def _run_hook(
        self, item: HasMeta, fields: Mapping[str, Any], event: Mapping[str, Any], asked: Asked
    ) -> answers.Answer:
        decision = self.decide(item, asked)
        if not decision.open:
            words = ", ".join(decision.mutating or decision.missing)
            raise HandlerError(f"the hook {item.meta.id!r} needs capabilities that were not granted: {words}")
        context = Context(self, item.meta.id, asked, self.grant(asked), frozenset())
        event = _of_its_own(event)
        if isinstance(item, EntryItem):
            handler = fields.get("handler")
            how = handler if isinstance(handler, Mapping) else {}
            done = self._carried_out(how, event, context, {"REGISTRY_HOOK": item.meta.id}, plain=True)
        else:
            target = item.target if isinstance(item, Definition) else item
            if not callable(target):
                raise HandlerError(f"the hook {item.meta.id!r} has nothing to call")
            done = _Returned(as_it_is(target, event, context, seconds=self.seconds_of_code(asked)))
        if isinstance(done, Finished):
            return answers.of_script(done, item.meta.id)
        return answers.of_function(done.value)

    def grant(self, asked: Asked) -> Grant:
        """What a running item may do."""
        return Grant(asked.caps, asked.vocabulary, asked.readonly, asked.mode)

    def decide(self, item: HasMeta, asked: Asked) -> Decision:
        """What the gate says of an item."""
        return decide(
            item.meta.required_caps, asked.caps, asked.vocabulary, mode=asked.mode, readonly=asked.readonly
        )

    def perform(
        self, how: Mapping[str, Any], payload: Any, context: Context, extra: Mapping[str, str]
    ) -> Any:
        """Run an implementation or a handler.

        Raises:
            HandlerError, HandlerTimeout, CapabilityDenied: see there; a Python function may raise anything.
        """
        done = self._carried_out(how, payload, context, extra)
        if isinstance(done, Finished):
            return output_value(done, context.id)
        return done.value if done.own else returned_value(done.value, context.id, self.limits)

    def _carried_out(
        self,
        how: Mapping[str, Any],
        payload: Any,
        context: Context,
        extra: Mapping[str, str],
        *,
        plain: bool = False,
    ) -> Finished | _Returned:
        """How the script ended, or what the function returned. Raises as :meth:`perform`."""
        kind = how.get("kind")
        limits = (context.asked.limits or self.limits).narrowed(how.get("timeout_seconds"))
        own = self._handlers.get(str(kind))
        if own is not None:
            seconds = self.seconds_of_code(context.asked)
            return _Returned(call(lambda: own(how, payload, context), None, None, seconds=seconds), own=True)
        if self.root is None:
            raise HandlerError("there is no workspace to run it in")
        if kind == "script":
            more = {"REGISTRY_ROOT": str(self.root), **extra}
            given = clean_environment(how.get("env"), more)
            return run_script(self.root, how.get("command"), payload, environment=given, limits=limits)
        if kind == "python":
            self._check_python()
            function = load_function(self.root, how.get("function"))
            run = as_it_is if plain else call
            return _Returned(run(function, payload, context, seconds=limits.seconds))
        raise HandlerError(f"nothing here runs {kind!r}: give the invoker a handler for it")

    def runs_itself(self, item: object) -> bool:
        """Whether the program's own code runs an item: it takes any value, and needs no JSON."""
        if not isinstance(item, EntryItem):
            return True
        how = item.value.get("implementation")
        return isinstance(how, Mapping) and str(how.get("kind")) in self._handlers

    def _check_python(self) -> None:
        allowed = self._allow_python
        if allowed is None and self.root is not None:
            from registry_reconciler.base.user_dirs import python_allowed

            allowed = python_allowed(self.root)
        if not allowed:
            raise HandlerError(
                "Python handlers run code of the workspace in this process, which only you can allow: "
                "--allow-python, or allow_python under [run] in your own config.toml"
            )

    def log_decision(self, id: str, needed: Iterable[str], verdict: str, asked: Asked) -> str:
        """Leave the audit line; why it could not be left, or ""."""
        line = make_line(
            id,
            needed,
            asked.caps,
            verdict,
            mode="dry_run" if asked.dry_run else asked.mode,
            readonly=asked.readonly,
            caller=asked.caller,
            environment=asked.environment or "",
        )
        try:
            self._audit(line)
        except (
            Exception
        ) as error:  # a sink is the program's own code; whatever it raises, the line is not there
            log.warning("the decision on %s could not be logged: %s", visible(id), visible(message_of(error)))
            return f"the decision could not be logged: {error}"
        return ""


def _of_its_own(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event with a copy of its payload: what one hook changes, neither the next nor the item gets to see.

    What is no JSON may not be copied; only an item in code takes it, from a program that knows both.
    """
    from copy import deepcopy

    payload = event["payload"]
    return event if json_fault(payload) else {**event, "payload": deepcopy(payload)}


def invoke(db: RuntimeDb | RegistryDb, key: str | Key[Any], payload: Any, **asked: Any) -> InvocationResult:
    """Run an item once, with an :class:`Invoker` of its own. ``asked`` is what :meth:`Invoker.invoke`
    takes.
    """
    return Invoker(db).invoke(key, payload, **asked)
