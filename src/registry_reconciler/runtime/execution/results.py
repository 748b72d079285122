"""How an item was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from registry_reconciler.runtime.errors import CapabilityDenied, RegistryError
from registry_reconciler.runtime.execution.handlers import HandlerError, HandlerTimeout, Limits
from registry_reconciler.runtime.execution.hooks import HookMessage, message_of
from registry_reconciler.runtime.registry.capabilities import Mode, Vocabulary

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import DbSnapshot

OutputSink: TypeAlias = Callable[[str, bytes], None]

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


@dataclass(slots=True)
class Asked:
    """How an item was asked for; the same for everything that it calls in turn. Nobody changes it.

    Attributes:
        snapshot: what is looked up in, so that a reload in between changes nothing.
        above: the items that called each other down to here.
        limits: of this call, where it has its own.
        process: whether code of the program runs in a process of its own.
        domain: where a key is looked up, where the call says so.
        output: gets what scripts write while they run: the name of the stream and the bytes.
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
    process: bool = False
    domain: str = ""
    output: OutputSink | None = None


class Refused(Exception):
    """Ends an invocation early with this result."""

    def __init__(self, status: Status, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status: Status = status
        self.error = error
        self.more = more


def refusal(error: Exception) -> Refused:
    """How a call ends in which an exception was raised."""
    if isinstance(error, CapabilityDenied):
        status: Status = "readonly_denied" if error.readonly else "capability_denied"
        return Refused(status, str(error), denied=(error.capability,), exception=error)
    if isinstance(error, HandlerTimeout):
        return Refused("timeout", str(error), exception=error)
    if isinstance(error, HandlerError):
        return Refused("failed", str(error), exception=error.__cause__ or error)
    return Refused("failed", message_of(error), exception=error)
