"""``registry rename``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import DisplayOptions, Shared
from registry_reconciler.cli.verbs import Going, carry_out

EXAMPLE = """\
  registry rename module_instance/payments.api payments.web --apply --yes

  module_instance: 1 to move
    > module_instance/payments.web  (renamed)
        from module_instance/payments.api
  route: 1 to update
    ~ route/api.errors  (its fragment changed)
        ~ module_id: "payments.api" → "payments.web"

  Plan: 1 to update, 1 to move.
"""


def command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="kind/key")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The key that it gets.")],
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Give an entry another key, and plan. References to it and entries inside it change too.

    Its fragment gets a line under 'moved', so that the entry keeps its place and its comments.
    """
    from registry_reconciler.editing.verbs import renaming

    call = shared.call("rename", look)
    return carry_out(call, renaming(address, new), going, ("rename", address, new))
