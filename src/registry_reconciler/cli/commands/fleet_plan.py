"""``registry fleet plan``."""

from __future__ import annotations

from registry_reconciler.cli.fleet import ChangedSince, FleetFile, Only, Running
from registry_reconciler.cli.options import DetailedExitCode, NoCache, NoCheck, Reporting

EXAMPLE = """\
  registry fleet plan --only 'pay*' --workers 4

  payments  blocked  1f2e3d4c5b6a  1 error
  payroll   changes  5b6a1f2e3d4c  2 to create

  error REF001 payments/desired/docs.yaml:13:16 route/api.errors
    There is no module_instance 'payments.ap'. Did you mean 'payments.api'?

  Fleet plan: 12 repositories: 1 blocked, 1 with changes, 10 clean.
"""


def command(
    file: FleetFile = None,
    only: Only = None,
    changed_since: ChangedSince = "",
    detailed_exitcode: DetailedExitCode = False,
    no_check: NoCheck = False,
    *,
    running: Running,
    reporting: Reporting,
    no_cache: NoCache = False,
) -> int:
    """Show what apply would do in each repository of a fleet, and every problem.

    Writes nothing. Each repository is looked at in a task of its own: one that hangs, takes too much
    memory or is broken ends in its own error. It needs the extra: pip install
    'registry-reconciler[fleet]'.
    """
    from registry_reconciler.cli.fleet_answer import look_at

    return look_at(
        "plan",
        reporting,
        running,
        file,
        only,
        changed_since,
        options={"no_check": no_check},
        asked={"detailed": detailed_exitcode},
        remember=not no_cache,
    )
