"""A catalogue as the rules ask it: what the other repositories have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry_reconciler.fleet.catalogue.known import KnownEntry
from registry_reconciler.fleet.catalogue.lookup import Catalogue
from registry_reconciler.model.fleet_view import Holder, Holders


class CatalogueView:
    """What is in a catalogue, without the repository that is judged (a :class:`~.model.fleet_view.FleetView`)."""

    fault = ""
    by_settings = False

    def __init__(self, catalogue: Catalogue, without: str = "") -> None:
        self._catalogue = catalogue
        self._without = without
        self.snapshot = catalogue.snapshot(without)
        self.id = self.snapshot.id

    def holders(self, kind: str, keys: Sequence[str]) -> Holders:
        """The entries of a kind by key, for those keys that somebody has."""
        return _as_holders(self._catalogue.holders(kind, keys, self._without))

    def named(self, kind: str, name: str) -> Sequence[Holder]:
        """The entries of a kind that have a name or an alias."""
        return [holder_of(known) for known in self._catalogue.named(kind, name, self._without)]

    def near(self, kind: str, key: str) -> str | None:
        """The key of a kind that a key may be a slip of."""
        return self._catalogue.near(kind, key, self._without)

    def former(self, kind: str, key: str) -> Holder | None:
        """Who had an entry last that nobody has now, and until when."""
        found = self._catalogue.former(kind, key, self._without)
        return holder_of(found[0]) if found else None

    def unseen(self, kind: str) -> Sequence[str]:
        """The repositories that may have more entries of a kind: none, what is published was all seen."""
        del kind
        return ()

    def claims(self, kind: str, fields: str, values: Sequence[str]) -> Holders:
        """The entries of a kind by value of some fields, for those values that somebody has."""
        return _as_holders(self._catalogue.claims(kind, fields, values, self._without))


def holder_of(known: KnownEntry) -> Holder:
    """An entry of the catalogue as rules know it."""
    return Holder(
        known.repository,
        known.address,
        known.commit,
        known.path,
        known.line,
        known.deprecated,
        known.until,
    )


def _as_holders(found: Mapping[str, Sequence[KnownEntry]]) -> Holders:
    return {key: [holder_of(known) for known in some] for key, some in found.items()}
