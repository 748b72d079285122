"""What a caller may say when it asks for an item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Required, TypedDict

from registry_reconciler.runtime.execution.results import OutputSink
from registry_reconciler.runtime.registry.capabilities import Mode


class Words(TypedDict, total=False):
    """How an item is asked for.

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
