"""Invocation: an item is resolved, its input checked, the gate asked, the guards run, and then it runs.

Gating inside one process stops mistakes, not hostile code. A ``python`` implementation runs in this process
with all of its rights, which is why only the user, never a workspace, can let it run; a script runs with the
user's rights. What must be held back from hostile code needs a sandbox around the process.
"""

from __future__ import annotations

import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Collection,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, Unpack, overload

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.execution import answers
from registry_reconciler.runtime.execution.audit import AuditSink, default_sink, make_line
from registry_reconciler.runtime.execution.calling import Arguments
from registry_reconciler.runtime.execution.context import Context, Handler
from registry_reconciler.runtime.execution.handlers import (
    Finished,
    RunLimits,
    output_value,
    returned_value,
)
from registry_reconciler.runtime.execution.hook_calls import run_hook
from registry_reconciler.runtime.execution.hooks import (
    Event,
    HookEvent,
    HookMessage,
    HookOutcome,
    deniable,
    fire,
    message_of,
)
from registry_reconciler.runtime.execution.implementations import carry_out
from registry_reconciler.runtime.execution.lookup import bound_hooks, check_event, find, hooks_of
from registry_reconciler.runtime.execution.options import CallKeywords, CallOptions, OutputSink
from registry_reconciler.runtime.execution.results import InvocationResult
from registry_reconciler.runtime.execution.single_call import SingleCall
from registry_reconciler.runtime.execution.spans import span_of, tracer_of
from registry_reconciler.runtime.registry.capabilities import Decision, Grant, Mode, Vocabulary, decide
from registry_reconciler.runtime.registry.items import Definition
from registry_reconciler.runtime.registry.meta import HasMeta, Key
from registry_reconciler.runtime.registry.source import EntryItem, environments_in, vocabulary_in

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from registry_reconciler.runtime.execution.streams import InvocationStream
    from registry_reconciler.runtime.registry.db import DbSnapshot, RegistryDb, RuntimeDb

R = TypeVar("R")

_Parts: TypeAlias = (
    Key[Definition[..., Generator[R, Any, Any]]]
    | Key[Definition[..., Iterator[R]]]
    | Key[Definition[..., AsyncIterator[R]]]
    | Key[Definition[..., AsyncGenerator[R, Any]]]
)
"""The handle of what gives its parts one after the other."""

_MOST_KNOWN_OPTIONS = 64
"""Of so many sets of capabilities the asking is kept."""

log = logging.getLogger("registry_reconciler.runtime")


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
        spans: whether OpenTelemetry is told of each invocation, hook and step: by the program's tracer provider,
            or by the tracer given.
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
        limits: RunLimits | None = None,
        spans: bool | Tracer = False,
    ) -> None:
        from registry_reconciler.runtime.registry.db import RegistryDb

        self._db: _Snapshots = db.runtime() if isinstance(db, RegistryDb) else db
        self.root = root
        self._vocabulary = vocabulary
        self._audit = audit or default_sink()
        self._allow_python = allow_python
        self.handlers = dict(handlers or {})
        self.limits = limits or RunLimits()
        self._limits_given = limits is not None
        self.tracer = None if spans is False else tracer_of(spans)
        self._known_options: tuple[DbSnapshot | None, dict[tuple[str, ...], CallOptions]] = (None, {})

    def seconds_of_code(self, options: CallOptions, item: HasMeta | None = None) -> float | None:
        """The time limit of what is code of the program: none, unless the call, the program or the item asks
        for one; then the shortest of the call's and the item's.
        """
        own = item.timeout if isinstance(item, Definition) else None
        if options.limits is not None:
            limit: float | None = options.limits.seconds
        else:
            limit = self.limits.seconds if self._limits_given else None
        return own if limit is None else limit if own is None else min(own, limit)

    @overload
    def invoke(
        self,
        key: Key[Definition[..., Coroutine[Any, Any, R]]],
        payload: Any = ...,
        **options: Unpack[CallKeywords],
    ) -> InvocationResult[R]: ...

    @overload
    def invoke(
        self, key: _Parts[R], payload: Any = ..., **options: Unpack[CallKeywords]
    ) -> InvocationResult[list[R]]: ...

    @overload
    def invoke(
        self, key: Key[Definition[..., R]], payload: Any = ..., **options: Unpack[CallKeywords]
    ) -> InvocationResult[R]: ...

    @overload
    def invoke(
        self, key: str | Key[Any], payload: Any = ..., **options: Unpack[CallKeywords]
    ) -> InvocationResult[Any]: ...

    def invoke(
        self, key: str | Key[Any], payload: Any = None, **options: Unpack[CallKeywords]
    ) -> InvocationResult[Any]:
        """Run an item.

        Args:
            key: id, name, alias or address of an item, or a handle. Abilities come first, then the items of all
                other domains.
            payload: JSON data for an entry, anything for a Python definition.
            options: see :class:`CallKeywords`; ``caps`` is always said.

        Raises:
            UnknownCapabilityError: a capability that is granted, or that the item needs, is not declared.
            RegistryError: the mode or the environment is no known word.
        """
        return SingleCall(self, key, payload, self._options(options)).finish()

    @overload
    async def ainvoke(
        self,
        key: Key[Definition[..., Coroutine[Any, Any, R]]],
        payload: Any = ...,
        **options: Unpack[CallKeywords],
    ) -> InvocationResult[R]: ...

    @overload
    async def ainvoke(
        self, key: Key[Definition[..., R]], payload: Any = ..., **options: Unpack[CallKeywords]
    ) -> InvocationResult[R]: ...

    @overload
    async def ainvoke(
        self, key: str | Key[Any], payload: Any = ..., **options: Unpack[CallKeywords]
    ) -> InvocationResult[Any]: ...

    async def ainvoke(
        self, key: str | Key[Any], payload: Any = None, **options: Unpack[CallKeywords]
    ) -> InvocationResult[Any]:
        """As :meth:`invoke`, without holding up the loop.

        A coroutine function of the program is awaited in the caller's own loop and context, and is cancelled with
        it; everything else runs in a thread with the context of the caller.
        """
        return await SingleCall(self, key, payload, self._options(options)).finish_async()

    @overload
    def stream(
        self, key: _Parts[R], payload: Any = ..., **options: Unpack[CallKeywords]
    ) -> InvocationStream[R]: ...

    @overload
    def stream(
        self, key: str | Key[Any], payload: Any = ..., **options: Unpack[CallKeywords]
    ) -> InvocationStream[Any]: ...

    def stream(
        self, key: str | Key[Any], payload: Any = None, **options: Unpack[CallKeywords]
    ) -> InvocationStream[Any]:
        """As :meth:`invoke`, and the parts of a generator come as it gives them: ``for part in stream``, or
        ``async for``. ``stream.result`` says afterwards how it ended.
        """
        from registry_reconciler.runtime.execution.streams import InvocationStream

        return InvocationStream(SingleCall(self, key, payload, self._options(options)))

    def dispatch(self, line: str, **options: Unpack[CallKeywords]) -> InvocationResult[Any]:
        """Run a command as a person types it: ``write notes.txt --force --copies=2``.

        The first word is an id, name or alias. What follows are its arguments, as texts: ``--name=text`` and
        ``--name`` (true) by name, the others in their order. An ability of a workspace gets a mapping, with those in
        order under ``args``.
        """
        from registry_reconciler.runtime.execution.command_line import parsed

        key, arguments = parsed(line)
        return self.invoke(key, arguments, **options)

    def _limits_for(self, timeout: float | None) -> RunLimits | None:
        return None if timeout is None else RunLimits(timeout, self.limits.output)

    def _options(self, keywords: CallKeywords) -> CallOptions:
        """As :meth:`options_of`. Who says its capabilities alone, as most do, is asking as it did before."""
        caps = keywords["caps"] if len(keywords) == 1 and "caps" in keywords else None
        if not isinstance(caps, (tuple, list)):
            return self.options_of(**keywords)
        snapshot = self._db.snapshot()
        if self._known_options[0] is not snapshot or len(self._known_options[1]) > _MOST_KNOWN_OPTIONS:
            self._known_options = (snapshot, {})
        known, given = self._known_options[1], tuple(caps)
        try:
            found = known.get(given)
        except TypeError:  # no words at all, which is said below
            return self.options_of(**keywords)
        if found is None:
            options = self.options_of(**keywords)
            if options.snapshot is not snapshot:
                return options
            found = known[given] = options
        return found

    def options_of(
        self,
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
        process: bool = False,
        domain: str = "",
        output: OutputSink | None = None,
    ) -> CallOptions:
        """Everything about the asking in one value. Raises as :meth:`invoke`."""
        if isinstance(changed_paths, (str, bytes)):
            # It would silently become one path for each letter, and clear guards that wait for the whole.
            raise RegistryError(f"changed_paths is a list of paths, not the text {changed_paths!r}")
        if mode not in ("enforce", "log"):
            raise RegistryError(f"mode is enforce or log, not {mode!r}")
        snapshot = self._db.snapshot()
        if environment is not None:
            known = environments_in(snapshot)
            if known is not None and environment not in known:
                raise RegistryError(f"unknown environment {environment!r}; declared: {', '.join(known)}")
        vocabulary = vocabulary_in(snapshot) if self._vocabulary is None else self._vocabulary
        return CallOptions(
            snapshot,
            vocabulary,
            vocabulary.checked(caps, caller or "caller"),
            mode,
            readonly,
            caller,
            environment,
            None if changed_paths is None else tuple(changed_paths),
            stage,
            dry_run,
            limits=self._limits_for(timeout),
            process=process,
            domain=domain,
            output=output,
        )

    def run(self, key: str | Key[Any], payload: Any, options: CallOptions) -> InvocationResult[Any]:
        """As :meth:`invoke`, with everything about the asking in one value."""
        return SingleCall(self, key, payload, options).finish()

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
        options = self.options_of(
            caps=caps, caller=caller, readonly=readonly, changed_paths=changed_paths, stage=stage
        )
        check_event(event, options.snapshot)
        item = find(options.snapshot, ability) if ability else None
        bound = bound_hooks(item, event)
        id = ability if item is None else item.meta.id
        hook_event = HookEvent(event, id, bound, options.changed_paths, None, stage)
        outcome = self.run_hooks(hook_event, payload, options)
        verdict = "hook_blocked" if outcome.blocked_by else "allow"
        fault = self.log_decision(id or event, (), verdict, options)
        if fault and deniable(event) and not outcome.blocked_by:
            return HookOutcome("audit", (*outcome.messages, HookMessage("audit", fault)))
        return outcome

    def run_hooks(
        self, hook_event: HookEvent, payload: Any, options: CallOptions, **more: Any
    ) -> HookOutcome:
        """Run the hooks that an event concerns."""
        event = {
            "event": hook_event.event,
            "ability": hook_event.ability,
            "payload": payload.to_data() if isinstance(payload, Arguments) else payload,
            "caller": options.caller,
            "environment": options.environment,
            "readonly": options.readonly,
            "stage": options.stage,
            **more,
        }

        def run(item: HasMeta, fields: Mapping[str, Any], event: Mapping[str, Any]) -> answers.Answer:
            attributes = {"hook": item.meta.id, "event": hook_event.event, "id": hook_event.ability}
            with span_of(self.tracer, f"hook {item.meta.id}", attributes) as span:
                answer = run_hook(self, item, fields, event, options)
                if span is not None:
                    span.set_attribute("registry.block", answer.block)
                return answer

        return fire(hooks_of(options.snapshot, hook_event), event, run)

    def grant(self, options: CallOptions) -> Grant:
        """What a running item may do."""
        return Grant(options.caps, options.vocabulary, options.readonly, options.mode)

    def decide(self, item: HasMeta, options: CallOptions) -> Decision:
        """What the gate says of an item."""
        return decide(
            item.meta.required_caps,
            options.caps,
            options.vocabulary,
            mode=options.mode,
            readonly=options.readonly,
        )

    def perform(
        self,
        how: Mapping[str, Any],
        payload: Any,
        context: Context,
        extra: Mapping[str, str],
        *,
        plain: bool = False,
    ) -> Any:
        """Run an implementation or a handler. Raises as :func:`carry_out`."""
        done = carry_out(self, how, payload, context, extra, plain=plain)
        if isinstance(done, Finished):
            return output_value(done, context.id)
        if done.own or (plain and isinstance(done.value, (Iterator, AsyncIterator, Awaitable))):
            return done.value
        return returned_value(done.value, context.id, self.limits)

    def runs_itself(self, item: object) -> bool:
        """Whether the program's own code runs an item: it takes any value, and needs no JSON."""
        if not isinstance(item, EntryItem):
            return True
        how = item.value.get("implementation")
        return isinstance(how, Mapping) and str(how.get("kind")) in self.handlers

    def python_runs(self) -> bool:
        """Whether Python functions of the workspace may run: the user says that, never a workspace."""
        if self._allow_python is None and self.root is not None:
            from registry_reconciler.base.user_dirs import python_allowed

            return python_allowed(self.root)
        return bool(self._allow_python)

    def log_decision(self, id: str, needed: Collection[str], verdict: str, options: CallOptions) -> str:
        """Leave the audit line; why it could not be left, or ""."""
        line = make_line(
            id,
            needed,
            options.caps,
            verdict,
            mode="dry_run" if options.dry_run else options.mode,
            readonly=options.readonly,
            caller=options.caller,
            environment=options.environment or "",
        )
        try:
            self._audit(line)
        except (
            Exception
        ) as error:  # a sink is the program's own code; whatever it raises, the line is not there
            log.warning("the decision on %s could not be logged: %s", visible(id), visible(message_of(error)))
            return f"the decision could not be logged: {error}"
        return ""


def invoke(
    db: RuntimeDb | RegistryDb, key: str | Key[Any], payload: Any = None, **options: Unpack[CallKeywords]
) -> InvocationResult[Any]:
    """Run an item once, with an :class:`Invoker` of its own."""
    return Invoker(db).invoke(key, payload, **options)
