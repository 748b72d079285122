"""``registry set``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import DisplayOptions, Shared
from registry_reconciler.cli.verbs import Going, carry_out

EXAMPLE = """\
  registry set route/api.errors topic=faults 'tags+=api' --apply --yes

  route: 1 to update
    ~ route/api.errors  (its fragment changed)
        modules/routes/api.yaml from desired/docs.yaml:12:5
        + tags: ["api"]
        ~ topic: "errors" → "faults"

  Plan: 1 to update.
  Applied:
    wrote .system/registry/history/20261120T091244031542Z-0a1b2c3d4e5f.json
    wrote .system/registry/state/docs-0d9f6a3c51be.state
    wrote desired/docs.yaml
    wrote modules/routes/api.yaml
"""


def command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="kind/key")],
    fields: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE...",
            help="FIELD= removes the field; FIELD+= and FIELD-= add to a list and remove from it.",
        ),
    ],
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Set fields of an entry, in the fragment that owns it, and plan.

    VALUE may be JSON, and gets the type that the schema asks for. Write a.b for a field inside
    another one, a[0] for an item of a list, and 'a[]=' to add an item. For a kind with truth: live
    the registry file itself is edited. Nothing is written if the edit causes a problem that blocks.
    """
    from registry_reconciler.editing.verbs import parse_assignments, setting

    call = shared.call("set", look)
    draft = setting(address, parse_assignments(fields))
    return carry_out(call, draft, going, ("set", address, *fields))
