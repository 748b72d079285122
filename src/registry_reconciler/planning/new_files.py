"""What can be known of a file before it is written: problems with those that a plan would make or replace.

The judgement itself is :class:`~registry_reconciler.files.names.PathNames`, which apply asks again under the lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from registry_reconciler.files.names import name_fault, remedy, short, spelling, unsafe
from registry_reconciler.files.registry_paths import JOURNAL_FOLDER
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import HISTORY_FOLDER
from registry_reconciler.model.entry import Place
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Recorder
    from registry_reconciler.model.change import Change
    from registry_reconciler.model.plan import FileChange

_RENAME = (
    "Rename the file. Letters, digits, '-', '_' and '.' work everywhere; the name must "
    "differ from its neighbours in more than case."
)


def fragment_problems(paths: Iterable[str]) -> Iterator[Problem]:
    """Fragments whose names not every system can hold, and those that some system takes for one file."""
    first: dict[str, str] = {}
    for path in paths:
        fault = name_fault(path)
        twin = first.setdefault(spelling(path), path)
        if fault is None and twin != path:
            fault = f"{twin} differs from it in case only, or in how letters are composed"
        if fault is not None:
            yield problem(
                "WRT004",
                f"{short(path)} is no name for a fragment: {fault}.",
                Place(path),
                fix=_RENAME,
                extra=path,
            )


def file_problems(
    tree: Recorder,
    files: Iterable[FileChange],
    changes: Iterable[Change],
    earlier: Iterable[Problem],
) -> Iterator[Problem]:
    """Files of a plan that apply would refuse to make or to write.

    Args:
        earlier: what is known already; what has a problem with its name gets no second one.
    """
    known = {problem.address or problem.place.file for problem in earlier if problem.code == "WRT004"}
    origins = {change.file: change for change in reversed(tuple(changes)) if change.writes}
    some = False
    ordered = sorted(files, key=lambda file: file.path)
    for file_change in ordered:
        if file_change.after is None:
            tree.names.leave(file_change.path)
    for file_change in ordered:
        some = True
        fault, stays = unsafe(file_change.path), False
        if fault is None and file_change.before is None:
            fault = tree.names.fault(file_change.path)
            tree.names.take(file_change.path)
        elif fault is None:
            fault, stays = tree.names.old_fault(file_change.path), True
        change = origins.get(file_change.path)
        if fault is not None and (change.address if change is not None else file_change.path) not in known:
            shown = short(file_change.path)
            why = f"{shown} {fault}" if stays else f"its file would be {shown}, but {fault}"
            yield _problem(file_change.path, fault, why, change)
    if some:
        yield from _own_problems(tree)


def _problem(path: str, fault: str, why: str, change: Change | None) -> Problem:
    address = change.address if change is not None else ""
    place = (change.origin or change.live if change is not None else None) or Place(path)
    return problem(
        "WRT004",
        f"{address + ': ' if address else ''}{why}.",
        place,
        address=address,
        fix=remedy(
            fault, "Choose other values for the fields that the path is made of, or move what is in the way."
        ),
        extra=path,
    )


def _own_problems(tree: Recorder) -> Iterator[Problem]:
    """What stands where an apply keeps its history and its journal."""
    for path, wanted, what in (
        (HISTORY_FOLDER, "dir", "the history of applies"),
        (JOURNAL_FOLDER, "dir", "the journal of an apply"),
    ):
        folder, _, name = path.rpartition("/")
        try:
            kind = dict(tree.children(folder)).get(name, wanted)
        except UnreadablePath:
            continue  # the state in there cannot be read either, and that blocks
        if kind != wanted:
            message, fix = f"{path} is where {what} belongs, and something else is there.", "Move it away."
        elif (fault := tree.names.fault(f"{path}/new")) is not None:
            message, fix = f"{path} is where {what} belongs, but {fault}.", remedy(fault, "Make room for it.")
        else:
            continue
        yield problem("WRT004", message, Place(path), fix=fix)
