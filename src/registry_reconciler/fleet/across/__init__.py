"""Across repositories: what kinds say with ``in: fleet``, judged for one repository or for all of them.

For one, a catalogue tells what the others have (``source``). For all, each tells what it gives and what it asks
(``description``), and only those that ask for what is not there, or claim what another one has, are looked at a
second time with what the others gave (``fleet``, ``check``). The rules are the same; they ask a
:class:`~registry_reconciler.model.fleet_view.FleetView`.
"""

from __future__ import annotations

from registry_reconciler.fleet.across.check import TELL, judged
from registry_reconciler.fleet.across.source import CatalogueSource

__all__ = ["TELL", "CatalogueSource", "judged"]
