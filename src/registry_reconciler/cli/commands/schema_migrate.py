"""``registry schema migrate``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import DisplayOptions, Shared
from registry_reconciler.cli.verbs import Going, carry_out
from registry_reconciler.errors import UsageFailure

EXAMPLE = """\
  registry schema migrate service --rename owner=team --default tier=2

  --- a/desired/service.yaml
  +++ b/desired/service.yaml
  @@ -1,4 +1,5 @@
   service:
     - id: pay
  -    owner: cards  # since 2024
  +    team: cards  # since 2024
  +    tier: 2
    wrote desired/service.yaml
"""


def command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The kind whose schema changed.")],
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", metavar="OLD=NEW", help="Give a field another name; repeatable."),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(
            "--default", metavar="FIELD=VALUE", help="Set a field in the entries that lack it; repeatable."
        ),
    ] = None,
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Let the entries of a kind follow its changed schema, and plan.

    Change the schema file first; 'registry schema check' says what it newly finds. The fragments that
    own the entries are edited, or the registry itself for a kind with truth: live.
    """
    from registry_reconciler.editing.verbs import migrating, parse_assignments, parse_renames

    call = shared.call("schema migrate", look)
    if not rename and not default:
        raise UsageFailure(
            "say what changed: --rename OLD=NEW, or --default FIELD=VALUE.",
            next=(("registry", "schema", "check"),),
        )
    defaults = parse_assignments(default) if default else ()
    for assignment in defaults:
        if assignment.way != "set" or not all(isinstance(step, str) for step in assignment.path):
            raise UsageFailure(f"--default {assignment.typed}: write FIELD=VALUE, without + and -.")
    draft = migrating(kind, parse_renames(rename or ()), defaults)
    words = ["schema", "migrate", kind]
    words += [word for field in rename or () for word in ("--rename", field)]
    words += [word for field in default or () for word in ("--default", field)]
    return carry_out(call, draft, going, words)
