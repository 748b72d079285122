"""Invocation: an item is resolved, its input checked, the gate asked, the guards heard, and then it runs.

Gating inside one process stops mistakes, not hostile code. A ``python`` implementation runs in this process
with all of its rights, which is why only the user, never a workspace, can let it run; a script runs with the
user's rights. What must be held back from hostile code needs a sandbox around the process.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.errors import CapabilityDenied, HandleError, RegistryError
from registry_reconciler.runtime.execution import answers
from registry_reconciler.runtime.execution.audit import AuditSink, default_sink, make_line
from registry_reconciler.runtime.execution.calling import as_it_is, call
from registry_reconciler.runtime.execution.handlers import (
    Finished,
    HandlerError,
    HandlerTimeout,
    Limits,
    clean_environment,
    output_value,
    returned_value,
    run_script,
)
from registry_reconciler.runtime.execution.hooks import (
    SLOTS,
    Concerned,
    Event,
    HookEvent,
    HookMessage,
    HookOutcome,
    concerned,
    deniable,
    events_of,
    fire,
    texts,
    told,
)
from registry_reconciler.runtime.execution.loading import load_function
from registry_reconciler.runtime.execution.plainjson import json_fault
from registry_reconciler.runtime.registry.capabilities import (
    Decision,
    Grant,
    Mode,
    Vocabulary,
    check_words,
    decide,
)
from registry_reconciler.runtime.registry.items import Definition
from registry_reconciler.runtime.registry.meta import HasMeta, Key
from registry_reconciler.runtime.registry.source import EntryItem, environments_in, vocabulary_in

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import DbSnapshot, RegistryDb, RuntimeDb

Status = Literal[
    "ok", "capability_denied", "readonly_denied", "hook_blocked", "not_found", "invalid", "failed", "timeout"
]

Handler: TypeAlias = Callable[[Mapping[str, Any], Any, "Context"], Any]
"""The program's own way to run an implementation kind: ``handler(implementation, payload, context)``."""

ABILITY_DOMAINS = ("ability", "ability_low", "ability_high")
HOOK_DOMAIN = "hook"
_DEEPEST = 32

log = logging.getLogger("registry_reconciler.runtime")


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """What came of an invocation. It never raises for what an ability, a hook or a caller did wrong.

    Attributes:
        value: what the implementation returned; ``None`` unless the status is ``ok``.
        denied: the capabilities that were missing, or that mutate in a read-only call.
        messages: what guards and other hooks before the call said.
        error: why the status is not ``ok``, for people.
        duration: seconds, all of it.
        would_run: in a dry run, the hooks and the implementation that would run.
        exception: what the implementation raised, with its traceback, where it raised.
    """

    status: Status
    id: str
    value: Any = None
    denied: tuple[str, ...] = ()
    messages: tuple[HookMessage, ...] = ()
    error: str = ""
    duration: float = 0.0
    would_run: tuple[str, ...] = ()
    exception: BaseException | None = None

    @property
    def ok(self) -> bool:
        """Whether it did what it is for."""
        return self.status == "ok"

    def to_data(self) -> dict[str, Any]:
        """The result as JSON data."""
        return {
            "status": self.status,
            "id": self.id,
            "value": self.value,
            "denied": list(self.denied),
            "messages": [{"hook": one.hook, "text": one.text} for one in self.messages],
            "error": self.error,
            "duration_ms": round(self.duration * 1000, 3),
            "would_run": list(self.would_run),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """How an item was asked for; the same for everything that it calls in turn.

    Attributes:
        snapshot: what is looked up in, so that a reload in between changes nothing.
        above: the items that called each other down to here.
        limits: of this call, where it has its own.
    """

    snapshot: DbSnapshot
    vocabulary: Vocabulary
    caps: frozenset[str]
    mode: Mode = "enforce"
    readonly: bool = False
    caller: str = ""
    environment: str | None = None
    changed_paths: tuple[str, ...] | None = None
    stage: str | None = None
    dry_run: bool = False
    above: tuple[str, ...] = ()
    limits: Limits | None = None


class Context:
    """What a Python implementation gets beside its payload.

    Attributes:
        caps: says what may be done: ``context.caps.use("fs.write")`` before writing.
        id: the item that runs.
    """

    __slots__ = ("_asked", "_invoker", "_may_call", "caps", "id", "root")

    def __init__(
        self, invoker: Invoker, id: str, asked: Asked, caps: Grant, may_call: frozenset[str] | None
    ) -> None:
        self._invoker = invoker
        self._asked = asked
        self._may_call = may_call
        self.caps = caps
        self.id = id
        self.root = invoker.root

    @property
    def asked(self) -> Asked:
        """How it was asked for."""
        return self._asked

    @property
    def caller(self) -> str:
        """Who asked."""
        return self._asked.caller

    @property
    def readonly(self) -> bool:
        """Whether nothing may be changed."""
        return self._asked.readonly

    @property
    def environment(self) -> str | None:
        """Where it runs, as the configuration names it."""
        return self._asked.environment

    def invoke(self, key: str, payload: Any) -> InvocationResult:
        """Call another ability with the same capabilities, never more. An entry calls only what it
        declares.
        """
        if self._may_call is not None and key not in self._may_call:
            why = f"{self.id} does not declare that it calls {key!r} (ability_ids, steps)"
            return InvocationResult("capability_denied", key, error=why)
        asked = replace(self._asked, caller=self.id, above=(*self._asked.above, self.id))
        return self._invoker.run(key, payload, asked)


@dataclass(frozen=True, slots=True)
class _Returned:
    """What a function returned; ``own``: one of the program, whose values are its own affair."""

    value: Any
    own: bool = False


class _Snapshots(Protocol):
    def snapshot(self) -> DbSnapshot: ...


class _Refused(Exception):
    """Ends an invocation early with this result."""

    def __init__(self, status: Status, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status: Status = status
        self.error = error
        self.more = more


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
        return _Call(self, key, payload, asked).finish()

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
        _check_event(event, asked.snapshot)
        item = find(asked.snapshot, ability) if ability else None
        bound = bound_hooks(item, event)
        id = ability if item is None else item.meta.id
        occasion = HookEvent(event, id, bound, asked.changed_paths, None, stage)
        outcome = self.heard(occasion, payload, asked)
        verdict = "hook_blocked" if outcome.blocked_by else "allow"
        fault = self.log_decision(id or event, (), verdict, asked)
        if fault and deniable(event) and not outcome.blocked_by:
            return HookOutcome("audit", (*outcome.messages, HookMessage("audit", fault)))
        return outcome

    def heard(self, occasion: HookEvent, payload: Any, asked: Asked, **more: Any) -> HookOutcome:
        """Run the hooks that an occasion concerns."""
        event = {
            "event": occasion.event,
            "ability": occasion.ability,
            "payload": payload,
            "caller": asked.caller,
            "environment": asked.environment,
            "readonly": asked.readonly,
            "stage": asked.stage,
            **more,
        }

        def run(item: HasMeta, fields: Mapping[str, Any], event: Mapping[str, Any]) -> answers.Answer:
            return self._run_hook(item, fields, event, asked)

        return fire(hooks_of(asked.snapshot, occasion), event, run)

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
                "python handlers run code of the workspace in this process; only you can allow it: "
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
            log.warning("the decision on %s could not be logged: %s", visible(id), visible(told(error)))
            return f"the decision could not be logged: {error}"
        return ""


class _Call:
    """One invocation, from key to result. Leaves exactly one audit line."""

    def __init__(self, invoker: Invoker, key: str | Key[Any], payload: Any, asked: Asked) -> None:
        self._invoker = invoker
        self._snapshot = asked.snapshot
        self._key = key
        self._payload = payload
        self._asked = asked
        self._id = key.id if isinstance(key, Key) else key
        self._needed: tuple[str, ...] = ()
        self._messages: tuple[HookMessage, ...] = ()
        self._verdict_logged = False
        self._fields: dict[str, Any] = {}

    def finish(self) -> InvocationResult:
        started = time.monotonic()
        try:
            result = self._through(started)
        except _Refused as refused:
            if not self._verdict_logged:
                self._invoker.log_decision(self._id, self._needed, refused.status, self._asked)
            result = InvocationResult(refused.status, self._id, error=refused.error, **refused.more)
        return replace(result, messages=self._messages, duration=time.monotonic() - started)

    def _through(self, started: float) -> InvocationResult:
        item = self._resolve()
        fault = "" if self._invoker.runs_itself(item) else json_fault(self._payload)
        if fault:
            raise _Refused("invalid", f"the input is no JSON: {fault}")
        self._check_payload("input_schema", self._payload, "the input")
        decision = self._gate(item)
        before = self._occasion("PreAbilityCall")
        guards = hooks_of(self._snapshot, before)
        if self._asked.dry_run:
            self._record(decision)
            return InvocationResult("ok", self._id, would_run=self._would_run(guards))
        self._hear(before)
        self._record(decision)
        try:
            value = self._perform(item)
            self._check_payload("output_schema", value, "the output")
            result = InvocationResult("ok", self._id, value)
        except _Refused as refused:
            result = InvocationResult(refused.status, self._id, error=refused.error, **refused.more)
        self._tell(result.status, (time.monotonic() - started) * 1000)
        return result

    def _resolve(self) -> HasMeta:
        try:
            item: HasMeta | None = find(self._snapshot, self._key)
        except HandleError as error:
            raise _Refused("not_found", str(error)) from error
        if item is None:
            raise _Refused("not_found", f"there is no ability {self._id!r}{_meant(self._snapshot, self._id)}")
        self._id = item.meta.id
        self._needed = item.meta.required_caps
        check_words(
            self._asked.vocabulary,
            [(self._key.registry if isinstance(self._key, Key) else ABILITY_DOMAINS[0], item)],
        )
        if self._id in self._asked.above or len(self._asked.above) > _DEEPEST:
            raise _Refused("failed", f"{self._id} calls itself: {' > '.join((*self._asked.above, self._id))}")
        if isinstance(item, EntryItem):
            self._fields = item.value
        return item

    def _check_payload(self, field: str, value: Any, what: str) -> None:
        schema = self._fields.get(field)
        if schema is None:
            return
        fault = schema_fault(schema, value)
        if fault:
            raise _Refused("invalid", f"{what} is not valid: {fault}")

    def _gate(self, item: HasMeta) -> Decision:
        self._check_environment()
        if isinstance(item, EntryItem) and not item.stated_caps and self._asked.mode == "enforce":
            why = f"{self._id} does not say what it needs; an empty list is an answer: required_caps: []"
            raise _Refused("capability_denied", why)
        decision = self._invoker.decide(item, self._asked)
        if decision.verdict == "readonly_denied":
            why = f"the call is read-only and {self._id} needs {', '.join(decision.mutating)}"
            raise _Refused("readonly_denied", why, denied=decision.mutating)
        if decision.verdict == "capability_denied":
            why = f"{self._id} needs {', '.join(decision.missing)}"
            raise _Refused("capability_denied", why, denied=decision.missing)
        if decision.verdict == "log":
            log.warning(
                "%s needs %s, which %s lacks", self._id, decision.missing, self._asked.caller or "the caller"
            )
        return decision

    def _check_environment(self) -> None:
        allowed = texts(self._fields.get("environments"))
        where = self._asked.environment
        if not allowed or where in allowed:
            return
        names = ", ".join(allowed)
        if where is None:
            why = (
                f"{self._id} runs only in {names}, and the call does not say where it runs: "
                f"pass environment={allowed[0]!r} (--environment {allowed[0]}) if it is there"
            )
        else:
            why = f"{self._id} is for {names}, not for {where}"
        if self._asked.mode == "enforce":
            denied = "environment" if where is None else f"environment:{where}"
            raise _Refused("capability_denied", why, denied=(denied,))
        log.warning("%s", visible(why))

    def _occasion(self, event: Event, duration_ms: float | None = None) -> HookEvent:
        asked = self._asked
        bound = _bound(self._fields, event)
        return HookEvent(event, self._id, bound, asked.changed_paths, duration_ms, asked.stage)

    def _hear(self, occasion: HookEvent) -> None:
        outcome = self._invoker.heard(occasion, self._payload, self._asked)
        self._messages = outcome.messages
        if outcome.blocked_by:
            said = [one.text for one in outcome.messages if one.hook == outcome.blocked_by]
            why = f"the hook {outcome.blocked_by} denied it" + (f": {said[-1]}" if said else "")
            raise _Refused("hook_blocked", why)

    def _record(self, decision: Decision) -> None:
        fault = self._invoker.log_decision(self._id, self._needed, decision.verdict, self._asked)
        self._verdict_logged = not fault
        if fault and self._asked.mode == "enforce":
            raise _Refused("capability_denied", fault)

    def _tell(self, status: Status, duration_ms: float) -> None:
        occasion = self._occasion("PostAbilityCall", duration_ms)
        self._invoker.heard(
            occasion,
            self._payload,
            self._asked,
            status=status,
            duration_ms=round(duration_ms, 3),
        )

    def _would_run(self, guards: Sequence[Concerned]) -> tuple[str, ...]:
        how = self._fields.get("implementation")
        kind = (how.get("kind") if isinstance(how, Mapping) else None) or self._fields.get("type") or "python"
        after = hooks_of(self._snapshot, self._occasion("PostAbilityCall", 0.0))
        return (
            *(f"hook/{one.id}" for one in guards),
            f"{kind}: {self._id}",
            *(f"hook/{one.id}" for one in after),
        )

    def _perform(self, item: HasMeta) -> Any:
        try:
            return self._implementation(item)
        except CapabilityDenied as denied:
            status: Status = "readonly_denied" if denied.readonly else "capability_denied"
            raise _Refused(status, str(denied), denied=(denied.capability,), exception=denied) from denied
        except HandlerTimeout as error:
            raise _Refused("timeout", str(error), exception=error) from error
        except HandlerError as error:
            raise _Refused("failed", str(error), exception=error.__cause__ or error) from error
        except _Refused:
            raise
        except Exception as error:  # implementations are foreign code and may raise anything
            raise _Refused("failed", told(error), exception=error) from error

    def _implementation(self, item: HasMeta) -> Any:
        invoker, asked = self._invoker, self._asked
        if isinstance(item, Definition):
            context = Context(invoker, self._id, asked, invoker.grant(asked), None)
            if item.target is None:
                raise HandlerError(f"{self._id} has nothing to call")
            return call(item.target, self._payload, context, seconds=invoker.seconds_of_code(asked))
        context = Context(invoker, self._id, asked, invoker.grant(asked), called_by(self._fields))
        how = self._fields.get("implementation")
        if how:
            return invoker.perform(how, self._payload, context, {"REGISTRY_ABILITY": self._id})
        if self._fields.get("type") == "workflow":
            return self._workflow(context)
        if self._fields.get("type") == "agent":
            return invoker.perform({"kind": "agent", **self._fields}, self._payload, context, {})
        raise HandlerError(f"{self._id} has no implementation")

    def _workflow(self, context: Context) -> Any:
        """Steps in order, each with its own ``with`` or the workflow's input; the value is that of the
        last.
        """
        value = None
        for step in self._fields.get("steps") or self._fields.get("ability_ids") or ():
            spec = {"ability_id": step} if isinstance(step, str) else step
            when = spec.get("when", True)
            if when is False:
                continue
            if when is not True:
                raise HandlerError(
                    f"the condition of step {spec['ability_id']} cannot be decided here: {when!r}"
                )
            result = context.invoke(spec["ability_id"], spec.get("with", self._payload))
            if not result.ok:
                why = f"step {spec['ability_id']}: {result.error}"
                raise _Refused(result.status, why, denied=result.denied)
            value = result.value
        return value


def find(snapshot: DbSnapshot, key: str | Key[Any]) -> Any:
    """The item of a handle, or of an ability's id, name, alias or address; ``None`` when there is none.

    Raises:
        HandleError: the handle is stale, gone, or of a registry that is not here.
    """
    if isinstance(key, Key):
        if key.registry not in snapshot:
            raise HandleError(f"the handle for {key.id!r} belongs to {key.registry}, which is not here")
        return snapshot.resolve(key)
    for domain in ABILITY_DOMAINS:
        if domain in snapshot:
            found = snapshot[domain].get(key)
            if found is not None:
                return found
    kind, slash, rest = key.partition("/")
    if slash and kind in ABILITY_DOMAINS and kind in snapshot:
        return snapshot[kind].get_by_id(rest)
    return None


def _meant(snapshot: DbSnapshot, key: str) -> str:
    from registry_reconciler.runtime.registry.index import probably_meant

    known = [item.meta.id for domain in ABILITY_DOMAINS if domain in snapshot for item in snapshot[domain]]
    near = tuple(dict.fromkeys(probably_meant(key, known)))
    return f"; did you mean {', '.join(map(repr, near))}?" if near else ""


def bound_hooks(item: Any, event: str) -> tuple[str, ...]:
    """Ids of the hooks that an ability binds to an event itself."""
    return _bound(item.value, event) if isinstance(item, EntryItem) else ()


def _bound(fields: Mapping[str, Any], event: str) -> tuple[str, ...]:
    slots = fields.get("hooks")
    if isinstance(slots, Mapping | None):
        return texts((slots or {}).get(SLOTS.get(event, "")))
    # Something is bound and cannot be read: as the id of a hook that does not exist, it denies.
    return texts(slots) if event in SLOTS else ()


def _of_its_own(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event with a copy of its payload: what one hook changes, neither the next nor the item gets to see.

    What is no JSON may not be copied; only an item in code takes it, from a program that knows both.
    """
    from copy import deepcopy

    payload = event["payload"]
    return event if json_fault(payload) else {**event, "payload": deepcopy(payload)}


def _check_event(event: str, snapshot: DbSnapshot) -> None:
    known = events_of(snapshot)
    if event not in known:
        from registry_reconciler.base.suggest import did_you_mean

        raise RegistryError(
            f"there is no event {event!r}, so no hook can wait for it; there are {', '.join(known)}."
            + did_you_mean(event, known)
        )


def hooks_of(snapshot: DbSnapshot, occasion: HookEvent) -> tuple[Concerned, ...]:
    """The hooks of the database that an occasion concerns, in order."""
    known: Iterable[HasMeta] = snapshot.get(HOOK_DOMAIN, ())
    return concerned(known, occasion, events_of(snapshot))


def called_by(fields: Mapping[str, Any]) -> frozenset[str]:
    """The ids that an entry declares to call."""
    steps = fields.get("steps") or ()
    named = (step if isinstance(step, str) else step.get("ability_id", "") for step in steps)
    return frozenset((*named, *(fields.get("ability_ids") or ())))


def schema_fault(schema: Any, value: Any) -> str:
    """What is wrong with a value by its schema, "" when nothing is. A schema that cannot be used is wrong
    too.
    """
    from registry_reconciler.model.entry import show_path
    from registry_reconciler.schema.validator import SchemaFault, check_value, standalone

    try:
        plain = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    try:
        found = check_value(standalone(schema), plain)
    except SchemaFault as fault:
        return f"the schema itself cannot be used: {fault.message}"
    shown = [f"{show_path(one.path)}: {one.message}" if one.path else one.message for one in found[:3]]
    return "; ".join(shown) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")


def invoke(db: RuntimeDb | RegistryDb, key: str | Key[Any], payload: Any, **asked: Any) -> InvocationResult:
    """Run an item once, with an :class:`Invoker` of its own. ``asked`` is what :meth:`Invoker.invoke`
    takes.
    """
    return Invoker(db).invoke(key, payload, **asked)
