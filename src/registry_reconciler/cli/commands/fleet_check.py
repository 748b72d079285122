"""``registry fleet check``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from registry_reconciler.cli.fleet import ChangedSince, FleetFile, Only, Running
from registry_reconciler.cli.options import NoCache, Reporting

EXAMPLE = """\
  registry fleet check --scheduler tls://dask.example.org:8786

  payments  blocked  1f2e3d4c5b6a  1 error

  error REF001 payments/desired/docs.yaml:13:16 route/api.errors
    There is no module_instance 'payments.ap'. Did you mean 'payments.api'?

  Fleet check: 12 repositories: 1 blocked, 11 clean.
"""


def command(
    file: FleetFile = None,
    only: Only = None,
    changed_since: ChangedSince = "",
    fail_on: Annotated[
        Literal["error", "warning"],
        typer.Option("--fail-on", help="Exit 3 if there is a problem of this severity or above."),
    ] = "error",
    *,
    running: Running,
    reporting: Reporting,
    no_cache: NoCache = False,
) -> int:
    """Show the problems of each repository of a fleet.

    Worst first, and by cause across repositories. The exit code is that of the worst.
    """
    from registry_reconciler.cli.fleet_answer import look_at

    return look_at(
        "check",
        reporting,
        running,
        file,
        only,
        changed_since,
        options={},
        asked={"fail_on": fail_on},
        remember=not no_cache,
    )
