"""Desired, live and state → changes. Pure, but that git is asked of what a checkout may have left behind.

``decide`` is the table of what a plan says, row by row; ``safeguards`` stops a plan as a whole; ``records`` tells
whether what is remembered still fits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from registry_reconciler.loading.left_behind import LeftBehind
from registry_reconciler.loading.registries import Live
from registry_reconciler.loading.state import State
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.change import Action
from registry_reconciler.model.entry import same, split_address
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.diff.decide import decide, refuse_protected, remember_kept
from registry_reconciler.planning.diff.records import look_at_records
from registry_reconciler.planning.diff.safeguards import brakes, empty_places
from registry_reconciler.planning.diff.taken_names import refuse_taken
from registry_reconciler.planning.diff.work import Diff, DiffWork, ThreeWay
from registry_reconciler.planning.live_truth import changes_of, live_kinds
from registry_reconciler.planning.resolve import Desired, exact_ones
from registry_reconciler.planning.selection import Selection
from registry_reconciler.rules.unloaded import NOTHING_UNLOADED, Unloaded

__all__ = ["Diff", "diff"]


def diff(
    loaded: Loaded,
    desired: Desired,
    options: PlanOptions,
    *,
    rest: Unloaded = NOTHING_UNLOADED,
    edits: Sequence[LiveEdit] = (),
    relocated: Collection[str] = (),
    mended: Collection[str] = (),
) -> Diff:
    """Compare what is desired, live and remembered. What fragments that cannot be read own, nobody may touch.

    Args:
        edits: what a command asks of entries whose truth is live; nothing else is planned for those.
        relocated: kinds whose changed places are said already.
        mended: fragments whose state is written anyway.
    """
    live, state = loaded.live, loaded.state
    clashing = frozenset(entry.address for entry in live.clashes)
    patterns = (*options.target, *options.exclude, *options.adopt, *options.overwrite)
    exact = exact_ones((*patterns, *state.protects), desired.entries, state.entries, live.entries)
    work = DiffWork(
        loaded.kinds,
        loaded.config,
        desired,
        live,
        state,
        options,
        loaded.fragments,
        LeftBehind(loaded),
        clashing,
        frozenset(relocated),
        exact,
    )
    selection = Selection(options, exact, desired.groups)
    # What moves away and is moved to as well is decided on as the latter.
    sources = frozenset(desired.renames.values())
    moved_away = sources - desired.renames.keys()
    special = desired.disputed | clashing | moved_away | desired.renames.keys()
    whole = not options.target and not options.exclude
    owned_by_live = live_kinds(loaded.kinds)
    for address in _in_order(desired, state, live):
        if owned_by_live and address.partition("/")[0] in owned_by_live:
            continue
        if whole and address not in special and _as_applied(work, address):
            work.unchanged += 1
            continue
        three_way = _trio(work, address, sources)
        if three_way.desired is None and three_way.state is None:
            work.unmanaged += three_way.live is not None and address not in moved_away
            if address in desired.removals and selection.has(address):
                remember_kept(work, three_way)
        elif (
            address not in moved_away
            and selection.has(address, desired.renames.get(address, address))
            and not _is_undecidable(work, three_way)
        ):
            decide(work, three_way)
    if desired.renames:
        refuse_taken(work)
    _take_edits(work, edits, selection)
    if whole and (work.changes or work.heals or mended):
        look_at_records(work, special, rest, mended)
    work.problems += empty_places(work)
    any_fragment = bool(
        desired.entries
        or state.entries.keys() & desired.removals.keys()
        or loaded.fragments.unreadable
        or rest.unchanged
    )
    stops = () if options.allow_mass_delete else tuple(brakes(work, loaded.config, any_fragment, rest))
    return Diff(
        tuple(sorted(work.changes, key=lambda change: change.address)),
        tuple(work.drift),
        (*work.problems, *stops),
        work.unchanged + rest.unchanged,
        work.unmanaged + rest.unmanaged,
        tuple(sorted(work.heals, key=lambda heal: heal.address)),
    )


def _take_edits(work: DiffWork, edits: Sequence[LiveEdit], selection: Selection) -> None:
    """What a command asks of entries whose truth is live; one that stands twice is nobody's to edit."""
    for change in changes_of(edits, work.live):
        names = {change.address, change.from_address or change.address}
        if names & work.clashing or not selection.has(*names):
            continue
        if change.action is Action.DELETE and work.desired.protected(change.address):
            three_way = ThreeWay(change.address, None, None, work.live.entries[change.address])
            refuse_protected(work, three_way, work.live.entries[change.address])
        work.changes.append(change)


def _in_order(desired: Desired, state: State, live: Live) -> list[str]:
    """All addresses, sorted. Most are live, and those are in order already: then sorting is one look at each."""
    known = live.entries
    others = {
        address for entries in (desired.entries, state.entries) for address in entries if address not in known
    }
    return sorted([*known, *others])


def _as_applied(work: DiffWork, address: str) -> bool:
    """Whether fragment and registry agree on a managed entry, as they do on most: no more is to be asked.

    What was applied is not compared: where both say one thing, somebody applied it, whatever is remembered.
    """
    desired, live = work.desired.entries.get(address), work.live.entries.get(address)
    state = work.state.entries.get(address)
    if desired is None or live is None or state is None:
        return False
    if state.fragment != desired.place.file or work.state.was_left(address):
        return False
    return same(desired.value, live.value) and not work.state.is_marked_deleted(address)


def _trio(work: DiffWork, address: str, sources: Collection[str]) -> ThreeWay:
    source = work.desired.renames.get(address)
    old = source or address
    state = work.state.entries.get(old)
    if state is None and address not in sources:
        # Some side carried the rename out; a record of what moves away from there is about another entry.
        state = work.state.entries.get(address)
    return ThreeWay(address, work.desired.entries.get(address), state, work.live.entries.get(old), source)


def _is_undecidable(work: DiffWork, three_way: ThreeWay) -> bool:
    """Whether something about the address cannot be known, so that nothing may be planned for it."""
    if three_way.address in work.desired.disputed or {three_way.address, three_way.source} & work.clashing:
        return True
    kind = split_address(three_way.address)[0]
    if kind not in work.kinds or kind in work.relocated:
        return True
    if three_way.live is None and kind in work.live.hidden_kinds:
        return True
    if three_way.state is None:
        # It may be remembered, in what cannot be read of the state.
        return work.state.hidden
    return work.fragments.hides(three_way.state.fragment)
