"""One invocation, from key to result: resolve, check, ask the gate, hear the guards, run, check again."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.errors import CapabilityDenied, HandleError
from registry_reconciler.runtime.execution.calling import call
from registry_reconciler.runtime.execution.context import Context
from registry_reconciler.runtime.execution.handlers import HandlerError, HandlerTimeout
from registry_reconciler.runtime.execution.hooks import (
    Concerned,
    Event,
    HookEvent,
    HookMessage,
    message_of,
    misspelt,
    readable,
    texts,
)
from registry_reconciler.runtime.execution.lookup import (
    ABILITY_DOMAINS,
    called_by,
    find,
    hooks_in,
    hooks_of,
    meant,
    schema_fault,
)
from registry_reconciler.runtime.execution.plainjson import json_fault
from registry_reconciler.runtime.execution.results import Asked, InvocationResult, Refused, Status
from registry_reconciler.runtime.registry.capabilities import Decision, check_words
from registry_reconciler.runtime.registry.items import Definition
from registry_reconciler.runtime.registry.meta import HasMeta, Key
from registry_reconciler.runtime.registry.source import EntryItem

if TYPE_CHECKING:
    from registry_reconciler.runtime.execution.invocation import Invoker

_DEEPEST = 32

log = logging.getLogger("registry_reconciler.runtime")


class SingleCall:
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
        """Run it to its end, whatever that is."""
        started = time.monotonic()
        try:
            result = self._through(started)
        except Refused as refused:
            if not self._verdict_logged:
                self._invoker.log_decision(self._id, self._needed, refused.status, self._asked)
            result = InvocationResult(refused.status, self._id, error=refused.error, **refused.more)
        return replace(result, messages=self._messages, duration=time.monotonic() - started)

    def _through(self, started: float) -> InvocationResult:
        item = self._resolve()
        fault = "" if self._invoker.runs_itself(item) else json_fault(self._payload)
        if fault:
            raise Refused("invalid", f"the input is no JSON: {fault}")
        self._check_payload("input_schema", self._payload, "the input")
        decision = self._gate(item)
        before = self._hook_event("PreAbilityCall")
        guards = hooks_of(self._snapshot, before)
        if self._asked.dry_run:
            self._record(decision)
            return InvocationResult("ok", self._id, would_run=self._would_run(guards))
        self._run_hooks(before)
        self._record(decision)
        try:
            value = self._perform(item)
            self._check_payload("output_schema", value, "the output")
            result = InvocationResult("ok", self._id, value)
        except Refused as refused:
            result = InvocationResult(refused.status, self._id, error=refused.error, **refused.more)
        self._tell(result.status, (time.monotonic() - started) * 1000)
        return result

    def _resolve(self) -> HasMeta:
        try:
            item: HasMeta | None = find(self._snapshot, self._key)
        except HandleError as error:
            raise Refused("not_found", str(error)) from error
        if item is None:
            raise Refused("not_found", f"there is no ability {self._id!r}{meant(self._snapshot, self._id)}")
        self._id = item.meta.id
        self._needed = item.meta.required_caps
        check_words(
            self._asked.vocabulary,
            [(self._key.registry if isinstance(self._key, Key) else ABILITY_DOMAINS[0], item)],
        )
        if self._id in self._asked.above or len(self._asked.above) > _DEEPEST:
            raise Refused("failed", f"{self._id} calls itself: {' > '.join((*self._asked.above, self._id))}")
        if isinstance(item, EntryItem):
            self._fields = item.value
        return item

    def _check_payload(self, field: str, value: Any, what: str) -> None:
        schema = self._fields.get(field)
        if schema is None:
            return
        fault = schema_fault(schema, value)
        if fault:
            raise Refused("invalid", f"{what} is not valid: {fault}")

    def _gate(self, item: HasMeta) -> Decision:
        self._check_environment()
        if isinstance(item, EntryItem) and not item.stated_caps and self._asked.mode == "enforce":
            why = f"{self._id} does not say what it needs; an empty list is an answer: required_caps: []"
            raise Refused("capability_denied", why)
        decision = self._invoker.decide(item, self._asked)
        if decision.verdict == "readonly_denied":
            why = f"the call is read-only and {self._id} needs {', '.join(decision.mutating)}"
            raise Refused("readonly_denied", why, denied=decision.mutating)
        if decision.verdict == "capability_denied":
            why = f"{self._id} needs {', '.join(decision.missing)}"
            raise Refused("capability_denied", why, denied=decision.missing)
        if decision.verdict == "log":
            log.warning(
                "%s needs %s, which %s lacks", self._id, decision.missing, self._asked.caller or "the caller"
            )
        return decision

    def _check_environment(self) -> None:
        self._check_that_it_can_be_judged()
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
            raise Refused("capability_denied", why, denied=(denied,))
        log.warning("%s", visible(why))

    def _check_that_it_can_be_judged(self) -> None:
        """What was not checked by a plan is served as well: what nobody can read may have been a limit."""
        odd = misspelt(self._fields, ("environments", "hooks"))
        if odd:
            why = f"{self._id} cannot be judged: it has a field {odd!r}, which may be environments or hooks misspelt"
        elif "environments" in self._fields and (
            self._fields["environments"] is None or not readable(self._fields["environments"])
        ):
            why = f"{self._id} cannot be judged: its environments are no list of names"
        else:
            return
        if self._asked.mode == "enforce":
            raise Refused("capability_denied", why, denied=("environment",))
        log.warning("%s", visible(why))

    def _hook_event(self, event: Event, duration_ms: float | None = None) -> HookEvent:
        asked = self._asked
        bound = hooks_in(self._fields, event)
        return HookEvent(event, self._id, bound, asked.changed_paths, duration_ms, asked.stage)

    def _run_hooks(self, hook_event: HookEvent) -> None:
        outcome = self._invoker.run_hooks(hook_event, self._payload, self._asked)
        self._messages = outcome.messages
        if outcome.blocked_by:
            said = [message.text for message in outcome.messages if message.hook == outcome.blocked_by]
            why = f"the hook {outcome.blocked_by} denied it" + (f": {said[-1]}" if said else "")
            raise Refused("hook_blocked", why)

    def _record(self, decision: Decision) -> None:
        fault = self._invoker.log_decision(self._id, self._needed, decision.verdict, self._asked)
        self._verdict_logged = not fault
        if fault and self._asked.mode == "enforce":
            raise Refused("capability_denied", fault)

    def _tell(self, status: Status, duration_ms: float) -> None:
        hook_event = self._hook_event("PostAbilityCall", duration_ms)
        self._invoker.run_hooks(
            hook_event,
            self._payload,
            self._asked,
            status=status,
            duration_ms=round(duration_ms, 3),
        )

    def _would_run(self, guards: Sequence[Concerned]) -> tuple[str, ...]:
        how = self._fields.get("implementation")
        kind = (how.get("kind") if isinstance(how, Mapping) else None) or self._fields.get("type") or "python"
        after = hooks_of(self._snapshot, self._hook_event("PostAbilityCall", 0.0))
        return (
            *(f"hook/{guard.id}" for guard in guards),
            f"{kind}: {self._id}",
            *(f"hook/{concerned.id}" for concerned in after),
        )

    def _perform(self, item: HasMeta) -> Any:
        try:
            return self._implementation(item)
        except CapabilityDenied as denied:
            status: Status = "readonly_denied" if denied.readonly else "capability_denied"
            raise Refused(status, str(denied), denied=(denied.capability,), exception=denied) from denied
        except HandlerTimeout as error:
            raise Refused("timeout", str(error), exception=error) from error
        except HandlerError as error:
            raise Refused("failed", str(error), exception=error.__cause__ or error) from error
        except Refused:
            raise
        except Exception as error:  # implementations are foreign code and may raise anything
            raise Refused("failed", message_of(error), exception=error) from error

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
                raise Refused(result.status, why, denied=result.denied)
            value = result.value
        return value
