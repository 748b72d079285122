"""The same change in many repositories: ``registry fleet exec -- registry fix …``.

In each repository a command of registry runs in a work tree of its own, beside the repository: somebody's checkout is
never touched. What it changed is planned, applied and committed on a branch. The branch is made last, so it is there
only where all went well, and a run that was interrupted at any place is taken up again by the next one. ``one`` does
one repository, ``command`` says which commands may be run and runs them, ``record`` remembers where there was nothing
to do.
"""

from __future__ import annotations

from registry_reconciler.fleet.execute.all import execute
from registry_reconciler.fleet.execute.command import Order
from registry_reconciler.fleet.execute.repository import Executed

__all__ = ["Executed", "Order", "execute"]
