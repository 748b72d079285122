"""What came of an invocation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from registry_reconciler.runtime.errors import CapabilityDenied, RegistryError
from registry_reconciler.runtime.execution.handlers import HandlerError, HandlerTimeout
from registry_reconciler.runtime.execution.hooks import HookMessage, message_of

Status = Literal[
    "ok", "capability_denied", "readonly_denied", "hook_blocked", "not_found", "invalid", "failed", "timeout"
]


V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class InvocationFailed(RegistryError):
    """What :meth:`InvocationResult.unwrap` raises; ``result`` says what came of the call."""

    def __init__(self, result: InvocationResult[Any]) -> None:
        super().__init__(f"{result.id}: {result.status}" + (f": {result.error}" if result.error else ""))
        self.result = result


@dataclass(frozen=True, slots=True)
class InvocationResult(Generic[V_co]):
    """What came of an invocation. It never raises for what an ability, a hook or a caller did wrong.

    Attributes:
        value: what the implementation returned; ``None`` unless the status is ``ok``, whatever its type says:
            ask ``ok`` before, or :meth:`unwrap`.
        denied: the capabilities that were missing, or that mutate in a read-only call.
        messages: what guards and other hooks before the call said.
        error: why the status is not ``ok``, for people.
        duration: seconds, all of it.
        would_run: in a dry run, the hooks and the implementation that would run.
        exception: what the implementation raised, with its traceback, where it raised.
    """

    status: Status
    id: str
    value: V_co = None  # type: ignore[assignment]
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

    def unwrap(self) -> V_co:
        """The value.

        Raises:
            InvocationFailed: the status is not ``ok``; its cause is what the implementation raised.
        """
        if self.status != "ok":
            raise InvocationFailed(self) from self.exception
        return self.value

    def to_data(self) -> dict[str, Any]:
        """The result as JSON data."""
        return {
            "status": self.status,
            "id": self.id,
            "value": self.value,
            "denied": list(self.denied),
            "messages": [{"hook": message.hook, "text": message.text} for message in self.messages],
            "error": self.error,
            "duration_ms": round(self.duration * 1000, 3),
            "would_run": list(self.would_run),
        }


class InvocationRefused(Exception):
    """Ends an invocation early with this result."""

    def __init__(self, status: Status, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status: Status = status
        self.error = error
        self.more = more


def refusal(error: Exception) -> InvocationRefused:
    """How a call ends in which an exception was raised."""
    if isinstance(error, CapabilityDenied):
        status: Status = "readonly_denied" if error.readonly else "capability_denied"
        return InvocationRefused(status, str(error), denied=(error.capability,), exception=error)
    if isinstance(error, HandlerTimeout):
        return InvocationRefused("timeout", str(error), exception=error)
    if isinstance(error, HandlerError):
        return InvocationRefused("failed", str(error), exception=error.__cause__ or error)
    return InvocationRefused("failed", message_of(error), exception=error)
