"""What does not fit of the state of whole fragments, and is mended by the next apply that writes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from registry_reconciler.loading.state import State
from registry_reconciler.loading.state.files import first_path
from registry_reconciler.loading.state.old import is_old
from registry_reconciler.loading.state.taken import TAKEN_FOLDER
from registry_reconciler.model.change import Heal

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.planning.resolve import Desired


_OLD = "its state is written in the new format"
_FURTHER = "an older program went on with its state; that is taken over"


def fragment_heals(loaded: Loaded, desired: Desired, *, whole: bool = True) -> Iterator[Heal]:
    """What does not fit of whole fragments: the old form, several files or records, other protections."""
    known = _accounts(loaded.state)
    apart = {
        fragment
        for fragment, accounts in known.items()
        if any(addresses != accounts[0] for addresses in accounts[1:])
    }
    old: dict[str, str] = {}
    freed: set[str] = set()
    live_truth = {kind.name for kind in loaded.kinds.values() if kind.truth == "live"}
    if loaded.state.taken.newly_gone():
        yield Heal("", TAKEN_FOLDER, "an older program removed a file of its state; that is taken over")
    for path, sides in loaded.state.files.items():
        for side in sides:
            if live_truth and any(record.address.partition("/")[0] in live_truth for record in side.records):
                freed.add(side.fragment)
            if is_old(path):
                old[side.fragment] = _FURTHER if side.news else _OLD
    declared = declared_protected(desired) if whole else {}
    compares = whole and (declared or loaded.state.protects)
    checked = {*declared, *known} - loaded.fragments.unreadable if compares else ()
    protected = remembered_protected(loaded.state) if checked else {}
    several = _several(loaded.state)
    for fragment in sorted({*known, *declared}):
        if fragment in old:
            yield Heal("", fragment, old[fragment])
        elif fragment in apart:
            yield Heal(
                "", fragment, "two branches began to keep its state; each account learns what the other knows"
            )
        elif fragment in several:
            what = f"{several[fragment]:,} of its entries" if several[fragment] > 1 else "one of its entries"
            yield Heal("", fragment, f"{what} stood in its state several times; once is kept")
        elif fragment in freed:
            yield Heal("", fragment, "the state has no entries of a kind with truth: live")
        elif fragment in checked and set(declared.get(fragment, ())) != set(protected.get(fragment, ())):
            yield Heal("", fragment, "the state remembers that it is protected")


def order_heals(loaded: Loaded) -> Iterator[Heal]:
    """Fragments whose entries stand in another order than their state has them.

    That is no reason to write. But what two branches add meets where the fragment has it only if the order is the same;
    so an apply that writes anyway mends it.
    """
    places: dict[str, dict[str, int]] = {}
    for number, entry in enumerate(loaded.fragments.entries):
        places.setdefault(entry.place.file, {})[entry.address] = number
    found = set()
    for path, sides in loaded.state.files.items():
        for file in sides if not is_old(path) else ():
            at = places.get(file.fragment, {})
            numbers = [at[record.address] for record in file.records if record.address in at]
            if any(number > after for number, after in pairwise(numbers)):
                found.add(file.fragment)
    for fragment in sorted(found):
        yield Heal("", fragment, "its entries stand in another order now")


def _accounts(state: State) -> dict[str, list[set[str]]]:
    """By fragment the accounts that there are of it, files with their parts: the addresses that each knows."""
    found: dict[str, dict[tuple[str, int], set[str]]] = {}
    for path, sides in state.files.items():
        for number, file in enumerate(sides):
            accounts = found.setdefault(file.fragment, {})
            if not file.news:
                known = accounts.setdefault((first_path(path), number), set())
                known.update([record.address for record in file.records])
    return {fragment: list(accounts.values()) for fragment, accounts in found.items()}


def _several(state: State) -> dict[str, int]:
    """By fragment how many addresses have several records: an edit, or a merge by lines, leaves that."""
    times: dict[tuple[str, str], Counter[str]] = {}
    for path, sides in state.files.items() if state.repeated else ():
        for file in sides:
            account = times.setdefault((file.fragment, first_path(path)), Counter())
            account.update(record.address for record in file.records)
    found = (
        (fragment, sum(count > 1 for count in counts.values())) for (fragment, _), counts in times.items()
    )
    return {fragment: many for fragment, many in sorted(found) if many}


def declared_protected(desired: Desired) -> dict[str, list[str]]:
    """What each fragment protects."""
    found: dict[str, list[str]] = {}
    for pattern in desired.protects:
        found.setdefault(pattern.place.file, []).append(pattern.text)
    return found


def remembered_protected(state: State) -> dict[str, list[str]]:
    """What is remembered as protected by each fragment."""
    found: dict[str, list[str]] = {}
    for state_file in (side for sides in state.files.values() for side in sides if side.protects):
        found.setdefault(state_file.fragment, []).extend(state_file.protects)
    return found
