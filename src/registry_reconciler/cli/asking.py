"""The one question that commands ask before they write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from registry_reconciler.base.escape import visible

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan


_ASKED = 5
"""So often a question is asked before any other answer counts as no."""


def answered_yes(plan: Plan) -> bool:
    """Ask whether a plan that was shown is to be applied."""
    from registry_reconciler.report.words import summary_line

    what = summary_line(plan)
    # On standard error: standard output may be a file.
    question = f"Apply this plan ({what})? [y/N] "
    for _ in range(_ASKED):
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line.endswith("\n"):
            sys.stderr.write("\n")  # Ctrl-D ends no line, and what follows begins one
        word = line.strip().casefold()
        if word in ("y", "yes"):
            return True
        if word in ("", "n", "no"):
            return False
        question = f"{visible(word[:40])} is neither yes nor no. Apply this plan ({what})? [y/N] "
    return False
