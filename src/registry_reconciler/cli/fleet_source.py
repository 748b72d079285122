"""The catalogue of a fleet for commands that plan one repository: named by an option, the environment, the settings.

Nothing of the fleet is imported unless a kind looks into other repositories and somebody says where to ask.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from registry_reconciler.model.config import Config
from registry_reconciler.model.fleet_view import FleetView, Holder

VARIABLE = "REGISTRY_CATALOG"


class NamedCatalogue:
    """The catalogue that tells commands what the other repositories have (a :class:`~.model.fleet_view.FleetSource`).

    Args:
        url: what the option says; ``None`` where it was not given.

    Raises:
        UsageFailure: it is given, and empty.
    """

    def __init__(self, root: Path, url: str | None) -> None:
        if url is not None and not url.strip():
            from registry_reconciler.errors import UsageFailure

            raise UsageFailure("--catalog is empty: name the catalogue, or leave it out")
        self._root = root
        self._url = url or ""
        self._source: object = None

    @property
    def named(self) -> bool:
        """Whether the call or the environment named one."""
        return bool(self._url or os.environ.get(VARIABLE))

    def __call__(self, config: Config, addresses: Collection[str]) -> FleetView | None:
        """What they have; ``None`` where nobody says where to ask."""
        if not self.named and not config.catalog:
            return None
        from registry_reconciler.cli.output import say
        from registry_reconciler.fleet.across import CatalogueSource

        if not isinstance(self._source, CatalogueSource):
            self._source = CatalogueSource(self._root, self._url, say)
        return self._source(config, addresses)


def former_holders() -> Callable[[str, str], Holder | None] | None:
    """Who had an entry last, as the catalogue knows it that the environment names; ``None`` where it names none.

    It is a help and no judge: a catalogue that does not answer, at first or later, costs a warning and not the command.
    """
    url = os.environ.get(VARIABLE)
    if not url:
        return None
    from registry_reconciler.cli.output import say
    from registry_reconciler.errors import RegistryFailure
    from registry_reconciler.fleet.catalogue import CatalogueView, open_catalogue

    view: CatalogueView | None = None

    def former(kind: str, key: str) -> Holder | None:
        nonlocal view
        try:
            return None if view is None else view.former(kind, key)
        except RegistryFailure as failure:
            view = None
            say(_UNKNOWN_BEFORE + failure.message)
            return None

    try:
        view = CatalogueView(open_catalogue(url))
    except RegistryFailure as failure:
        say(_UNKNOWN_BEFORE + failure.message)
        return None
    return former


_UNKNOWN_BEFORE = "warning: who had an entry before is not known: "
