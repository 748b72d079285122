"""``registry collisions``."""

from __future__ import annotations

from registry_reconciler.cli.commands.run import deliver
from registry_reconciler.cli.options import Shared

EXAMPLE = """\
  registry collisions

  ability_low: alias 'take' leads to payments.capture, not to payments.take
"""


def command(
    *,
    shared: Shared,
) -> int:
    """List names and aliases that several entries claim."""
    from registry_reconciler.runtime.serve.commands import collisions

    call = shared.call("collisions")
    outcome = collisions(call.workspace().root, lock_timeout=call.lock_timeout)
    return deliver(call, outcome.exit, outcome.data, outcome.lines, outcome.errors, outcome.next)
