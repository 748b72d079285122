"""What ``registry run`` and ``registry collisions`` do: plain data in, plain data out. Nothing here
prints.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from registry_reconciler.errors import UsageFailure
from registry_reconciler.runtime.errors import RegistryError, WorkspaceLoadError
from registry_reconciler.runtime.execution.audit import AuditSink
from registry_reconciler.runtime.execution.results import InvocationResult
from registry_reconciler.runtime.registry.capabilities import Mode
from registry_reconciler.runtime.serve.workspace import WorkspaceRuntime, open_runtime

DONE, FAILED, BLOCKED, USAGE = 0, 1, 3, 64

_EXITS = {
    "ok": DONE,
    "failed": FAILED,
    "timeout": FAILED,
    "capability_denied": BLOCKED,
    "readonly_denied": BLOCKED,
    "hook_blocked": BLOCKED,
    "invalid": BLOCKED,
    "not_found": USAGE,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to.

    Attributes:
        exit: the exit code.
        data: for ``--format json``.
        lines: for people, in order.
        errors: failures, for standard error.
        next: ready commands.
    """

    exit: int
    data: dict[str, Any]
    lines: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    next: tuple[tuple[str, ...], ...] = field(default=())


def _opened(path: str | os.PathLike[str], lock_timeout: float) -> WorkspaceRuntime | Outcome:
    try:
        return open_runtime(path, lock_timeout=lock_timeout)
    except WorkspaceLoadError as error:
        # A workspace file that cannot be read is a blocking problem.
        return Outcome(BLOCKED, {}, errors=error.problems, next=(("registry", "check"),))
    except RegistryError as error:
        return Outcome(BLOCKED, {}, errors=(str(error),), next=(("registry", "check"),))


def run_ability(
    path: str | os.PathLike[str],
    ability: str,
    payload: Any,
    *,
    caps: Iterable[str] = (),
    dry_run: bool = False,
    readonly: bool = False,
    mode: Mode = "enforce",
    environment: str | None = None,
    allow_python: bool = False,
    caller: str = "registry run",
    changed_paths: Iterable[str] | None = None,
    stage: str | None = None,
    timeout: float | None = None,
    lock_timeout: float = 10.0,
    audit: AuditSink | None = None,
) -> Outcome:
    """Run an ability of the workspace at ``path``.

    Args:
        payload: the decoded ``--input``.
        allow_python: ``--allow-python``; without it the user's own configuration decides.

    Raises:
        UsageFailure: an unknown capability, environment or mode; no workspace.
        RegistryFailure: the lock is held, or an interrupted apply is pending.
    """
    runtime = _opened(path, lock_timeout)
    if isinstance(runtime, Outcome):
        return runtime
    invoker = runtime.invoker(audit=audit, allow_python=True if allow_python else None)
    try:
        result = invoker.invoke(
            ability,
            payload,
            caps=caps,
            mode=mode,
            readonly=readonly,
            caller=caller,
            environment=environment,
            changed_paths=changed_paths,
            stage=stage,
            dry_run=dry_run,
            timeout=timeout,
        )
    except RegistryError as error:
        raise UsageFailure(str(error)) from error
    return Outcome(
        _EXITS[result.status],
        {"result": result.to_data(), "dry_run": dry_run},
        _lines(result, dry_run),
        (result.error,) if result.error else (),
        _way_out(result, ability),
    )


def _lines(result: InvocationResult, dry_run: bool) -> tuple[str, ...]:
    import json

    lines = [f"{message.hook}: {message.text}" for message in result.messages]
    if dry_run and result.ok:
        lines += ["would run:", *(f"  {step}" for step in result.would_run)]
    elif result.ok and result.value is not None:
        lines.append(json.dumps(result.value, ensure_ascii=False, indent=2))
    if not result.ok:
        lines.append(f"{result.id}: {result.status}")
    return tuple(lines)


def _way_out(result: InvocationResult, ability: str) -> tuple[tuple[str, ...], ...]:
    if result.status == "not_found":
        return (("registry", "list"),)
    # What was denied is for a person to grant: no ready command widens what a caller may do.
    return (("registry", "show", f"{ability}"),) if result.status == "invalid" and "/" in ability else ()


def collisions(path: str | os.PathLike[str], *, lock_timeout: float = 10.0) -> Outcome:
    """The names and aliases that several entries claim, and who has them.

    Raises:
        RegistryFailure: no workspace, the lock is held, or an interrupted apply is pending.
    """
    runtime = _opened(path, lock_timeout)
    if isinstance(runtime, Outcome):
        return runtime
    rows = [
        {
            "kind": kind,
            "key": change.key,
            "key_kind": change.key_kind,
            "winner": change.winner,
            "loser": change.loser,
            "action": change.action,
        }
        for kind, found in sorted(runtime.collisions().items())
        for change in found
    ]
    lines = [
        f"{row['kind']}: {row['key_kind']} {row['key']!r} leads to {row['winner']}, not to {row['loser']}"
        f" ({row['action'].replace('_', ' ')})"
        for row in rows
    ]
    return Outcome(DONE, {"collisions": rows}, tuple(lines or ["no collisions"]))
