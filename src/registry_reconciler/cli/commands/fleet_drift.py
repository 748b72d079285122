"""``registry fleet drift``."""

from __future__ import annotations

from registry_reconciler.cli.fleet import ChangedSince, FleetFile, Only, Running
from registry_reconciler.cli.options import NoCache, Reporting

EXAMPLE = """\
  registry fleet drift --changed-since v2.1

  payments  drifted  1f2e3d4c5b6a  3 edited by hand

  Fleet drift: 12 repositories: 1 edited by hand, 11 clean.
"""


def command(
    file: FleetFile = None,
    only: Only = None,
    changed_since: ChangedSince = "",
    *,
    running: Running,
    reporting: Reporting,
    no_cache: NoCache = False,
) -> int:
    """List the repositories of a fleet with entries that were edited by hand; exit 2 when there are any."""
    from registry_reconciler.cli.fleet_answer import look_at

    return look_at(
        "drift",
        reporting,
        running,
        file,
        only,
        changed_since,
        options={},
        asked={},
        remember=not no_cache,
    )
