"""Changes → new bytes of the registry files, in memory. The only caller of the splicer.

Every new text is parsed again and held against what the changes promise: the entries of the file one by one, and
everything that stands beside them. A file that does not pass is a blocking problem, and none of it is written.

Kinds may nest (a list of skills inside each plugin). Then one file is edited in several rounds: deletions from the
inside out, then everything else from the outside in, each against the text that the round before left. What is inside
a renamed entry is looked for under its new address from then on, and an entry whose inner ones move out goes last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.progress import counted
from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.layouts.walk import Nesting
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import FieldPath, LiveEntry, Place
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.planning.edit_files.current_files import CurrentFiles, files_over, old_bytes
from registry_reconciler.planning.edit_files.entry_texts import (
    extract_all,
    leave_files,
    node_snippets,
    snippets,
)
from registry_reconciler.planning.edit_files.new_texts import splice_file
from registry_reconciler.planning.edit_files.place_changes import plan_change
from registry_reconciler.planning.edit_files.promises import verify
from registry_reconciler.planning.edit_files.work import NO_TEXTS, CarriedTexts, EditRun, FilePlan
from registry_reconciler.planning.placement import (
    PlacementError,
)

NO_KINDS: Mapping[str, Kind] = {}


class Written(Struct, frozen=True):
    """What writing would give.

    Attributes:
        changes: the same changes, each with its file; those that cannot be written are left out.
        files: new bytes by path; ``None``: the file goes.
        together: addresses that were refused with others of their file, whoever is to blame.
    """

    changes: tuple[Change, ...]
    files: Mapping[str, bytes | None]
    problems: tuple[Problem, ...]
    together: frozenset[str] = frozenset()


def write(
    loaded: Loaded,
    changes: Sequence[Change],
    *,
    managed: Collection[str] = (),
    text_goes: Collection[str] = (),
    typed: Mapping[str, str] = NO_TEXTS,
) -> Written:
    """Place and splice every change that writes. Never raises for what stands in the files.

    A change that cannot be written does not take the others of its file with it: they are tried without it.

    Args:
        managed: addresses that mean their entries: what somebody still says does not go along under another name.
        text_goes: addresses whose files may go with text that stands below the entry.
        typed: the texts of entries without a fragment that a person typed.
    """

    def attempt(some: Sequence[Change]) -> Written:
        return _write(loaded, some, loaded.fragments.files, managed, text_goes, typed=typed)

    written = attempt(changes)
    return _apart(changes, written, attempt) if written.together else written


def write_elsewhere(loaded: Loaded, former: Mapping[str, Kind], changes: Sequence[Change]) -> Written:
    """Carry entries with their texts from where their kinds had them to where they have them now. All or none.

    Args:
        loaded: its live entries are those that are to be carried, at their old places.
        former: the kinds as they were.
        changes: one for each of these.
    """
    return _write(loaded, changes, {}, former=former)


_MOST_ATTEMPTS = 40
_MOST_WRITTEN = 20_000
"""Changes that are written again, in all attempts, to find the ones that cannot be."""


def _apart(
    changes: Sequence[Change], first: Written, attempt: Callable[[Sequence[Change]], Written]
) -> Written:
    """Of changes that were refused together, refuse those alone that cannot be written."""
    refusals = _refusals(first)
    alone = refusals.keys() - first.together
    kept = {change.address for change in changes} - first.together
    refused: dict[str, Problem] = {}
    attempts = min(_MOST_ATTEMPTS, max(4, _MOST_WRITTEN // len(changes)))
    waiting = [[change.address for change in changes if change.address in first.together]]
    while waiting:
        group = waiting.pop()
        if attempts <= 0:
            refused.update((address, refusals[address]) for address in group)
            continue
        attempts -= 1
        tried = attempt([change for change in changes if change.address in kept or change.address in group])
        failed = {address: problem for address, problem in _refusals(tried).items() if address not in alone}
        if not failed:
            kept.update(group)
        elif len(group) == 1:
            refused[group[0]] = failed.get(group[0], refusals[group[0]])
        else:
            middle = len(group) // 2
            waiting += [group[middle:], group[:middle]]
    last = attempt([change for change in changes if change.address in kept])
    return replace(last, problems=(*last.problems, *refused.values()), together=frozenset())


def _refusals(written: Written) -> dict[str, Problem]:
    return {problem.address: problem for problem in written.problems if problem.severity is Severity.ERROR}


def _write(
    loaded: Loaded,
    changes: Sequence[Change],
    fragments: Mapping[str, SourceFile],
    managed: Collection[str] = (),
    text_goes: Collection[str] = (),
    former: Mapping[str, Kind] = NO_KINDS,
    typed: Mapping[str, str] = NO_TEXTS,
) -> Written:
    """All these changes, or none of a file.

    Args:
        fragments: where the comments of new entries come along from.
    """
    kinds, live = loaded.kinds, loaded.live
    nesting = Nesting(kinds)
    nested = {name: nesting.steps(kind) for name, kind in kinds.items()}
    work = EditRun(
        CurrentFiles(kinds, loaded.tree, files_over(live.files), nested, former, live),
        CarriedTexts(
            fragments,
            frozenset(text_goes),
            typed,
            snippets(fragments, changes),
            node_snippets(kinds, fragments, changes),
        ),
        nesting.around(),
        loaded.reader,
    )
    work.leaving = {
        (change.kind, change.from_address or change.address) for change in changes if _may_leave(change)
    }
    for round_ in _rounds(nesting, changes):
        _run_round(work, round_)
    work.leaving.clear()
    for round_ in _rounds(nesting, work.postponed):
        _run_round(work, round_)
    files = {
        path: None if path in work.now.removed else work.now.sources[path].data
        for path in sorted({*work.now.sources.maps[0], *work.now.removed})
        if path in work.now.removed or work.now.sources[path].data != old_bytes(live, path)
    }
    _refuse_reserved(work, changes, files)
    problems = [*work.result.failed.values(), *verify(work, live, changes, files, managed)]
    problems += [
        problem for address, problem in work.result.warnings.items() if address not in work.result.failed
    ]
    placed = tuple(
        replace(change, file=work.result.files.get(change.address, change.file))
        for change in changes
        if change.address not in work.result.failed
    )
    return Written(placed, files, tuple(problems), frozenset(work.result.together))


def _refuse_reserved(work: EditRun, changes: Sequence[Change], files: dict[str, bytes | None]) -> None:
    """The last look before files are part of a plan, by whatever way their paths came."""
    for path in [file for file in files if is_reserved(file)]:
        del files[path]
        for change in changes:
            if path in (
                work.result.files.get(change.address),
                change.file,
                change.live.file if change.live else "",
            ):
                work.result.fail(
                    change,
                    "WRT004",
                    f"it would write {path!r}, which belongs to registry itself or to git.",
                    change.origin or change.live or Place(path),
                    "Correct 'file' and 'at' in the schema file of the kind.",
                )


def _may_leave(change: Change) -> bool:
    return change.writes and change.live is not None and change.action is not Action.DELETE


def _rounds(nesting: Nesting, changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Deletions from the deepest kinds outwards, then the rest inwards; one round where no kinds nest."""
    writing = [change for change in changes if change.writes]
    depths = nesting.depths()
    if not any(depths[change.kind] for change in writing):
        if writing:
            yield writing
        return
    deepest = max(depths.values())
    for level in range(deepest, -1, -1):
        yield [
            change for change in writing if depths[change.kind] == level and change.action is Action.DELETE
        ]
    for level in range(deepest + 1):
        yield [
            change
            for change in writing
            if depths[change.kind] == level and change.action is not Action.DELETE
        ]


def _run_round(work: EditRun, changes: Sequence[Change]) -> None:
    plans: dict[str, FilePlan] = {}
    work.carried_fields.clear()
    work.new_files.clear()
    extract_all(work, changes)
    leave_files(work, changes)
    inside = {change.address: _carried_inside(work, change) for change in changes}
    # What goes makes room for what comes: a new entry may take over the file of one that is deleted.
    for change in sorted(changes, key=lambda change: change.action is not Action.DELETE):
        try:
            plan_change(work, plans, change)
        except PlacementError as error:
            place = change.origin or change.live or Place(change.file)
            work.result.fail(change, error.code, error.message, place, error.fix)
            if change.address in work.texts.whole_files:
                work.now.removed.discard(work.texts.whole_files[change.address][1].path)
    for path, plan in counted(sorted(plans.items())):
        splice_file(work, path, plan)
    for change in changes:
        if inside[change.address] and change.address not in work.result.failed:
            _follow(work, change, inside[change.address])


def _carried_inside(work: EditRun, change: Change) -> list[tuple[str, LiveEntry, FieldPath]]:
    """The entries of other kinds inside one that changes: they go where it goes.

    Each with the address that it had before the plan and its steps from the outer one.
    """
    if not work.now.nested[change.kind] or change.action is Action.DELETE:
        return []
    entry = work.current(change)
    if entry is None:
        return []
    size = len(entry.place.path)
    return [
        (
            work.origins.get((inner_entry.kind, inner_entry.address), inner_entry.address),
            inner_entry,
            inner_entry.place.path[size:],
        )
        for inner_entry in work.now.inner_entries(entry)
    ]


def _follow(work: EditRun, change: Change, inside: list[tuple[str, LiveEntry, FieldPath]]) -> None:
    """Remember under which addresses the entries inside a changed one stand now: their places may be in their keys."""
    outer = work.now.entry_at(work.result.files[change.address], change.kind, change.address)
    if outer is None:
        return
    now = {
        (inner_entry.kind, inner_entry.place.path): inner_entry
        for inner_entry in work.now.inner_entries(outer)
    }
    for origin, entry, steps in inside:
        new = now.get((entry.kind, (*outer.place.path, *steps)))
        if new is not None:
            work.carried_along[(entry.kind, origin)] = (new.place.file, new.address)
            work.origins[(entry.kind, new.address)] = origin
