"""What refers from one repository of a fleet to an entry of another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from registry_reconciler.fleet.catalogue import Catalogue, Referrer


class End(NamedTuple):
    """One end of a reference: an entry of a repository."""

    repository: str
    address: str


class Across(Struct, frozen=True):
    """References between repositories.

    Attributes:
        out: by repository: the entry and field they stand in, and what each leads to.
        into: by repository: the entry they lead to, from where, and in which field.
    """

    out: Mapping[str, Mapping[tuple[str, str], End]]
    into: Mapping[str, tuple[tuple[str, End, str], ...]]


def references_across(catalogue: Catalogue) -> Across:
    """Every reference with ``in: fleet`` that an entry of another repository answers, and no own one."""
    links = catalogue.references_in_fleet()
    wanted: dict[str, set[str]] = {}
    for link in links:
        for kind in link.kinds:
            wanted.setdefault(kind, set()).add(link.key)
    holders = {kind: catalogue.holders(kind, sorted(keys)) for kind, keys in wanted.items()}
    out: dict[str, dict[tuple[str, str], End]] = {}
    into: dict[str, list[tuple[str, End, str]]] = {}
    for link in links:
        ends = _ends(
            link,
            {kind: [known.repository for known in holders[kind].get(link.key, ())] for kind in link.kinds},
        )
        for end in ends:
            out.setdefault(link.repository, {}).setdefault((link.address, link.field), end)
            source = End(link.repository, link.address)
            into.setdefault(end.repository, []).append((end.address, source, link.field))
    return Across(out, {name: tuple(found) for name, found in into.items()})


def _ends(link: Referrer, holders: Mapping[str, list[str]]) -> list[End]:
    """Where a reference leads: nowhere else, if its own repository has such an entry."""
    if any(link.repository in names for names in holders.values()):
        return []
    return [End(name, f"{kind}/{link.key}") for kind, names in holders.items() for name in names]
