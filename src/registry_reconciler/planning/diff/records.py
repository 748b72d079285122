"""Whether what is remembered of an entry fits what fragment and registry agree on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from registry_reconciler.formats.unread import UnreadNeeded
from registry_reconciler.loading.state import StateEntry
from registry_reconciler.model.change import Change, Heal
from registry_reconciler.model.entry import DesiredEntry, LiveEntry, same
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.diff.work import DiffWork
from registry_reconciler.rules.unloaded import Unloaded

MOST_LOOKED_AT = 5_000
"""Of so many managed entries all records are looked at when an apply writes."""
_LONG = 3_000
"""Letters of a record of long texts, which has a digest a word: to work these out takes longer than to plan."""


def look_at_records(
    work: DiffWork, special: set[str] | frozenset[str], rest: Unloaded, mended: Collection[str] = ()
) -> None:
    """An apply that writes anyway mends what is remembered: only then it is asked of entries that stay.

    Of a large workspace, and of long texts, only the fragments are looked at whose state is written, and none where
    these are large too, but for entries of which a merge left several accounts; ``registry resolve`` looks at all.

    Args:
        rest: the entries that were not loaded.
        mended: fragments whose state is written anyway.

    Raises:
        UnreadNeeded: of some that were not loaded it would have to be asked.
    """
    healed = {heal.address for heal in work.heals} | {change.address for change in work.changes}
    large = len(work.state.entries) + sum(rest.managed.values()) > MOST_LOOKED_AT
    written = touched_fragments(work.changes, work.heals, work.state.entries, work.desired.entries)
    touched = {*written, *mended}
    left_out = sum(rest.left_out.get(fragment, 0) for fragment in touched) if large else 0
    if large and count_in(work.state.entries, touched) + left_out > MOST_LOOKED_AT:
        touched.clear()
    elif left_out and not rest.records_fit:
        raise UnreadNeeded("what is remembered of some entries is to be looked at")
    for address, state in work.state.entries.items():
        many = large or len(state.applied[0].text) > _LONG
        passed_over = many and state.fragment not in touched and len(state.applied) < 2
        if address in healed or address in special or passed_over:
            continue
        if is_unfit(work.kinds, state, work.desired.entries.get(address), work.live.entries.get(address)):
            work.heal(address, state, "fragment and registry agree on something else")


def count_in(entries: Mapping[str, StateEntry], fragments: Collection[str]) -> int:
    """How many entries some fragments own."""
    return sum(entry.fragment in fragments for entry in entries.values())


def touched_fragments(
    changes: Iterable[Change],
    heals: Iterable[Heal],
    state: Mapping[str, StateEntry],
    desired: Mapping[str, DesiredEntry],
) -> Iterator[str]:
    """The fragments whose state a plan writes."""
    yield from (heal.fragment for heal in heals)
    for change in changes:
        for address in (change.address, change.from_address or change.address):
            if address in state:
                yield state[address].fragment
            if address in desired:
                yield desired[address].place.file


def is_unfit(
    kinds: Mapping[str, Kind], state: StateEntry, desired: DesiredEntry | None, live: LiveEntry | None
) -> bool:
    """Whether fragment and registry agree, and what is remembered is something else."""
    if desired is None or live is None or not same(desired.value, live.value):
        return False
    return not state.all_say(kinds.get(live.kind), live.value)
