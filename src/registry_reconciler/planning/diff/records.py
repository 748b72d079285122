"""Whether what is remembered of an entry fits what fragment and registry agree on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from registry_reconciler.loading.state import StateEntry
from registry_reconciler.model.entry import DesiredEntry, LiveEntry, same
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.diff.work import DiffWork

MOST_LOOKED_AT = 5_000
"""Of so many managed entries all records are looked at when an apply writes."""
_MOST_LETTERS = 3_000_000
"""As many as those have; of long texts there is a digest a word, and to work these out takes longer than to plan."""


def look_at_records(
    work: DiffWork, special: set[str] | frozenset[str], elsewhere: int, mended: Collection[str] = ()
) -> None:
    """An apply that writes anyway mends what is remembered: only then it is asked of entries that stay.

    Of a large workspace only the fragments are looked at whose state is written, and none where these are large too,
    but for entries of which a merge left several accounts; ``registry resolve`` looks at all.

    Args:
        mended: fragments whose state is written anyway.
    """
    healed = {heal.address for heal in work.heals} | {change.address for change in work.changes}
    large = len(work.state.entries) + elsewhere > MOST_LOOKED_AT or _is_long(work.state.entries.values())
    touched = {*_touched_fragments(work), *mended} if large else set()
    concerned = [entry for entry in work.state.entries.values() if entry.fragment in touched]
    if len(concerned) > MOST_LOOKED_AT or _is_long(concerned):
        touched.clear()
    for address, state in work.state.entries.items():
        left_out = large and state.fragment not in touched and len(state.applied) < 2
        if address in healed or address in special or left_out:
            continue
        if is_unfit(work.kinds, state, work.desired.entries.get(address), work.live.entries.get(address)):
            work.heal(address, state, "fragment and registry agree on something else")


def _is_long(entries: Iterable[StateEntry]) -> bool:
    return sum(len(applied.text) for entry in entries for applied in entry.applied) > _MOST_LETTERS


def _touched_fragments(work: DiffWork) -> Iterator[str]:
    yield from (heal.fragment for heal in work.heals)
    for change in work.changes:
        for address in (change.address, change.from_address or change.address):
            if address in work.state.entries:
                yield work.state.entries[address].fragment
            if address in work.desired.entries:
                yield work.desired.entries[address].place.file


def is_unfit(
    kinds: Mapping[str, Kind], state: StateEntry, desired: DesiredEntry | None, live: LiveEntry | None
) -> bool:
    """Whether fragment and registry agree, and what is remembered is something else."""
    if desired is None or live is None or not same(desired.value, live.value):
        return False
    return not state.all_say(kinds.get(live.kind), live.value)
