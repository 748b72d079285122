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
from registry_reconciler.runtime.execution.handlers import MAX_OUTPUT
from registry_reconciler.runtime.execution.options import OutputSink
from registry_reconciler.runtime.execution.results import InvocationResult
from registry_reconciler.runtime.registry.capabilities import Mode
from registry_reconciler.runtime.registry.source import EntryItem
from registry_reconciler.runtime.serve.served_files import find_root
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
class CommandOutcome:
    """What a command came to.

    Attributes:
        exit: the exit code.
        data: for ``--format json``.
        lines: for people, in order.
        errors: failures, for standard error.
        next: ready commands.
        notes: for people, on standard error: what hooks, plugins and scripts said.
    """

    exit: int
    data: dict[str, Any]
    lines: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    next: tuple[tuple[str, ...], ...] = field(default=())
    notes: tuple[str, ...] = ()


class ScriptOutput:
    """What scripts write while they run. Standard error is kept; both go on at once to whom they are shown."""

    def __init__(self, live: OutputSink | None) -> None:
        self._live = live
        self._kept = bytearray()
        self.shown = False

    def __call__(self, stream: str, data: bytes) -> None:
        """Take some bytes of a stream."""
        if stream == "stderr":
            self._kept += data[: MAX_OUTPUT - len(self._kept)]
        if self._live is not None:
            self.shown = self.shown or stream == "stdout"
            self._live(stream, data)

    @property
    def errors(self) -> str:
        """All that was written to standard error."""
        return self._kept.decode("utf-8", "replace")


def _opened(
    path: str | os.PathLike[str], lock_timeout: float, plugins: tuple[str, ...] = ()
) -> WorkspaceRuntime | CommandOutcome:
    try:
        return open_runtime(path, lock_timeout=lock_timeout, plugins=plugins)
    except WorkspaceLoadError as error:
        # A workspace file that cannot be read is a blocking problem.
        return CommandOutcome(BLOCKED, {}, errors=error.problems, next=(("registry", "check"),))
    except RegistryError as error:
        return CommandOutcome(BLOCKED, {}, errors=(str(error),), next=(("registry", "check"),))


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
    timeout: float | None = None,
    lock_timeout: float = 10.0,
    audit: AuditSink | None = None,
    plugins: Iterable[str] = (),
    live: OutputSink | None = None,
) -> CommandOutcome:
    """Run an ability of the workspace at ``path``.

    Args:
        payload: the decoded ``--input``.
        allow_python: ``--allow-python``; without it the user's own configuration decides.
        plugins: ``--plugin``, beside those that the user's own configuration allows.
        live: gets what the ability's scripts write, at once.

    Raises:
        UsageFailure: an unknown capability, environment or mode; no workspace.
        RegistryFailure: the lock is held, or an interrupted apply is pending.
    """
    from registry_reconciler.base.user_dirs import plugins_allowed

    chosen = dict.fromkeys((*plugins, *plugins_allowed(find_root(path))))
    runtime = _opened(path, lock_timeout, tuple(chosen))
    if isinstance(runtime, CommandOutcome):
        return runtime
    output = ScriptOutput(live)
    invoker = runtime.invoker(audit=audit, allow_python=True if allow_python else None)
    try:
        result = invoker.invoke(
            ability,
            payload,
            caps=caps,
            mode=mode,
            readonly=readonly,
            caller="registry run",
            environment=environment,
            dry_run=dry_run,
            timeout=timeout,
            output=output,
        )
    except RegistryError as error:
        raise UsageFailure(str(error)) from error
    return CommandOutcome(
        _EXITS[result.status],
        {"result": {**result.to_data(), "stderr": output.errors}, "dry_run": dry_run},
        () if output.shown and result.ok and _is_script(runtime, result.id) else _lines(result, dry_run),
        (result.error,) if result.error else (),
        _way_out(result, ability),
        _notes(result, runtime, output, live is not None),
    )


def _is_script(runtime: WorkspaceRuntime, id: str) -> bool:
    """Whether what an ability wrote is its value: then it was shown already."""
    found = runtime.snapshot()["ability"].get_by_id(id) if "ability" in runtime.snapshot() else None
    how = found.value.get("implementation") if isinstance(found, EntryItem) else None
    return isinstance(how, dict) and how.get("kind") == "script"


def _notes(
    result: InvocationResult[Any], runtime: WorkspaceRuntime, output: ScriptOutput, shown: bool
) -> tuple[str, ...]:
    plugins = [f"the plugin {name} failed: {why}" for name, why in runtime.plugins.failed.items()]
    hooks = [f"{message.hook}: {message.text}" for message in result.messages]
    written = [] if shown else output.errors.rstrip("\n").split("\n") if output.errors else []
    return (*plugins, *hooks, *written)


def _lines(result: InvocationResult[Any], dry_run: bool) -> tuple[str, ...]:
    import json

    lines: list[str] = []
    if dry_run and result.would_run:
        lines += ["would run:", *(f"  {step}" for step in result.would_run)]
    elif result.ok and isinstance(result.value, str):
        lines.append(result.value.removesuffix("\n"))  # a text is shown as it is
    elif result.ok and result.value is not None:
        lines.append(json.dumps(result.value, ensure_ascii=False, indent=2))
    if not result.ok:
        lines.append(f"{result.id}: {result.status}")
    return tuple(lines)


def _way_out(result: InvocationResult[Any], ability: str) -> tuple[tuple[str, ...], ...]:
    if result.status == "not_found":
        return (("registry", "list", "ability_*/*"), ("registry", "list", "--kinds"))
    # What was denied is for a person to grant: no ready command widens what a caller may do.
    return (("registry", "show", f"{ability}"),) if result.status == "invalid" and "/" in ability else ()


def collisions(path: str | os.PathLike[str], *, lock_timeout: float = 10.0) -> CommandOutcome:
    """The names and aliases that several entries claim, and who has them.

    Raises:
        RegistryFailure: no workspace, the lock is held, or an interrupted apply is pending.
    """
    runtime = _opened(path, lock_timeout)
    if isinstance(runtime, CommandOutcome):
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
    return CommandOutcome(DONE, {"collisions": rows}, tuple(lines or ["no collisions"]))
