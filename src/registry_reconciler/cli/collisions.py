"""``registry collisions``."""

from __future__ import annotations

from registry_reconciler.cli.common import LOCK_TIMEOUT, Format, LockTimeout, Reports, Root, make_call
from registry_reconciler.cli.run import deliver

EXAMPLE = """\
  registry collisions

  ability_low: alias 'take' leads to payments.capture, not to payments.take
"""


def command(
    root: Root = None,
    format: Format = "text",
    report: Reports = None,
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
) -> int:
    """List names and aliases that several entries claim."""
    from registry_reconciler.runtime.commands import collisions

    call = make_call("collisions", root=root, format=format, report=report, lock_timeout=lock_timeout)
    outcome = collisions(call.workspace().root, lock_timeout=lock_timeout)
    return deliver(call, outcome.exit, outcome.data, outcome.lines, outcome.errors, outcome.next)
