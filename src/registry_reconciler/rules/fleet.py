"""Across the repositories of a fleet: what ``in: fleet`` refers to is there, and unique values are (FLT).

The rules ask a :class:`~registry_reconciler.model.fleet_view.FleetView` that whoever plans has handed in. Without one
they say nothing: that nothing was judged stands at the head of the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from registry_reconciler.base.suggest import meant
from registry_reconciler.model.config import CONFIG_PATH
from registry_reconciler.model.entry import FieldPath, Place, canonical, get_path
from registry_reconciler.model.fleet_view import FleetView, Holder
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.model.references import written_like
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.links import Link, links
from registry_reconciler.rules.references import near_key
from registry_reconciler.rules.shapes import listing, slip
from registry_reconciler.rules.unique import values_of_group

SUGGESTIONS = 20
"""How many dangling ids of a run get a did-you-mean and are looked for in the history: each is a search of its own."""

_NAMED = 3
"""So many repositories are named in a message; the others are counted."""


def _across(kind: Kind) -> bool:
    return kind.looks_across


def _view(entry_set: EntrySet) -> FleetView | None:
    """What can be asked of the fleet; ``None`` where nothing can."""
    view = entry_set.fleet
    return None if view is None or view.fault else view


class _Led(NamedTuple):
    """A reference that leads out of this repository, and who has what it says."""

    link: Link
    holders: Sequence[Holder]


def _led(entry_set: EntrySet) -> list[_Led]:
    """Every reference to the fleet that nothing here answers."""
    view = _view(entry_set)
    if view is None:
        return []
    abroad = [
        link
        for link in links(entry_set).abroad
        if not entry_set.maybe_hidden(link.reference.kinds, link.value)
    ]
    wanted: dict[str, dict[str, None]] = {}
    for link in abroad:
        for kind, key in _meanings(link):
            wanted.setdefault(kind, {})[key] = None
    known = {kind: view.holders(kind, tuple(keys)) for kind, keys in wanted.items()}
    return [_Led(link, _holders(link, known)) for link in abroad]


def _meanings(link: Link) -> Iterator[tuple[str, str]]:
    """The kinds and keys that a reference may mean: where it may lead to several kinds, also as an address."""
    kinds, value = link.reference.kinds, link.value
    for kind in kinds:
        yield kind, value
    head, slash, key = value.partition("/")
    if len(kinds) > 1 and slash and head in kinds:
        yield head, key


def _holders(link: Link, known: Mapping[str, Mapping[str, Sequence[Holder]]]) -> Sequence[Holder]:
    return next((known[kind][key] for kind, key in _meanings(link) if key in known[kind]), ())


def _dangling(entry_set: EntrySet) -> Iterator[Finding]:
    view = _view(entry_set)
    if view is None:
        return
    clues: dict[tuple[tuple[str, ...], str], _Clue] = {}
    for link, holders in entry_set.memo(_led):
        if holders or _unseen(view, link):
            continue
        wanted = (link.reference.kinds, link.value)
        if wanted not in clues and len(clues) < SUGGESTIONS:
            clues[wanted] = _clue(view, entry_set, link)
        clue = clues.get(wanted, _Clue())
        kinds = " or ".join(link.reference.kinds)
        yield Finding(
            link.item,
            f"There is no {kinds} {link.value!r} here or in another repository of the fleet.{clue.text}",
            link.path,
            severity=link.reference.missing,
            extra=link.value,
            replacements=()
            if link.reference.field.derived or not clue.instead
            else slip(link.item, link.path, written_like(get_path(link.item.value, link.path), clue.instead)),
            cause=f"missing in the fleet: {kinds} {link.value}",
        )


class _Clue(NamedTuple):
    """What leads on from an id that nobody has: a sentence, and what to write instead."""

    text: str = ""
    instead: str = ""


def _clue(view: FleetView, entry_set: EntrySet, link: Link) -> _Clue:
    for kind in link.reference.kinds:
        named = view.named(kind, link.value)
        if named:
            text = f" It is a name of {named[0].address} in {_who(named)}; a reference says the id."
            return _Clue(text, named[0].key)
    for kind, key in _meanings(link):
        former = view.former(kind, key)
        if former is not None:
            until = f" until commit {former.until[:12]}" if former.until else " before"
            return _Clue(f" {former.repository} had it{until}.")
    there = (view.near(kind, link.value) for kind in link.reference.kinds)
    near = next(filter(None, there), None) or near_key(entry_set, link) or ""
    return _Clue(meant(near), near)


def _who(holders: Sequence[Holder]) -> str:
    """The repositories of some entries, in words."""
    names = sorted({holder.repository for holder in holders})
    return listing(names, _NAMED)


def _where(holder: Holder) -> str:
    at = f" ({holder.path}{f':{holder.line}' if holder.line else ''})" if holder.path else ""
    return f"{holder.address} of {holder.repository}{at}"


FLT001 = Rule(
    "FLT001",
    "Nothing in the fleet has what is referred to",
    Severity.ERROR,
    check=_dangling,
    concerns=_across,
    supports_incremental=True,
)


def _claimed(entry_set: EntrySet) -> Iterator[Finding]:
    view = _view(entry_set)
    if view is None:
        return
    for kind in entry_set.kinds.values():
        for number in sorted(kind.unique_in_fleet):
            fields = " and ".join(selector.text for selector in kind.unique[number])
            claims = list(_claims(entry_set, kind, number))
            taken = view.claims(kind.name, fields, tuple(dict.fromkeys(claim.value for claim in claims)))
            for claim in claims:
                holders = taken.get(claim.value, ())
                if holders:
                    yield _twice(claim, fields, holders)


class _FleetClaim(NamedTuple):
    item: Entry
    path: FieldPath
    value: str
    shown: str


def _claims(entry_set: EntrySet, kind: Kind, number: int) -> Iterator[_FleetClaim]:
    for item in entry_set.of(kind.name):
        if entry_set.judges(item.address):
            for path, value in values_of_group(entry_set, item, number):
                text = canonical(value)
                yield _FleetClaim(item, path, text, repr(value) if isinstance(value, str) else text)


def _twice(claim: _FleetClaim, fields: str, holders: Sequence[Holder]) -> Finding:
    more = len(holders) - 1
    others = f" and {more:,} more" if more else ""
    return Finding(
        claim.item,
        f"{fields} is {claim.shown} in {_where(holders[0])}{others} as well.",
        claim.path,
        extra=f"{fields}={claim.value}",
        cause=f"claimed twice in the fleet: {claim.item.kind} {fields}={claim.value}",
    )


FLT002 = Rule(
    "FLT002",
    "Two repositories of the fleet claim one value",
    Severity.ERROR,
    check=_claimed,
    concerns=_across,
    supports_incremental=True,
)


def _to_deprecated(entry_set: EntrySet) -> Iterator[Finding]:
    for link, holders in entry_set.memo(_led):
        if not holders or not all(holder.deprecated for holder in holders):
            continue
        if entry_set.status(link.item) == "deprecated":
            continue
        yield Finding(
            link.item,
            f"{holders[0].address} is deprecated in {_who(holders)}.",
            link.path,
            extra=holders[0].address,
            cause=f"deprecated in the fleet: {holders[0].address}",
        )


FLT003 = Rule(
    "FLT003",
    "What another repository has deprecated is referred to",
    Severity.WARNING,
    check=_to_deprecated,
    concerns=_across,
    supports_incremental=True,
)


def _unseen(view: FleetView, link: Link) -> Sequence[str]:
    """The repositories that may have what a reference says, and could not be looked at."""
    return sorted({name for kind in link.reference.kinds for name in view.unseen(kind)})


def _unreached(entry_set: EntrySet) -> Iterator[Finding]:
    view = entry_set.fleet
    if view is None:
        return
    if not view.fault:
        yield from _not_seen(entry_set, view)
        return
    across = [kind for _, kind in sorted(entry_set.kinds.items()) if kind.looks_across]
    kinds = [kind.name for kind in across]
    # Where the call named the catalogue, nothing in the settings is wrong: what was not judged is the place.
    in_settings = Place(CONFIG_PATH, 0, ("catalog",))
    yield Finding(
        None,
        f"The catalogue of the fleet could not be asked: {view.fault}. What {listing(kinds)} "
        f"{'say' if len(kinds) > 1 else 'says'} with in: fleet was not judged.",
        place=in_settings if view.by_settings else Place(across[0].schema_path, 0, ("x-registry",)),
        extra="catalogue",
    )


def _not_seen(entry_set: EntrySet, view: FleetView) -> Iterator[Finding]:
    """One warning for all references that may lead to what could not be looked at."""
    hidden = [(link, _unseen(view, link)) for link, holders in entry_set.memo(_led) if not holders]
    open_ends = [(link, names) for link, names in hidden if names]
    if not open_ends:
        return
    names = sorted({name for _, some in open_ends for name in some})
    first = open_ends[0][0]
    many = len(open_ends) > 1
    yield Finding(
        first.item,
        f"{len(open_ends):,} {'references were' if many else 'reference was'} not judged, because "
        f"{listing(names, _NAMED)} could not be looked at: what {'they name' if many else 'it names'} may stand "
        f"there. The first is {first.value!r}.",
        first.path,
        extra="not seen",
    )


FLT004 = Rule(
    "FLT004",
    "Other repositories could not be asked",
    Severity.WARNING,
    check=_unreached,
    concerns=_across,
    supports_incremental=True,
)


RULES = (FLT001, FLT002, FLT003, FLT004)
