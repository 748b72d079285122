"""``registry rm``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.options import AllowMassDelete, DisplayOptions, Shared
from registry_reconciler.cli.verbs import Going, carry_out
from registry_reconciler.errors import UsageFailure

EXAMPLE = """\
  registry rm route/api.errors --apply --yes

  route: 1 to delete
    - route/api.errors  (no fragment declares it any more)
        modules/routes/api.yaml

  Plan: 1 to delete.
  Applied:
    wrote .system/registry/history/20261120T091244031542Z-0a1b2c3d4e5f.json
    wrote .system/registry/state/docs-0d9f6a3c51be.state
    wrote desired/docs.yaml
    wrote modules/routes/api.yaml
"""


def command(
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="kind/key")],
    keep: Annotated[
        bool, typer.Option("--keep", help="Only stop managing them: the live entries stay.")
    ] = False,
    delete_body: Annotated[
        bool,
        typer.Option("--delete-body", help="Delete a file of front matter although there is text below."),
    ] = False,
    allow_mass_delete: AllowMassDelete = False,
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Take entries out of the fragments that own them, and plan their deletion.

    For a kind with truth: live they are removed from the registry file itself.
    """
    from registry_reconciler.editing.verbs import removing

    call = shared.call("rm", look)
    if keep and delete_body:
        raise UsageFailure("--keep leaves the file, and --delete-body deletes it: leave one of them out.")
    flags = [*(["--keep"] if keep else []), *(["--delete-body"] if delete_body else [])]
    draft = removing(addresses, keep=keep, text_goes=delete_body)
    flags += ["--allow-mass-delete"] if allow_mass_delete else []
    return carry_out(call, draft, going, ("rm", *addresses, *flags), allow_mass_delete=allow_mass_delete)
