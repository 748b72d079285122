"""How an item was asked for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from registry_reconciler.runtime.execution.handlers import Limits
from registry_reconciler.runtime.execution.hooks import HookMessage
from registry_reconciler.runtime.registry.capabilities import Mode, Vocabulary

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import DbSnapshot

Status = Literal[
    "ok", "capability_denied", "readonly_denied", "hook_blocked", "not_found", "invalid", "failed", "timeout"
]


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
            "messages": [{"hook": message.hook, "text": message.text} for message in self.messages],
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


class Refused(Exception):
    """Ends an invocation early with this result."""

    def __init__(self, status: Status, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status: Status = status
        self.error = error
        self.more = more
