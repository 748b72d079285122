"""``registry allow``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import DisplayOptions, Shared
from registry_reconciler.cli.verbs import Going, carry_out

EXAMPLE = """\
  registry allow route/api.errors RTE004 --reason "shared until March"

  --- a/desired/docs.yaml
  +++ b/desired/docs.yaml
  @@ -16,3 +16,7 @@
       topic: errors
       module_id: payments.api
       when_to_use: A client gets an error.
  +allow:
  +  - address: route/api.errors
  +    code: RTE004
  +    reason: shared until March
    wrote desired/docs.yaml

  Plan: no changes.
  1 entry as the fragments say, 0 unmanaged.
"""


def command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="kind/key")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code of the problem.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is accepted, and until when.")] = "",
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Accept a problem of an entry: it no longer blocks.

    It is written into the fragment that owns the entry, with a reason. A problem without which
    nothing can be planned safely cannot be accepted.
    """
    from registry_reconciler.editing.verbs import allowing

    call = shared.call("allow", look)
    return carry_out(
        call, allowing(address, code, reason), going, ("allow", address, code, f"--reason={reason}")
    )
