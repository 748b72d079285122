"""``registry override``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import DisplayOptions, Shared
from registry_reconciler.cli.verbs import Going, carry_out

EXAMPLE = """\
  registry override route/api.errors

  --- a/desired/docs.yaml
  +++ b/desired/docs.yaml
  @@ -16,3 +16,5 @@
       topic: errors
       module_id: payments.api
       when_to_use: A client gets an error.
  +override:
  +  - route/api.errors
    wrote desired/docs.yaml

  Plan: no changes.
  1 entry as the fragments say, 0 unmanaged.
"""


def command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="kind/key")],
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Let an entry take a name or an alias that another one has, on purpose."""
    from registry_reconciler.editing.verbs import overriding

    call = shared.call("override", look)
    return carry_out(call, overriding(address), going, ("override", address))
