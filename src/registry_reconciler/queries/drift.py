"""Drift in detail: what kind of drift it is, where each field stands, and who wrote that line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from registry_reconciler.files.git import Blame, blame, is_repository
from registry_reconciler.model.change import Drift, FieldChange
from registry_reconciler.model.entry import MISSING, Location
from registry_reconciler.planning.diff.records import is_unfit
from registry_reconciler.planning.pipeline import Planning
from registry_reconciler.planning.suppress import Locator

EDITED = "edited"
GONE = "gone"
BOTH_CHANGED = "both_changed"
UNDECLARED = "undeclared"

MEANINGS = {
    EDITED: "edited by hand",
    GONE: "removed from the registries by hand; its fragment and the state still have it",
    BOTH_CHANGED: "edited by hand, and its fragment changed too",
    UNDECLARED: "edited by hand, and no fragment declares it any more",
}
"""What each kind of drift is, in words."""


class EditedField(Struct, frozen=True):
    """A field that is not what the fragment says (``change.before``) but something else (``change.after``).

    Attributes:
        location: where it stands in the registry; that of the entry when the field is gone.
        blame: who wrote that line; ``None`` outside git.
    """

    change: FieldChange
    location: Location
    blame: Blame | None


class DriftedEntry(Struct, frozen=True):
    """One entry that is not what was last applied; ``nature`` is a key of :data:`MEANINGS`."""

    drift: Drift
    nature: str
    fields: tuple[EditedField, ...]
    blame: Blame | None


class StaleState(Struct, frozen=True):
    """The state does not fit, and that is all: an apply mends it without touching a registry."""

    address: str
    why: str


def drifted(planning: Planning, root: Path) -> tuple[DriftedEntry, ...]:
    """Every drifted entry, by address, with its lines blamed. Runs git where there is a repository."""
    sites = [(drift, tuple(_sites(planning, drift))) for drift in planning.plan.drift]
    blamed = _blame(root, sites)
    found = []
    for drift, fields in sites:
        whole = drift.location or Location(drift.file)
        found.append(
            DriftedEntry(
                drift,
                _nature(planning, drift),
                tuple(EditedField(change, at, blamed.get(at.path, {}).get(at.line)) for change, at in fields),
                None if drift.gone else blamed.get(whole.path, {}).get(whole.line),
            )
        )
    return tuple(sorted(found, key=lambda drifted_entry: drifted_entry.drift.address))


def _nature(planning: Planning, drift: Drift) -> str:
    if drift.gone:
        return GONE
    if drift.address not in planning.desired.entries:
        return UNDECLARED
    return EDITED if drift.applied_known else BOTH_CHANGED


def _sites(planning: Planning, drift: Drift) -> Iterator[tuple[FieldChange, Location]]:
    """Each field with its place in the registry file."""
    whole = drift.location or Location(drift.file)
    if drift.gone:
        return
    source = planning.loaded.files.get(drift.place.file)
    locator = Locator({drift.place.file: source} if source else {})
    there = [field for field in drift.fields if field.after is not MISSING]
    locator.prepare(drift.place.at(change.path) for change in there)
    for field in drift.fields:
        location = locator.location(drift.place.at(field.path)) if field.after is not MISSING else whole
        yield field, location if location.line else whole


def _blame(
    root: Path, sites: Sequence[tuple[Drift, Sequence[tuple[FieldChange, Location]]]]
) -> dict[str, dict[int, Blame]]:
    lines: dict[str, set[int]] = {}
    for drift, fields in sites:
        if drift.gone:
            continue
        for location in (drift.location, *(at for _, at in fields)):
            if location is not None and location.line:
                lines.setdefault(location.path, set()).add(location.line)
    if not lines or not is_repository(root):
        return {}
    return {path: blame(root, path, wanted) for path, wanted in lines.items()}


def stale_state(planning: Planning) -> tuple[StaleState, ...]:
    """Entries of which what is remembered does not fit, although nothing of them changes."""
    loaded, desired = planning.loaded, planning.desired.entries
    found = {heal.address: heal.why for heal in planning.plan.heals if heal.address}
    for address, state in loaded.state.entries.items():
        if is_unfit(loaded.kinds, state, desired.get(address), loaded.live.entries.get(address)):
            found.setdefault(address, "fragment and registry agree; the state remembers something else")
    return tuple(StaleState(address, why) for address, why in sorted(found.items()))
