"""A file that cannot be read blocks what touches it or could collide with it, and nothing else.

What could not be checked because of it is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from registry_reconciler.base.first_few import first_few
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import split_address
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.problem import Problem, Related
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.check import EntrySets
from registry_reconciler.planning.resolve import Desired, exact_ones
from registry_reconciler.planning.selection import Selection
from registry_reconciler.rules.links import links

_ABOUT_OTHERS = (b"protect", b"moved", b"removed")
_SHOWN = 3
_MOST_SEARCHED = 1024 * 1024
"""Bytes of an unreadable fragment that are still looked into."""


def set_aside(
    loaded: Loaded,
    desired: Desired,
    changes: Sequence[Change],
    problems: Sequence[Problem],
    options: PlanOptions,
) -> Iterator[Problem]:
    """The problems, those of files that no change of the plan is concerned with marked so."""
    known_addresses = (desired.entries, loaded.state.entries, loaded.live.entries)
    exact = exact_ones((*options.target, *options.exclude), *known_addresses)
    selection = Selection(options, exact, desired.groups)
    known: dict[str, bool] = {}
    for fault in problems:
        path = fault.place.file
        if (
            not fault.structural
            or fault.address
            or not (fault.code.startswith("YML") or fault.code == "LIV001")
        ):
            yield fault
            continue
        if fault.code == "YML010":
            yield fault  # a conflict is settled before anything else happens
            continue
        if path not in known:
            known[path] = _is_aside(loaded, desired, selection, changes, path)
        yield replace(fault, aside=True) if known[path] else fault


def _is_aside(
    loaded: Loaded, desired: Desired, selection: Selection, changes: Sequence[Change], path: str
) -> bool:
    live = loaded.live.files.get(path)
    if live is not None and not live.readable:
        return not _concerns_registry(loaded, desired, selection, changes, path)
    fragment = loaded.fragments.files.get(path)
    if fragment is not None and path in loaded.fragments.unreadable and fragment.data is not None:
        return not _concerns_fragment(changes, fragment.data)
    return False


def _concerns_registry(
    loaded: Loaded, desired: Desired, selection: Selection, changes: Sequence[Change], path: str
) -> bool:
    """Whether something is wanted that may stand in the file, or could be called as something there is."""
    spaces = {loaded.kinds[kind].space for kind, paths in loaded.live.files_of.items() if path in paths}
    kinds = {name for name, kind in loaded.kinds.items() if kind.space in spaces}
    for address, entry in desired.entries.items():
        if entry.kind in kinds and address not in loaded.live.entries and selection.has(address):
            state = loaded.state.entries.get(address)
            if state is None or not state.says(loaded.kinds[entry.kind], entry.value):
                return True
    for address in loaded.state.entries:
        if split_address(address)[0] in kinds and address not in desired.entries and selection.has(address):
            return True
    arriving = (Action.CREATE, Action.MOVE)
    return any(
        change.kind in kinds and (change.action in arriving or change.from_address) for change in changes
    )


def _concerns_fragment(changes: Sequence[Change], data: bytes) -> bool:
    """Whether the fragment may declare what a change makes, takes away or renames, or say something of it.

    Where a plan changes nothing, what the fragment wishes is all that there could be to do: "no changes" is not known.
    """
    if not changes:
        return True
    coming = [change for change in changes if change.action is not Action.UPDATE]
    if any(word in data for word in _ABOUT_OTHERS) and any(
        change.action is not Action.CREATE for change in coming
    ):
        return True
    if coming and len(data) > _MOST_SEARCHED:
        return True  # each key would be looked for in it; of so long a text anything is believed
    keys = {change.key for change in coming} | {
        split_address(change.from_address or "/")[1] for change in coming
    } - {""}
    return any(key.encode("utf-8", "surrogatepass") in data for key in keys)


def not_checked(loaded: Loaded, entry_sets: EntrySets) -> Iterator[Problem]:
    """One warning for the references that nobody could follow because a file cannot be read."""
    entry_set = entry_sets.after
    if not (entry_set.hidden_kinds or entry_set.hidden_text or entry_set.hidden_all):
        return
    open_ends = [
        link for link in links(entry_set).dangling if entry_set.maybe_hidden(link.reference.kinds, link.value)
    ]
    if not open_ends:
        return
    files = sorted(
        {
            problem.place.file
            for problem in (*loaded.live.problems, *loaded.fragments.problems)
            if _is_unread(loaded, problem)
        }
    )
    if not files:
        return  # what a sparse checkout hides is said already
    first = open_ends[0]
    count = len(open_ends)
    named = first_few(files, _SHOWN)
    yield problem(
        "LIV007",
        f"{count} {'references were' if count > 1 else 'reference was'} not checked, because {named} cannot "
        f"be read: what {'they name' if count > 1 else 'it names'} may stand there. The first is {first.value!r} in "
        f"{first.item.address}.",
        first.item.place.at(first.path),
        fix=f"Make {named} readable; then these are checked.",
        related=tuple(
            Related(f"{open_end.value!r} in {open_end.item.address}", open_end.item.place.at(open_end.path))
            for open_end in open_ends[1:20]
        ),
        extra=f"{count}",
    )


def _is_unread(loaded: Loaded, problem: Problem) -> bool:
    source = loaded.live.files.get(problem.place.file) or loaded.fragments.files.get(problem.place.file)
    return source is not None and not source.readable
