"""What does not fit of the state of whole fragments, and is mended by the next apply that writes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from registry_reconciler.loading.state import State
from registry_reconciler.loading.state.files import first_path
from registry_reconciler.loading.state.old import is_old
from registry_reconciler.model.change import Heal

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.planning.resolve import Desired


def fragment_heals(loaded: Loaded, desired: Desired, *, whole: bool = True) -> Iterator[Heal]:
    """What does not fit of whole fragments: the old form, several files or records, other protections."""
    count = _accounts(loaded.state)
    old: set[str] = set()
    freed: set[str] = set()
    live_truth = {kind.name for kind in loaded.kinds.values() if kind.truth == "live"}
    for path, sides in loaded.state.files.items():
        for side in sides:
            if live_truth and any(record.address.partition("/")[0] in live_truth for record in side.records):
                freed.add(side.fragment)
            if is_old(path):
                old.add(side.fragment)
    said = said_protected(desired) if whole else {}
    checked = (
        {*said, *count} - loaded.fragments.unreadable if whole and (said or loaded.state.protects) else ()
    )
    protected = remembered_protected(loaded.state) if checked else {}
    several = _several(loaded.state)
    for fragment in sorted({*count, *said}):
        if fragment in old:
            yield Heal("", fragment, "its state is written in the new format")
        elif count.get(fragment, 0) > 1:
            yield Heal("", fragment, "two branches began to keep its state; their files are merged into one")
        elif fragment in several:
            what = f"{several[fragment]:,} of its entries" if several[fragment] > 1 else "one of its entries"
            yield Heal("", fragment, f"{what} stood in its state several times; once is kept")
        elif fragment in freed:
            yield Heal("", fragment, "the state has no entries of a kind with truth: live")
        elif fragment in checked and set(said.get(fragment, ())) != set(protected.get(fragment, ())):
            yield Heal("", fragment, "the state remembers that it is protected")


def _accounts(state: State) -> dict[str, int]:
    """By fragment how many accounts there are of it: files, each with its parts."""
    found: dict[str, int] = {}
    known: set[tuple[str, str, int]] = set()
    for path, sides in state.files.items():
        for number, state_file in enumerate(sides):
            account = state_file.fragment, first_path(path), number
            if account not in known:
                known.add(account)
                found[state_file.fragment] = found.get(state_file.fragment, 0) + 1
    return found


def _several(state: State) -> dict[str, int]:
    """By fragment how many addresses have several records: an edit, or a merge by lines, leaves that."""
    times: dict[str, Counter[str]] = {}
    for file in (
        (state_file for sides in state.files.values() for state_file in sides) if state.repeated else ()
    ):
        times.setdefault(file.fragment, Counter()).update(record.address for record in file.records)
    return {
        fragment: many
        for fragment, counts in times.items()
        if (many := sum(count > 1 for count in counts.values()))
    }


def said_protected(desired: Desired) -> dict[str, list[str]]:
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
