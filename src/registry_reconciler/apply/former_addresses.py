"""What was applied to one entry, also under the addresses that it had before it was renamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from registry_reconciler.apply.history import HistoryRecord
from registry_reconciler.model.entry import Json


class FormerAddresses:
    """Which entry of today an address meant, going back from the newest apply to the oldest."""

    def __init__(self) -> None:
        self._today: dict[str, str | None] = {}

    def today(self, address: str) -> str | None:
        """The address today of what had this one before the applies that were passed; ``None``: another one has it."""
        return self._today.get(address, address)

    def go_back_over(self, apply: HistoryRecord) -> None:
        """From here on addresses mean what they meant before this apply."""
        renamed = [
            (str(change["from"]), str(change.get("address"))) for change in apply.changes if _renames(change)
        ]
        today = [(before, self.today(after)) for before, after in renamed]
        self._today.update((after, None) for _, after in renamed)
        self._today.update(today)


class Followed(Struct, frozen=True):
    """An apply that changed the entry.

    Attributes:
        changes: those of the entry alone, with the address that it had then.
    """

    apply: HistoryRecord
    changes: tuple[Mapping[str, Json], ...]


def follow(applies: Iterable[HistoryRecord], address: str) -> Iterator[Followed]:
    """The applies that changed an entry, of those from the newest to the oldest.

    An address that no entry has any more means the one that had it last.
    """
    former = FormerAddresses()
    wanted: str | None = address
    met = False
    for apply in applies:
        changes = tuple(
            change for change in apply.changes if former.today(str(change.get("address"))) == wanted
        )
        if not changes and not met:
            changes = tuple(change for change in apply.changes if change.get("from") == address)
            wanted = former.today(str(changes[0].get("address"))) if changes else wanted
        former.go_back_over(apply)
        if changes:
            met = True
            yield Followed(apply, changes)


def _renames(change: Mapping[str, Json]) -> bool:
    return bool(change.get("from")) and change.get("from") != change.get("address")
