"""Moves to an address whose entry stays there: keys are handed on, and an entry on the way may not move."""

from __future__ import annotations

from msgspec.structs import replace

from registry_reconciler.loading.directives import Move
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Problem, Related
from registry_reconciler.planning.diff.work import DiffWork
from registry_reconciler.planning.moves import bad_move

_LEAVING = (Action.MOVE, Action.DELETE)


def refuse_taken(work: DiffWork) -> None:
    """Take out moves whose end stays taken, and say which entry is in the way, why, and what settles it.

    What stays keeps its own name from being free as well, so the move behind it goes with it.
    """
    leaving = {change.from_address or change.address for change in work.changes if change.action in _LEAVING}
    into = {
        change.address: change
        for change in work.changes
        if change.from_address and change.address in work.live.entries
    }
    waiting = [(address, address) for address in into if address not in leaving]
    if not waiting:
        return
    reasons = _Reasons(work)
    held = set()
    while waiting:
        address, first = waiting.pop()
        change = into[address]
        held.add(address)
        work.problems.append(reasons.refuse(change, first))
        if change.from_address in into and change.from_address not in held:
            waiting.append((change.from_address, first))
    work.changes = [change for change in work.changes if change.address not in held]


class _Reasons:
    """Why entries stay where they are."""

    def __init__(self, work: DiffWork) -> None:
        self._live = work.live.entries
        self._meant = {source: target for target, source in work.desired.renames.items()}
        self._edited = {drift.address for drift in work.drift}
        self._fixes = {found.address: found.fix.description for found in work.problems if found.fix}

    def refuse(self, change: Change, first: str) -> Problem:
        """A move that cannot be done; ``first`` is where the entry stands that began it."""
        live = self._live[first]
        name = self._meant.get(first, first)
        edited = name in self._edited
        called = first if name == first else f"{first}, which is to be {name},"
        why = f"{called} {'was edited by hand and ' if edited else ''}stays in {live.place.file}"
        fix = self._fixes.get(name, f"Settle first what is said of {name}.")
        if edited and "--overwrite" not in fix:
            fix += f". Or write the fragment's value over it: registry plan --overwrite {name}"
        origin = change.origin or change.live or Place("")
        found = bad_move(Move(change.from_address or "", change.address, origin), why, fix)
        related = Related("edited by hand here" if edited else "it stays here", live.place)
        return replace(found, related=(related,))
