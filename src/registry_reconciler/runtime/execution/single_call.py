"""One invocation, from key to result: resolve, check, ask the gate, hear the guards, run, check again."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.errors import HandleError
from registry_reconciler.runtime.execution.calling import (
    Arguments,
    arguments,
    as_it_is,
    call,
    carried_out_async,
    is_async,
    name_of,
)
from registry_reconciler.runtime.execution.context import Context
from registry_reconciler.runtime.execution.handlers import HandlerError
from registry_reconciler.runtime.execution.hooks import (
    Concerned,
    Event,
    HookEvent,
    HookMessage,
    misspelt,
    readable,
    texts,
)
from registry_reconciler.runtime.execution.implementations import cannot_run
from registry_reconciler.runtime.execution.limited import LoopLimit, ended
from registry_reconciler.runtime.execution.lookup import (
    ABILITY_DOMAINS,
    HOOK_DOMAIN,
    called_by,
    find,
    hook_index,
    hooks_in,
    hooks_of,
    not_there,
    schema_fault,
)
from registry_reconciler.runtime.execution.options import CallOptions
from registry_reconciler.runtime.execution.plainjson import json_fault
from registry_reconciler.runtime.execution.results import InvocationRefused, InvocationResult, Status, refusal
from registry_reconciler.runtime.execution.spans import settled, span_of
from registry_reconciler.runtime.registry.capabilities import ALLOW, Decision, check_words
from registry_reconciler.runtime.registry.items import Definition
from registry_reconciler.runtime.registry.meta import HasMeta, Key
from registry_reconciler.runtime.registry.source import EntryItem

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from registry_reconciler.runtime.execution.invocation import Invoker

_DEEPEST = 32

log = logging.getLogger("registry_reconciler.runtime")


class SingleCall:
    """One invocation, from key to result. Leaves exactly one audit line."""

    __slots__ = (
        "_fields",
        "_index",
        "_invoker",
        "_key",
        "_messages",
        "_needed",
        "_options",
        "_payload",
        "_snapshot",
        "_started",
        "_verdict_logged",
        "id",
        "item",
    )

    def __init__(self, invoker: Invoker, key: str | Key[Any], payload: Any, options: CallOptions) -> None:
        self._invoker = invoker
        self._snapshot = options.snapshot
        self._index = hook_index(options.snapshot)
        self._key = key
        self._payload = payload
        self._options = options
        self.id = key.id if isinstance(key, Key) else key
        self._needed: tuple[str, ...] = ()
        self.item: HasMeta | None = None
        self._started = time.monotonic()
        self._messages: tuple[HookMessage, ...] = ()
        self._verdict_logged = False
        self._fields: dict[str, Any] = {}

    def finish(self) -> InvocationResult[Any]:
        """Run it to its end, whatever that is."""
        if self._invoker.tracer is None:
            return self._finish()
        with span_of(self._invoker.tracer, *self.span()) as span:
            result = self._finish()
            settled(span, result)
            return result

    def span(self) -> tuple[str, dict[str, Any]]:
        """The name of its span, and what is known at its beginning."""
        options = self._options
        attributes = {
            "id": self.id,
            "caller": options.caller,
            "mode": options.mode,
            "dry_run": options.dry_run,
        }
        return f"invoke {self.id}", attributes

    @property
    def tracer(self) -> Tracer | None:
        """Who is told of it."""
        return self._invoker.tracer

    def _finish(self) -> InvocationResult[Any]:
        ended = self.begin()
        if ended is not None:
            return ended
        try:
            value = self.perform()
        except InvocationRefused as refused:
            return self.end(refused)
        return self.settle(value)

    async def finish_async(self) -> InvocationResult[Any]:
        """As :meth:`finish`, and the loop goes on meanwhile. What is a coroutine is awaited in this very loop."""
        with span_of(self._invoker.tracer, *self.span()) as span:
            result = await self._finish_async()
            settled(span, result)
            return result

    async def _finish_async(self) -> InvocationResult[Any]:
        import asyncio

        ended = await asyncio.to_thread(self.begin) if self._waits_before() else self.begin()
        if ended is not None:
            return ended
        try:
            value = await self._perform_async()
        except InvocationRefused as refused:
            ended = self.end(refused) if not self._hears() else await asyncio.to_thread(self.end, refused)
            return ended
        return await asyncio.to_thread(self.settle, value) if self._hears() else self.settle(value)

    def _waits_before(self) -> bool:
        """Whether something other than code of the program may be asked before it runs."""
        try:
            item = self._found()
        except HandleError:
            return False
        return isinstance(item, EntryItem) or self._hears()

    def _hears(self) -> bool:
        return HOOK_DOMAIN in self._snapshot and len(self._snapshot[HOOK_DOMAIN]) > 0

    def begin(self) -> InvocationResult[Any] | None:
        """All that comes before it runs; the result, where it does not."""
        try:
            return self._begun()
        except InvocationRefused as refused:
            if not self._verdict_logged:
                self._invoker.log_decision(self.id, self._needed, refused.status, self._options)
            return self._result(refused.status, error=refused.error, **refused.more)

    def _begun(self) -> InvocationResult[Any] | None:
        item = self.item = self._resolve()
        payload = self._payload
        own = self._invoker.runs_itself(item)
        if isinstance(payload, Arguments) and not own:
            payload = self._payload = payload.to_data()
        if not own and (fault := json_fault(payload)):
            raise InvocationRefused("invalid", f"the input is no JSON: {fault}")
        if self._fields:
            self._check_payload("input_schema", payload, "the input")
        decision = self._gate(item)
        before, guards = self._hooks("PreAbilityCall")
        if self._options.dry_run:
            self._record(decision)
            cannot = self._cannot_run()
            return self._result("failed" if cannot else "ok", would_run=self._would_run(guards), error=cannot)
        if before is not None and guards:
            self._run_hooks(before)
        self._record(decision)
        return None

    def _cannot_run(self) -> str:
        """In a dry run: why nothing here would run it, or ""."""
        if not self._fields:
            return ""
        return cannot_run(self._invoker, self._fields, self._snapshot, self._payload, (self.id,))

    def settle(self, value: Any) -> InvocationResult[Any]:
        """The result of what it returned."""
        if self._fields:
            try:
                self._check_payload("output_schema", value, "the output")
            except InvocationRefused as refused:
                return self.end(refused)
        self._tell("ok")
        return self._result("ok", value)

    def end(self, refused: InvocationRefused) -> InvocationResult[Any]:
        """The result of a run that failed."""
        self._tell(refused.status)
        return self._result(refused.status, error=refused.error, **refused.more)

    def _result(self, status: Status, value: Any = None, **more: Any) -> InvocationResult[Any]:
        return InvocationResult(
            status, self.id, value, messages=self._messages, duration=time.monotonic() - self._started, **more
        )

    def _resolve(self) -> HasMeta:
        try:
            item: HasMeta | None = self._found()
        except HandleError as error:
            raise InvocationRefused("not_found", str(error)) from error
        if item is None:
            raise InvocationRefused("not_found", not_there(self._snapshot, self.id, self._options.domain))
        self.id = item.meta.id
        self._needed = item.meta.required_caps
        if self._needed:
            domain = self._key.registry if isinstance(self._key, Key) else ABILITY_DOMAINS[0]
            check_words(self._options.vocabulary, [(domain, item)])
        if self.id in self._options.above or len(self._options.above) > _DEEPEST:
            raise InvocationRefused(
                "failed", f"{self.id} calls itself: {' > '.join((*self._options.above, self.id))}"
            )
        if isinstance(item, EntryItem):
            self._fields = item.value
        return item

    def _found(self) -> Any:
        return find(self._snapshot, self._key, self._options.domain)

    def _check_payload(self, field: str, value: Any, what: str) -> None:
        schema = self._fields.get(field)
        if schema is None:
            return
        fault = schema_fault(schema, value)
        if fault:
            raise InvocationRefused("invalid", f"{what} is not valid: {fault}")

    def _gate(self, item: HasMeta) -> Decision:
        if self._fields:
            self._check_environment()
        if isinstance(item, EntryItem) and not item.stated_caps and self._options.mode == "enforce":
            why = f"{self.id} does not say what it needs; an empty list is an answer: required_caps: []"
            raise InvocationRefused("capability_denied", why)
        if not self._needed:
            return ALLOW
        decision = self._invoker.decide(item, self._options)
        if decision.verdict == "readonly_denied":
            why = f"the call is read-only and {self.id} needs {', '.join(decision.mutating)}"
            raise InvocationRefused("readonly_denied", why, denied=decision.mutating)
        if decision.verdict == "capability_denied":
            why = f"{self.id} needs {', '.join(decision.missing)}"
            raise InvocationRefused("capability_denied", why, denied=decision.missing)
        if decision.verdict == "log":
            log.warning(
                "%s needs %s, which %s lacks",
                self.id,
                ", ".join(decision.missing),
                self._options.caller or "the caller",
            )
        return decision

    def _check_environment(self) -> None:
        self._check_that_it_can_be_judged()
        allowed = texts(self._fields.get("environments"))
        where = self._options.environment
        if not allowed or where in allowed:
            return
        names = ", ".join(allowed)
        if where is None:
            why = (
                f"{self.id} runs only in {names}, and the call does not say where it runs: "
                f"pass environment={allowed[0]!r} (--environment {allowed[0]}) if it is there"
            )
        else:
            why = f"{self.id} is for {names}, not for {where}"
        if self._options.mode == "enforce":
            denied = "environment" if where is None else f"environment:{where}"
            raise InvocationRefused("capability_denied", why, denied=(denied,))
        log.warning("%s", visible(why))

    def _check_that_it_can_be_judged(self) -> None:
        """What was not checked by a plan is served as well: what nobody can read may have been a limit."""
        odd = misspelt(self._fields, ("environments", "hooks"))
        if odd:
            why = f"{self.id} cannot be judged: it has a field {odd!r}, which may be environments or hooks misspelt"
        elif "environments" in self._fields and (
            self._fields["environments"] is None or not readable(self._fields["environments"])
        ):
            why = f"{self.id} cannot be judged: its environments are no list of names"
        else:
            return
        if self._options.mode == "enforce":
            raise InvocationRefused("capability_denied", why, denied=("environment",))
        log.warning("%s", visible(why))

    def _hooks(
        self, event: Event, duration_ms: float | None = None
    ) -> tuple[HookEvent | None, Sequence[Concerned]]:
        """The hooks that an event of this call concerns; most calls concern none."""
        if not self._fields and not self._index.candidates(event, self.id, ()):
            return None, ()
        hook_event = self._hook_event(event, duration_ms)
        return hook_event, hooks_of(self._snapshot, hook_event)

    def _hook_event(self, event: Event, duration_ms: float | None = None) -> HookEvent:
        options = self._options
        bound = hooks_in(self._fields, event)
        return HookEvent(event, self.id, bound, options.changed_paths, duration_ms, options.stage)

    def _run_hooks(self, hook_event: HookEvent) -> None:
        outcome = self._invoker.run_hooks(hook_event, self._payload, self._options)
        self._messages = outcome.messages
        if outcome.blocked_by:
            texts = [message.text for message in outcome.messages if message.hook == outcome.blocked_by]
            why = f"the hook {outcome.blocked_by} denied it" + (f": {texts[-1]}" if texts else "")
            raise InvocationRefused("hook_blocked", why)

    def _record(self, decision: Decision) -> None:
        fault = self._invoker.log_decision(self.id, self._needed, decision.verdict, self._options)
        self._verdict_logged = not fault
        if fault and self._options.mode == "enforce":
            raise InvocationRefused("capability_denied", fault)

    def _tell(self, status: Status) -> None:
        if not self._fields and not self._index.candidates("PostAbilityCall", self.id, ()):
            return
        duration_ms = (time.monotonic() - self._started) * 1000
        hook_event, concerned = self._hooks("PostAbilityCall", duration_ms)
        if hook_event is not None and concerned:
            self._invoker.run_hooks(
                hook_event, self._payload, self._options, status=status, duration_ms=round(duration_ms, 3)
            )

    def _would_run(self, guards: Sequence[Concerned]) -> tuple[str, ...]:
        how = self._fields.get("implementation")
        kind = (how.get("kind") if isinstance(how, Mapping) else None) or self._fields.get("type") or "python"
        steps = (
            self._fields.get("steps") or self._fields.get("ability_ids") or () if kind == "workflow" else ()
        )
        after = hooks_of(self._snapshot, self._hook_event("PostAbilityCall", 0.0))
        return (
            *(f"hook/{guard.id}" for guard in guards),
            f"{kind}: {self.id}",
            *(f"  step: {step if isinstance(step, str) else step.get('ability_id')}" for step in steps),
            *(f"hook/{concerned.id}" for concerned in after),
        )

    def perform(self, *, plain: bool = False) -> Any:
        """What the item returns; ``plain``: as it is, a coroutine or a generator too. Raises InvocationRefused."""
        try:
            return self._implementation(plain)
        except InvocationRefused:
            raise
        except Exception as error:  # implementations are foreign code and may raise anything
            raise refusal(error) from error

    async def _perform_async(self) -> Any:
        import asyncio

        item = self.item
        if not isinstance(item, Definition) or item.target is None or self._in_a_process(item):
            return await asyncio.to_thread(self.perform)
        seconds = self._invoker.seconds_of_code(self._options, item)
        try:
            async with LoopLimit(seconds, name_of(item.target)):
                if is_async(item.target):
                    given, named = arguments(item.target, self._payload, self._context)
                    value = item.target(*given, **named)
                else:
                    value = await asyncio.to_thread(self.perform, plain=True)
                return await carried_out_async(value)
        except InvocationRefused:
            raise
        except (SystemExit, GeneratorExit) as error:
            raise refusal(ended(error)) from error
        except Exception as error:
            raise refusal(error) from error

    def seconds(self) -> float | None:
        """How long the item may take."""
        item = self.item
        if isinstance(item, Definition):
            return self._invoker.seconds_of_code(self._options, item)
        return (self._options.limits or self._invoker.limits).seconds

    def has_schema(self, field: str) -> bool:
        """Whether what goes in, or what comes out, has a schema."""
        return field in self._fields

    @property
    def is_own(self) -> bool:
        """Whether the program's own code runs it."""
        return self._invoker.runs_itself(self.item)

    async def called_in_the_loop(self) -> Any:
        """What the item returns, as it is; code that waits is called here, all else in a thread."""
        import asyncio

        item = self.item
        if isinstance(item, Definition) and item.target is not None and is_async(item.target):
            given, named = arguments(item.target, self._payload, self._context)
            return item.target(*given, **named)
        return await asyncio.to_thread(self.perform, plain=True)

    def _in_a_process(self, item: Definition[..., Any]) -> bool:
        return item.process or self._options.process

    def _context(self) -> Context:
        invoker, options = self._invoker, self._options
        may_call = called_by(self._fields) if isinstance(self.item, EntryItem) else None
        return Context(invoker, self.id, options, invoker.grant(options), may_call)

    def _implementation(self, plain: bool) -> Any:
        invoker, item = self._invoker, self.item
        if isinstance(item, Definition):
            if item.target is None:
                raise HandlerError(f"{self.id} has nothing to call")
            run = as_it_is if plain else call
            seconds = invoker.seconds_of_code(self._options, item)
            process = self._in_a_process(item)
            return run(item.target, self._payload, self._context, seconds=seconds, process=process)
        context = self._context()
        how = self._fields.get("implementation")
        if how:
            if not isinstance(how, Mapping):
                raise HandlerError(f"the implementation of {self.id} is no mapping")
            return invoker.perform(how, self._payload, context, {"REGISTRY_ABILITY": self.id}, plain=plain)
        if self._fields.get("type") == "workflow":
            from registry_reconciler.runtime.execution.workflows import run_workflow

            return run_workflow(self._fields, self._payload, context)
        if self._fields.get("type") == "agent":
            return invoker.perform({"kind": "agent", **self._fields}, self._payload, context, {})
        raise HandlerError(f"{self.id} has no implementation")
