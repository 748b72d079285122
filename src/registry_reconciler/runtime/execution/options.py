"""How an item is asked for: what a caller may say, and what comes of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Required, TypeAlias, TypedDict

from registry_reconciler.runtime.execution.handlers import RunLimits
from registry_reconciler.runtime.registry.capabilities import Mode, Vocabulary

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import DbSnapshot

OutputSink: TypeAlias = Callable[[str, bytes], None]


class CallKeywords(TypedDict, total=False):
    """What a caller may say, as keyword arguments.

    Attributes:
        caps: the capabilities that the caller has; everything else is denied.
        mode: ``log`` warns about missing capabilities and goes on.
        readonly: deny what needs a mutating capability, in either mode.
        caller: who asks, for the audit.
        environment: where it runs; an entry that lists others is denied, and one that lists any is denied
            when none is given.
        changed_paths, stage: what hooks may ask for.
        dry_run: decide everything, run nothing.
        timeout: seconds for each script and function of this call, in place of the invoker's limits. A
            definition of the program has no other limit than its own.
        process: run functions in a process of their own, where the limit holds whatever they do.
        domain: look the key up in this domain alone.
        output: gets what scripts write while they run: ``stdout`` or ``stderr``, and the bytes.
    """

    caps: Required[Iterable[str]]
    mode: Mode
    readonly: bool
    caller: str
    environment: str | None
    changed_paths: Iterable[str] | None
    stage: str | None
    dry_run: bool
    timeout: float | None
    process: bool
    domain: str
    output: OutputSink | None


@dataclass(slots=True)
class CallOptions:
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
    limits: RunLimits | None = None
    process: bool = False
    domain: str = ""
    output: OutputSink | None = None
