"""What is remembered after a conflict: settled by entry and field, from the three sides. Pure.

A side that did not touch an entry has no say in it. Where both did, what people made of fragment and registry decides:
what a side applied counts where the registry has it. An entry that one side let go, and that no fragment declares, is
let go: doubt never deletes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from registry_reconciler.loading.state import (
    Applied,
    State,
    StateEntry,
    StateFile,
    applied_shadow,
    put_together,
    say_together,
    says,
)
from registry_reconciler.loading.state.places import PLACES_FOLDER
from registry_reconciler.loading.state.shadow import blocks, new_salt, whole_digest
from registry_reconciler.loading.state.taken import NOTHING_TAKEN, Taken
from registry_reconciler.model.entry import same
from registry_reconciler.model.plan import FileChange
from registry_reconciler.planning.diff.records import is_unfit
from registry_reconciler.planning.state_changes import StateChanges
from registry_reconciler.planning.state_files import changed_files
from registry_reconciler.planning.state_heals import fragment_heals, order_heals

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.planning.resolve import Desired


class Accounts(NamedTuple):
    """One state file as the three sides have it; ``None`` where a side has no such file, or nobody knows."""

    before: StateFile | None
    ours: StateFile | None
    theirs: StateFile | None


class Side(NamedTuple):
    """What one side of a merge remembers, and the addresses that its registries have."""

    state: State
    live: Collection[str]

    def manages_or_deleted(self, address: str) -> bool:
        """Whether the side did not let an entry go that stays in its registry."""
        return address in self.state.entries or address not in self.live


_NOTHING = StateEntry("", "", ())


def settled_files(
    loaded: Loaded,
    desired: Desired,
    accounts: Mapping[str, Accounts],
    sides: Sequence[Side] = (),
    taken: Taken = NOTHING_TAKEN,
    let_go: Collection[str] = (),
) -> Iterator[FileChange]:
    """The state files that differ when all conflicts of the state are settled and everything in it fits.

    Args:
        accounts: the files in conflict, by path.
        sides: what the two sides remember that are being merged, where that is known: people may have taken a whole
            registry from one of them.
        taken: what was taken over of files of the old form, and ``let_go`` what an older program took out of these
            since. In ``accounts`` stands of them what is new.
    """
    files = {path: found for path, found in loaded.state.files.items() if path not in accounts}
    remembered = {record.address for found in files.values() for side in found for record in side.records}
    accounts = {path: _of_one_fragment(found, loaded.fragments.files) for path, found in accounts.items()}
    files.update((path, _sides(found)) for path, found in accounts.items() if _sides(found))
    known, together = loaded.state, put_together(files, (), loaded.fragments.files, taken, let_go)
    together = replace(together, gone=known.gone, some_left=known.some_left, places=known.places)
    loaded = replace(loaded, state=together)
    work = StateChanges(loaded, desired)
    # Where one side was taken over, what is new on the other counts as it does where git merges the file.
    whole = [found for found in accounts.values() if not any(side.news for side in _sides(found))]
    decided = [decision for found in whole for decision in _decided(loaded, desired, found)]
    remembered.update(address for address, _, applied in decided if applied is not None)
    for address, owner, applied in decided:
        # A file that an entry left for another one has no say in whether it is managed.
        if applied is not None or address not in remembered:
            work.settle(address, owner, applied)
    explained = set()
    for address in sorted(
        {*loaded.state.entries, *(entry for side in sides for entry in side.state.entries)}
    ):
        merged_side = _as_one_side(loaded, desired, work, address, sides)
        if merged_side is not None:
            owners = (
                state.entries[address].fragment
                for state in (loaded.state, *(side.state for side in sides))
                if address in state.entries
            )
            work.settle(address, next(owners), merged_side[0])
            explained.add(address)
    for address, state in loaded.state.entries.items():
        if address in explained:
            continue
        desired_entry, live = desired.entries.get(address), loaded.live.entries.get(address)
        spent = desired_entry is None and (live is None or state.doubtful) and not _is_hidden(loaded, address)
        moved = desired_entry is not None and desired_entry.place.file != state.fragment
        agreed = desired_entry is not None and live is not None and same(desired_entry.value, live.value)
        kept = work.remembered(address)
        if moved and not agreed and kept and desired_entry is not None:
            # Its registry does not say what its fragment does: who remembers it changes, what is remembered does not.
            kind = loaded.kinds.get(address.partition("/")[0])
            fits = (applied for applied in kept if live is not None and says(applied, kind, live.value))
            work.settle(address, desired_entry.place.file, next(fits, kept[0]))
        elif (
            (spent and not work.is_settled(address))
            or moved
            or is_unfit(loaded.kinds, state, desired_entry, live)
            or (agreed and (loaded.state.is_marked_deleted(address) or loaded.state.was_left(address)))
        ):
            work.heal(address)
    for heal in (*fragment_heals(loaded, desired), *order_heals(loaded)):
        work.touched.add(heal.fragment)
    # Where the entries of a kind stand is no matter of these: a schema may point elsewhere, and a plan carries them.
    yield from (change for change in changed_files(work) if not change.path.startswith(f"{PLACES_FOLDER}/"))


def _as_one_side(
    loaded: Loaded, desired: Desired, work: StateChanges, address: str, sides: Sequence[Side]
) -> tuple[Applied | None] | None:
    """What one side remembers of an entry that the registry has as that side applied it, or has not as that side.

    ``None`` where what is remembered fits the registry, or no side explains what stands there.
    """
    desired_entry, live = desired.entries.get(address), loaded.live.entries.get(address)
    kind = loaded.kinds.get(address.partition("/")[0])
    kept = work.remembered(address)
    if not sides or _is_hidden(loaded, address) or (desired_entry is None and live is None):
        return None
    if live is None:
        return (None,) if kept and any(address not in side.state.entries for side in sides) else None
    fitting = sum(says(applied, kind, live.value) for applied in kept)
    if fitting:
        # Of several accounts that differ the one counts of the side that has the registry so.
        differ = desired_entry is not None and fitting < len(kept)
        entries = (side.state.entries.get(address) for side in sides if differ)
        sure = (entry for entry in entries if entry is not None and entry.all_say(kind, live.value))
        return next(((entry.applied[0],) for entry in sure), None)
    known = [applied for side in sides for applied in side.state.entries.get(address, _NOTHING).applied]
    found = next((applied for applied in known if says(applied, kind, live.value)), None)
    if found is None and say_together(known, kind, live.value):
        # Where both changed a field the registry keeps one side's, beside what the other changed.
        found = applied_shadow(kind, live.value, (*kept, *known)[0].salt or new_salt(address))
    if found is None or (
        desired_entry is None and not all(side.manages_or_deleted(address) for side in sides)
    ):
        return None
    return (found,)


def _is_hidden(loaded: Loaded, address: str) -> bool:
    kind = address.partition("/")[0]
    return kind not in loaded.kinds or kind in loaded.live.hidden_kinds or bool(loaded.fragments.unreadable)


def _of_one_fragment(found: Accounts, fragments: Collection[str]) -> Accounts:
    """A file of which one side renamed the fragment, as one of the fragment that is there: it can be about one only."""
    names = list(dict.fromkeys(side.fragment for side in _sides(found)))
    before = found.before.fragment if found.before is not None else ""
    name = min(names, key=lambda name: (name not in fragments, name == before), default="")
    ours, theirs = (side and side._replace(fragment=name) for side in (found.ours, found.theirs))
    return Accounts(found.before, ours, theirs)


def _sides(found: Accounts) -> tuple[StateFile, ...]:
    return tuple(state_file for state_file in (found.ours, found.theirs) if state_file is not None)


def _decided(loaded: Loaded, desired: Desired, found: Accounts) -> Iterator[tuple[str, str, Applied | None]]:
    known = [_applied(side) for side in found]
    for address in dict.fromkeys(address for side in known[1:] for address in side):
        before, applied, theirs = (side.get(address) for side in known)
        owner = next(
            side.fragment for side, has in zip(found[1:], known[1:], strict=True) if side and address in has
        )
        yield address, owner, _decide(loaded, desired, address, before, applied, theirs)


def _applied(side: StateFile | None) -> dict[str, Applied]:
    return {record.address: record.applied for record in side.records} if side else {}


def _decide(
    loaded: Loaded,
    desired: Desired,
    address: str,
    before: Applied | None,
    ours: Applied | None,
    theirs: Applied | None,
) -> Applied | None:
    if ours == theirs or before == theirs:
        return ours
    if before == ours:
        return theirs
    desired_entry, live = desired.entries.get(address), loaded.live.entries.get(address)
    if ours is None or theirs is None:
        return None if desired_entry is None or live is None else ours or theirs
    kind = loaded.kinds.get(address.partition("/")[0])
    if desired_entry is not None and live is not None and same(desired_entry.value, live.value):
        return applied_shadow(kind, desired_entry.value, ours.salt or new_salt(address))
    choices = (merged(before, ours, theirs), ours, theirs)
    for value in (entry.value for entry in (live, desired_entry) if entry is not None):
        for applied in choices:
            if says(applied, kind, value):
                return applied
    return choices[0]


def merged(before: Applied | None, ours: Applied, theirs: Applied) -> Applied:
    """Two sides' accounts of one entry, field by field; where both changed a field, the first one's."""
    if before is None or {ours.salt, theirs.salt} != {before.salt} or whole_digest(ours.text + theirs.text):
        return ours
    old_blocks, our_blocks, their_blocks = (blocks(applied.text) for applied in (before, ours, theirs))
    chosen: dict[str, str] = {}
    for name in dict.fromkeys((*our_blocks, *their_blocks)):
        block = our_blocks.get(name)
        if block == old_blocks.get(name):
            block = their_blocks.get(name)
        if block is not None:
            chosen[name] = block
    return Applied(ours.salt, "".join(chosen.values()))
