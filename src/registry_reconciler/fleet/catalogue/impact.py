"""What a change in one repository breaks in others."""

from __future__ import annotations

from msgspec import Struct

from registry_reconciler.fleet.catalogue.known import Referrer
from registry_reconciler.fleet.catalogue.lookup import Catalogue


class FleetImpact(Struct, frozen=True):
    """What happens elsewhere when an entry is not called so any more.

    Attributes:
        breaks: the references that would lead nowhere.
        others: the repositories that have it as well, so that nothing would.
    """

    breaks: tuple[Referrer, ...]
    others: tuple[str, ...]


def impact(catalogue: Catalogue, kind: str, key: str, repository: str) -> FleetImpact:
    """What breaks when an entry of one repository is renamed or deleted.

    A reference breaks that may lead into the fleet, of another repository which has no such entry itself, and where
    nobody else has one either. One that may lead to several kinds breaks where no entry of the others has the key.
    """
    holders = {known.repository for known in catalogue.holders(kind, [key]).get(key, [])}
    others = tuple(sorted(holders - {repository}))
    if others:
        return FleetImpact((), others)
    coming = [
        link for link in catalogue.referrers(kind, key) if link.in_fleet and link.repository != repository
    ]
    kinds = sorted({other for link in coming for other in link.kinds} - {kind})
    there = {other for other in kinds if catalogue.holders(other, [key])}
    return FleetImpact(tuple(link for link in coming if there.isdisjoint(link.kinds)), ())
