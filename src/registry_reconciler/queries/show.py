"""What is known of one entry, for ``registry show``: desired, live, applied, place, references out and in.

Values are as they may be shown: secret fields are masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from registry_reconciler.base.globs import Patterns
from registry_reconciler.loading.state import StateEntry
from registry_reconciler.model.change import Change, FieldChange
from registry_reconciler.model.entry import (
    DesiredEntry,
    FieldPath,
    Json,
    LiveEntry,
    Location,
    Place,
    same,
    split_address,
)
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.model.redact import mask, mask_fields
from registry_reconciler.planning.check import full_value
from registry_reconciler.planning.field_diff import diff_values
from registry_reconciler.planning.impact import references_of
from registry_reconciler.planning.pipeline import Planning
from registry_reconciler.planning.suppress import Locator


class EntrySide(Struct, frozen=True):
    """An entry as one side has it: its value and where it stands."""

    value: Json
    location: Location


class Outgoing(Struct, frozen=True):
    """A reference of the entry.

    Attributes:
        target: the address that it leads to, "" when it leads to nothing here.
        in_fleet: another repository of the fleet may have it.
    """

    path: FieldPath
    text: str
    target: str
    in_fleet: bool = False


class AppliedDetails(Struct, frozen=True):
    """What the state remembers.

    Attributes:
        protected: a fragment protected it when it was last applied.
        fits_live, fits_desired: whether that side is what was applied; ``None`` when the side is not there.
    """

    entry: StateEntry
    protected: bool
    fits_live: bool | None
    fits_desired: bool | None


class EntryDetails(Struct, frozen=True):
    """All of it. ``change`` and ``problems`` are those of today's plan that concern the entry.

    Attributes:
        fields: what applying would change of the live entry; ``None`` where one of the two is not there.
        before, after: the values that ``fields`` compares: without live fields, which are never applied.
    """

    address: str
    desired: EntrySide | None
    live: EntrySide | None
    applied: AppliedDetails | None
    live_truth: bool
    outgoing: tuple[Outgoing, ...]
    incoming: tuple[str, ...]
    change: Change | None
    problems: tuple[Problem, ...]
    fields: tuple[FieldChange, ...] | None = None
    before: Json = None
    after: Json = None


def entry_details(planning: Planning, address: str) -> EntryDetails:
    """Everything about an address; the sides that do not have it are ``None``."""
    loaded, desired = planning.loaded, planning.desired
    desired_entry, live = desired.entries.get(address), loaded.live.entries.get(address)
    kind = loaded.kinds.get(split_address(address)[0])
    locator = Locator(loaded.files)
    changes = [change for change in planning.plan.changes if address in (change.address, change.from_address)]
    return EntryDetails(
        address=address,
        desired=_side(kind, desired_entry.value, desired_entry.place, locator) if desired_entry else None,
        live=_side(kind, full_value(live), live.place, locator) if live else None,
        applied=_applied(planning, kind, address),
        live_truth=kind is not None and kind.truth == "live",
        outgoing=tuple(_outgoing(planning, address)),
        incoming=tuple(_incoming(planning, address)),
        change=changes[0] if changes else None,
        problems=tuple(
            problem
            for problem in planning.plan.problems
            if problem.address == address and problem.status is not Status.FIXED
        ),
        fields=_fields(kind, live, desired_entry),
        before=_shown(kind, live.value) if live else None,
        after=_shown(kind, desired_entry.value) if desired_entry else None,
    )


def _fields(
    kind: Kind | None, live: LiveEntry | None, desired: DesiredEntry | None
) -> tuple[FieldChange, ...] | None:
    if live is None or desired is None:
        return None
    fields = diff_values(live.value, desired.value)
    return mask_fields(fields, kind.secrets) if kind else fields


def _shown(kind: Kind | None, value: Json) -> Json:
    return mask(value, kind.secrets) if kind else value


def _side(kind: Kind | None, value: Json, place: Place, locator: Locator) -> EntrySide:
    locator.prepare([place])
    return EntrySide(_shown(kind, value), locator.location(place))


def _applied(planning: Planning, kind: Kind | None, address: str) -> AppliedDetails | None:
    entry = planning.loaded.state.entries.get(address)
    if entry is None:
        return None
    live = planning.loaded.live.entries.get(address)
    desired = planning.desired.entries.get(address)
    return AppliedDetails(
        entry,
        address in Patterns(planning.loaded.state.protects, planning.desired.exact),
        entry.says(kind, live.value) if live else None,
        entry.says(kind, desired.value) if desired else None,
    )


def _outgoing(planning: Planning, address: str) -> Iterator[Outgoing]:
    entry_set = (
        planning.entry_sets.after
        if address in planning.entry_sets.after.items
        else planning.entry_sets.before
    )
    item = entry_set.items.get(address)
    if item is not None:
        for path, text, target, in_fleet in references_of(entry_set, item):
            yield Outgoing(path, text, target.address if target else "", in_fleet)


def _incoming(planning: Planning, address: str) -> list[str]:
    from registry_reconciler.planning.impact import referrers

    found = {
        *referrers(planning.entry_sets.after).get(address, ()),
        *referrers(planning.entry_sets.before).get(address, ()),
    }
    return sorted(found)


class Listed(Struct, frozen=True):
    """An entry in a list.

    Attributes:
        managed: remembered by the state.
        live_truth: the registry owns it, and no fragment may.
        status: ``registered``, ``pending`` (a fragment says it, the registries do not have it yet),
            ``changed`` (a plan would change it), ``leaving`` or ``gone`` (remembered, and nowhere any more).
        file: the registry file, or the fragment where there is none yet.
    """

    address: str
    managed: bool
    status: str
    file: str
    live_truth: bool = False


def listing(planning: Planning) -> Iterator[Listed]:
    """Every entry that a fragment, a registry or the state names, by address."""
    live, desired = planning.loaded.live.entries, planning.desired.entries
    state = planning.loaded.state.entries
    for address in sorted({*live, *desired, *state}):
        place = live[address].place if address in live else None
        declared = desired[address].place if address in desired else None
        file = place.file if place else declared.file if declared else state[address].fragment
        kind = planning.loaded.kinds.get(split_address(address)[0])
        owned = kind is not None and kind.truth == "live"
        yield Listed(address, address in state, _status(planning, address), file, owned)


def _status(planning: Planning, address: str) -> str:
    live = planning.loaded.live.entries.get(address)
    desired = planning.desired.entries.get(address)
    if live is None:
        return "pending" if desired else "gone"
    if desired is None:
        return "leaving" if address in planning.loaded.state.entries else "registered"
    return "registered" if same(live.value, desired.value) else "changed"


def shown_value(planning: Planning, address: str) -> Json:
    """What an entry says, as it may be shown: as its registry has it, else as its fragment wants it."""
    kind = planning.loaded.kinds.get(split_address(address)[0])
    live = planning.loaded.live.entries.get(address)
    if live is not None:
        return _shown(kind, full_value(live))
    desired = planning.desired.entries.get(address)
    return _shown(kind, desired.value) if desired is not None else {}


class KindRow(Struct, frozen=True):
    """A kind in a list: its files, how many entries there are, and how many of them are managed."""

    kind: str
    title: str
    layout: str
    pattern: str
    files: tuple[str, ...]
    entries: int
    managed: int


def kind_rows(planning: Planning, names: Iterable[str]) -> list[KindRow]:
    """The kinds, by name."""
    loaded = planning.loaded
    counts: dict[str, int] = {}
    managed: dict[str, int] = {}
    for address, entry in loaded.live.entries.items():
        counts[entry.kind] = counts.get(entry.kind, 0) + 1
        if address in loaded.state.entries:
            managed[entry.kind] = managed.get(entry.kind, 0) + 1
    return [
        KindRow(
            kind.name,
            kind.title,
            kind.layout,
            kind.file.text,
            loaded.live.files_of.get(kind.name, ()),
            counts.get(kind.name, 0),
            managed.get(kind.name, 0),
        )
        for kind in (loaded.kinds[name] for name in sorted(names))
    ]
