"""The one question that commands ask before they write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan


def answered_yes(plan: Plan) -> bool:
    """Ask whether a plan that was shown is to be applied."""
    from registry_reconciler.report.words import told

    what = told(plan)
    # On standard error: standard output may be a file.
    sys.stderr.write(f"Apply this plan ({what})? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")
