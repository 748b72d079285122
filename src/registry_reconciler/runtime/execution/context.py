"""What an implementation gets beside its payload, and the shape of one that the program brings itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from registry_reconciler.runtime.execution.options import CallOptions
from registry_reconciler.runtime.execution.results import InvocationResult
from registry_reconciler.runtime.registry.capabilities import Grant

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from registry_reconciler.runtime.execution.invocation import Invoker

Handler: TypeAlias = Callable[[Mapping[str, Any], Any, "Context"], Any]
"""The program's own way to run an implementation kind: ``handler(implementation, payload, context)``."""


class Context:
    """What a Python implementation gets beside its payload.

    Attributes:
        caps: says what may be done: ``context.caps.use("fs.write")`` before writing.
        id: the item that runs.
    """

    __slots__ = ("_invoker", "_may_call", "_options", "caps", "id", "root")

    def __init__(
        self, invoker: Invoker, id: str, options: CallOptions, caps: Grant, may_call: frozenset[str] | None
    ) -> None:
        self._invoker = invoker
        self._options = options
        self._may_call = may_call
        self.caps = caps
        self.id = id
        self.root = invoker.root

    @property
    def options(self) -> CallOptions:
        """How it was asked for."""
        return self._options

    @property
    def tracer(self) -> Tracer | None:
        """Who is told of what runs."""
        return self._invoker.tracer

    @property
    def caller(self) -> str:
        """Who asked."""
        return self._options.caller

    @property
    def readonly(self) -> bool:
        """Whether nothing may be changed."""
        return self._options.readonly

    @property
    def environment(self) -> str | None:
        """Where it runs, as the configuration names it."""
        return self._options.environment

    def log(self, id: str, verdict: str) -> None:
        """Leave a line in the audit about an item that this one decided not to call."""
        self._invoker.log_decision(id, (), verdict, replace(self._options, caller=self.id))

    def unknown(self, keys: Iterable[str]) -> list[str]:
        """Those of some ids, names or aliases that nothing has."""
        from registry_reconciler.runtime.execution.lookup import unknown

        return unknown(self._options.snapshot, keys)

    def invoke(self, key: str, payload: Any) -> InvocationResult[Any]:
        """Call another ability with the same capabilities, never more. An entry calls only what it
        declares.
        """
        if self._may_call is not None and key not in self._may_call:
            why = f"{self.id} does not declare that it calls {key!r} (ability_ids, steps)"
            return InvocationResult("capability_denied", key, error=why)
        options = replace(self._options, caller=self.id, above=(*self._options.above, self.id))
        return self._invoker.run(key, payload, options)
